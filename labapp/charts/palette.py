"""Colours and markers by slot.

Hues after Okabe and Ito, Color Universal Design (2008), lightened for dark backgrounds and darkened for light ones so
that each keeps a contrast of 3:1. The marker repeats what the colour says, for NO_COLOR and for eyes that differ.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    dark: tuple[str, ...]  # on a dark background
    light: tuple[str, ...]

    def color(self, slot: int, *, dark: bool) -> str:
        colors = self.dark if dark else self.light
        return colors[slot % len(colors)]


OKABE_ITO = Palette(
    # sky blue, orange, bluish green, yellow, reddish purple, vermillion, blue, grey
    dark=("#56b4e9", "#e69f00", "#1fb58a", "#f0e442", "#d98cb3", "#f0703a", "#6f8fff", "#bbbbbb"),
    light=("#0072b2", "#c25500", "#007a5a", "#8a7a00", "#a8487f", "#9a3324", "#3c3cb4", "#555555"),
)

FILLED = "●▲■◆▼★◼◉"
HOLLOW = "○△□◇▽☆◻◎"
LETTERS = "ABCDEFGH"


def marker(slot: int, *, second: bool = False, ascii: bool = False) -> str:
    """A slot's marker: together with the colour it is unique for 64 slots."""
    index = (slot + slot // len(FILLED)) % len(FILLED)
    if ascii:
        return LETTERS[index].lower() if second else LETTERS[index]
    return (HOLLOW if second else FILLED)[index]
