"""The band around a mean: faint, within the frame, and never over a curve."""

from __future__ import annotations

import pytest

from labapp.charts.picture import Picture
from labapp.charts.view import ChartView
from tests.labapp.charts.making import canvas, curve, drawn, series

LEVEL = [0.5] * 20


def banded(low: list[float], high: list[float], **more: object) -> Picture:
    return drawn([curve(LEVEL, band=(series(low), series(high)))], **more)  # type: ignore[arg-type]


def test_is_drawn_faint_and_the_curve_over_it_in_its_own_colour() -> None:
    picture = banded([0.2] * 20, [0.8] * 20)
    faint, line = picture.request.paint.faint[0], picture.request.paint.lines[0]
    rows = [[segment.style for segment in strip if segment.text.strip()] for strip in picture.strips[:-2]]
    assert sum(faint in row for row in rows) > 5
    assert sum(line in row for row in rows) == 1


def test_is_seen_as_a_whole() -> None:
    filled = [bool(row.strip()) for row in canvas(banded([0.0] * 20, [1.0] * 20))]
    assert all(filled)


@pytest.mark.parametrize("more", [{"ascii": True}, {"mono": True}, {"view": ChartView(log=True, smoothing=0.6)}])
def test_is_drawn_in_every_way_a_curve_is(more: dict[str, object]) -> None:
    plain, band = drawn([curve(LEVEL)], **more), banded([-0.1] * 10 + [0.2] * 10, [0.8] * 20, **more)  # type: ignore[arg-type]
    assert sum(map(len, "".join(canvas(band)).split())) > sum(map(len, "".join(canvas(plain)).split()))


def test_ends_where_there_is_no_number() -> None:
    nan = float("nan")
    picture = banded([0.2] * 10 + [nan] * 10, [0.8] * 10 + [nan] * 10)
    right = [row[-8:-1].strip() for row in canvas(picture)]
    assert sum(map(bool, right)) == 1  # the curve alone
