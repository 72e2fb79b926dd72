"""Can a terminal show pictures in its own pixels (sixel, or kitty's protocol)? Through the textual-image package.

An extra that is asked for in config.toml (`graphics = true`). Without it, and wherever a terminal cannot, pictures are
half blocks. The terminal has to be asked before the app reads its keys, and the answer counts until the app ends.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from engine.errors import UsageError

INSTALL = "pip install 'labapp[textual-image]'"


def installed() -> bool:
    return importlib.util.find_spec("textual_image") is not None


def in_the_way(environment: Mapping[str, str]) -> str:
    """What keeps pixels from arriving, whatever the terminal says of itself; "" where nothing does.

    tmux and screen answer for the terminal, and then show blanks.
    """
    term = environment.get("TERM", "")
    if environment.get("TMUX") or term.startswith("tmux"):
        return "tmux keeps them to itself"
    if environment.get("STY") or term.startswith("screen"):
        return "screen keeps them to itself"
    if environment.get("NO_COLOR"):
        return "NO_COLOR is set"
    return ""


def ask_terminal(environment: Mapping[str, str]) -> tuple[bool, str]:
    """Whether this terminal shows pixels, and why not. Takes a fifth of a second where it does not answer.

    Raises UsageError where the package for it is missing.
    """
    if not installed():
        raise UsageError(
            "graphics = true needs the textual-image package", got="it is not installed",
            hint=f"{INSTALL}, or graphics = false for half blocks",
        )  # fmt: skip
    if reason := in_the_way(environment):
        return False, reason
    # On import the package asks the terminal what it can.
    from textual_image.renderable import Image, SixelImage, TGPImage

    if Image in (SixelImage, TGPImage):
        return True, ""
    return False, "this terminal speaks neither sixel nor kitty's protocol"
