"""What the renderers share: a format's name, the files beside a report, and the mark by which ours are known."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.report.document import Document, Picture
from engine.report.plots import Plot

MARK = "labapp-report"
NEAR_NOTE = "Bold: best of a column.  \N{ALMOST EQUAL TO}: not distinguishable from it."


@dataclass(frozen=True)
class Rendered:
    """A report as text, and its files beside it, by name."""

    text: str
    files: Mapping[str, bytes] = field(default_factory=dict)


def mark(about: Mapping[str, Any]) -> str:
    """One line that says whose file this is, and what is to be known when it is made anew.

    Only ASCII, without a dash doubled or a bracket: it can stand in a comment of any format.
    """
    packed = json.dumps(dict(about), separators=(",", ":"), sort_keys=True)
    return f"{MARK} " + packed.replace("--", "-\\u002d").replace("<", "\\u003c").replace(">", "\\u003e")


def marked(head: str) -> dict[str, Any] | None:
    """What `mark` wrote, found in the first lines of a file; None when the file is not one of ours."""
    for line in head.splitlines()[:8]:
        place = line.find(f"{MARK} {{")
        if place < 0:
            continue
        try:
            found, _ = json.JSONDecoder().raw_decode(line[place + len(MARK) + 1 :])
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}
    return None


def printable(text: str) -> str:
    """Without characters that act instead of showing: controls, and those that turn the direction of writing."""
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else "\ufffd"
        for char in text
    )


def figure_files(document: Document, suffix: str, draw: Callable[[Plot], bytes]) -> dict[str, bytes]:
    """What lies beside a report: every picture as it is, every plot as it is drawn, by the names of their files."""
    files: dict[str, bytes] = {}
    for figure in document.figures():
        if isinstance(figure.content, Picture):
            files[f"{figure.name}.png"] = figure.content.png
        else:
            files[f"{figure.name}{suffix}"] = draw(figure.content)
    return files
