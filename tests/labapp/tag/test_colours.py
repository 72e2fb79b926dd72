"""Eight colours that nobody takes for one another, on dark ground and on light."""

from __future__ import annotations

from itertools import combinations

import pytest

from labapp.tag.colours import DARK, LIGHT, ROUNDS, Slots, word_style
from labapp.themes import THEMES

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB
SEEN_WITH = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
WHITE = 0.95047, 1.0, 1.08883


def linear(colour: str) -> list[float]:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(rgb: list[float]) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(linear(one)), luminance(linear(other))))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, eyes: str) -> tuple[float, float, float]:
    rgb = [min(1, max(0, sum(a * b for a, b in zip(row, linear(colour), strict=True)))) for row in SEEN_WITH[eyes]]
    x = 0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]
    z = 0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]
    shares = [value / white for value, white in zip((x, luminance(rgb), z), WHITE, strict=True)]
    f = [share ** (1 / 3) if share > 0.008856 else 7.787 * share + 16 / 116 for share in shares]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


@pytest.mark.parametrize("eyes", SEEN_WITH)
@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_any_two_are_told_apart(colours: tuple[str, ...], eyes: str) -> None:
    for one, other in combinations(colours, 2):
        apart = sum((a - b) ** 2 for a, b in zip(lab(one, eyes), lab(other, eyes), strict=True)) ** 0.5
        assert apart >= 20, (one, other)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_words_can_be_read_on_them_in_every_theme(theme: object) -> None:
    ground = theme.background  # type: ignore[attr-defined]
    for colour in DARK if theme.dark else LIGHT:  # type: ignore[attr-defined]
        assert contrast(colour, ground) >= 4.4


def test_more_types_than_colours_look_different_for_a_while() -> None:
    styles = {str(word_style(slot, dark=True, ground="#000000")) for slot in range(ROUNDS * len(DARK))}
    assert len(styles) == ROUNDS * len(DARK)
    assert word_style(ROUNDS * len(DARK), dark=True, ground="#000000") == word_style(0, dark=True, ground="#000000")


def test_a_type_keeps_its_colour_when_others_come() -> None:
    slots = Slots()
    slots.meet(["geo", "per"])
    slots.meet(["art", "per"])
    assert [slots.of(kind) for kind in ("geo", "per", "art", "new")] == [0, 1, 2, 3]
