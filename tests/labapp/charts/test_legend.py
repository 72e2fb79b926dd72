"""The lines above a chart."""

from __future__ import annotations

import math

import pytest
from rich.cells import cell_len

from labapp.charts.curve import Curve
from labapp.charts.legend import Shown, header, layout
from labapp.fit import fit
from tests.labapp.charts.making import curve, paint

LONG = "世界 [red]\x1b[2J and a name that goes on and on"


def lines(title: str, curves: list[Curve], width: int, height: int, **more: object) -> list[str]:
    plan = layout(title, curves, width, height)
    values = [Shown(0.5, 0.75) for _ in curves]
    built = header(title, "step", curves, values, plan, paint(len(curves)), width, **more)  # type: ignore[arg-type]
    assert len(built) == plan.rows
    assert all(strip.cell_length == width for strip in built)
    return [strip.text for strip in built]


@pytest.mark.parametrize("count", [0, 1, 2, 9, 40])
@pytest.mark.parametrize("width", [16, 20, 40, 80, 160])
@pytest.mark.parametrize("height", [5, 7, 8, 16, 45])
@pytest.mark.parametrize("ascii", [True, False])
def test_every_width_is_kept_whatever_the_labels(count: int, width: int, height: int, ascii: bool) -> None:
    curves = [curve([1.0], place, LONG if place % 2 else "bn") for place in range(count)]
    text = lines("train/val loss", curves, width, height, ascii=ascii, trouble="3 not finite")
    assert "\x1b" not in "".join(text)
    if ascii:
        assert "".join(text).isascii()


def test_one_line_holds_all_where_there_is_room() -> None:
    assert lines("val accuracy", [curve([1.0], 0, "bn")], 100, 20) == [
        "val accuracy  ● bn 0.5000  ↑0.7500".ljust(96) + "step"
    ]


def test_best_goes_first_then_last_then_curves_are_counted() -> None:
    curves = [curve([1.0], place, f"run {place}") for place in range(3)]
    assert "0.7500" in "".join(lines("loss", curves, 80, 12))
    narrow = "".join(lines("loss", curves, 60, 12))
    assert "0.7500" not in narrow
    assert "0.5000" in narrow
    assert "+1" in "".join(lines("loss", curves, 24, 8))


def test_nothing_moves_when_a_value_changes() -> None:
    curves = [curve([1.0], 0, "bn"), curve([1.0], 1, "gn")]
    plan = layout("loss", curves, 100, 20)
    for value in (1.0, 123456.0, -1e-9, math.nan, math.inf):
        built = header("loss", "", curves, [Shown(value, value), Shown(1.0, 1.0)], plan, paint(2), 100)
        assert built[0].text.index("gn") == 30


def test_a_last_value_that_is_not_finite_is_shown_as_trouble() -> None:
    curves, styles = [curve([1.0], 0, "bn")], paint(1)
    built = header("loss", "", curves, [Shown(math.nan)], layout("loss", curves, 80, 20), styles, 80)
    assert next(part.style for part in built[0] if "nan" in part.text) == styles.error


def test_texts_are_cut_by_cells_not_characters() -> None:
    assert fit("世界世界", 5) == "世界…"
    assert cell_len(fit("世界世界", 4 + 1)) == 5
    assert fit("abc", 5) == "abc  "
    assert fit("abcdef", 4, ascii=True) == "abc~"
    assert fit("abc", 0) == ""
