"""Colours of entity types, by slot.

Eight for dark backgrounds and eight for light ones, searched for so that any two differ by at least 20 in CIELAB, seen
with normal eyes and with three kinds of colour blindness (simulated after Machado, Oliveira and Fernandes, 2009), and
that text in the background's colour on them has a contrast of 4.5:1. So they serve the colour-blind-safe themes too.
The next eight types have the same colours, as letters instead of ground; then letters that are not bold.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.style import Style

DARK = ("#69e3ff", "#e69f00", "#538cd1", "#f1ee78", "#9e7482", "#de5a4e", "#9166fc", "#caffd1")
LIGHT = ("#4069f0", "#473944", "#627b49", "#6e007e", "#d71a89", "#966d04", "#3c00be", "#761c00")
ROUNDS = 3  # ways to use a colour
ANSI = ("cyan", "yellow", "blue", "green", "magenta", "red", "bright_cyan", "bright_magenta")  # what a terminal has


class Slots:
    """The slot of each type, in the order in which they are met; it stays."""

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}

    def meet(self, types: Iterable[str]) -> None:
        for each in types:
            self._slots.setdefault(each, len(self._slots))

    def of(self, kind: str) -> int:
        self.meet([kind])
        return self._slots[kind]


def word_style(slot: int, *, dark: bool, ground: str) -> Style:
    """Of the words of an entity; `ground` is the colour they would stand on otherwise."""
    colours = DARK if dark else LIGHT
    colour = colours[slot % len(colours)]
    round_ = slot // len(colours) % ROUNDS
    if round_ == 0:
        return Style(color=ground, bgcolor=colour, bold=True)
    return Style(color=colour, bold=round_ == 1)


def label_style(slot: int, *, dark: bool) -> Style:
    """Of a type's name below the words."""
    colours = DARK if dark else LIGHT
    return Style(color=colours[slot % len(colours)])
