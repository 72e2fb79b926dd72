"""Colours that can be seen, and markers that need none."""

from __future__ import annotations

import itertools

import pytest
from textual.color import Color

from labapp.charts.palette import OKABE_ITO, marker

BACKGROUNDS = {True: ("#121212", "#1e1e1e", "#000000"), False: ("#e0e0e0", "#ffffff")}


def luminance(color: Color) -> float:
    parts = [each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("dark", [True, False])
def test_every_colour_has_a_contrast_of_three_to_one(dark: bool) -> None:
    for slot, background in itertools.product(range(8), BACKGROUNDS[dark]):
        pair = sorted(luminance(Color.parse(each)) for each in (OKABE_ITO.color(slot, dark=dark), background))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 3.0, (slot, background)


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("dark", [True, False])
def test_colour_and_marker_together_are_unique(ascii: bool, dark: bool) -> None:
    looks = {
        (OKABE_ITO.color(slot, dark=dark), marker(slot, second=second, ascii=ascii))
        for slot in range(64)
        for second in (True, False)
    }
    assert len(looks) == 128


def test_the_first_slots_differ_by_marker_alone() -> None:
    assert len({marker(slot) for slot in range(8)}) == 8
    assert all(marker(slot, ascii=True).isascii() for slot in range(100))
