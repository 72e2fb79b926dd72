"""Dots and cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labapp.charts.decimate import boundaries, decimate
from labapp.charts.raster import ASCII, BRAILLE, Canvas, Grid, cells, dash, spans

SHARES = st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), min_size=2, max_size=200)


def of(shares: list[float], columns: int, rows: int):
    x = np.arange(len(shares), dtype=np.float64)
    window = (0.0, len(shares) - 1.0)
    return spans(decimate(x, np.array(shares), boundaries(x, *window, columns)), window, columns, rows)


@given(SHARES, st.integers(2, 60), st.integers(1, 60))
def test_every_finite_value_has_its_dot(shares: list[float], columns: int, rows: int) -> None:
    bottom, top = of(shares, columns, rows)
    for index, share in enumerate(shares):
        if share == share:
            column = min(int(np.float64(index) / (len(shares) - 1.0) * columns + 1e-9), columns - 1)
            dot = min(int(share * rows), rows - 1)
            near = range(max(column - 1, 0), column + 1)  # rounding at a column's border
            assert any(bottom[each] <= dot <= top[each] for each in near)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=200), st.integers(2, 60), st.integers(1, 60))
def test_a_line_without_gaps_is_one_piece(shares: list[float], columns: int, rows: int) -> None:
    bottom, top = of(shares, columns, rows)
    drawn = np.flatnonzero(top >= 0)
    assert (np.diff(drawn) == 1).all()
    left, right = drawn[:-1], drawn[1:]
    assert (bottom[right] <= top[left] + 1).all()
    assert (bottom[left] <= top[right] + 1).all()


def test_a_line_breaks_where_a_value_is_missing() -> None:
    bottom, top = of([0.5, 0.5, float("nan"), 0.5, 0.5], 40, 8)
    assert (top[:10] == 4).all()
    assert (top[12:28] == -2).all()
    assert (top[30:] == 4).all()
    assert (bottom[top >= 0] == 4).all()


def test_dashes_never_hide_a_rise() -> None:
    bottom, top = np.zeros(12, dtype=np.int64), np.zeros(12, dtype=np.int64)
    top[5] = 20
    dash(bottom, top, BRAILLE)
    assert top.tolist() == [0, 0, 0, 0, -2, 20, 0, 0, 0, 0, -2, -2]


@pytest.mark.parametrize("grid", [BRAILLE, ASCII])
def test_all_sets_of_dots_have_a_character(grid: Grid) -> None:
    assert len(grid.characters) == 1 << (grid.up * grid.across)
    assert grid.characters[0] == " "
    assert sum(grid.bits.ravel().tolist()) == len(grid.characters) - 1


def test_braille_puts_dots_where_unicode_says() -> None:
    one = np.array([3, -1]), np.array([3, -2])  # the top left dot of a cell
    assert BRAILLE.characters[cells(*one, BRAILLE, 1)[0, 0]] == "\N{BRAILLE PATTERN DOTS-1}"
    other = np.array([-1, 0]), np.array([-2, 0])  # the lowest right one
    assert BRAILLE.characters[cells(*other, BRAILLE, 1)[0, 0]] == "\N{BRAILLE PATTERN DOTS-8}"


def test_lines_share_a_cell_and_hide_faint_ones() -> None:
    canvas = Canvas(2, 1, BRAILLE)
    canvas.lay(np.array([[0xFF, 0xFF]], dtype=np.uint8), 1, soft=True)
    canvas.lay(np.array([[0x01, 0x00]], dtype=np.uint8), 2)
    canvas.lay(np.array([[0x02, 0x00]], dtype=np.uint8), 3)
    canvas.put(1, 0, "x", 4)
    assert canvas.layers() == {3: ([0], [0], ["\N{BRAILLE PATTERN DOTS-12}"]), 4: ([1], [0], ["x"])}
