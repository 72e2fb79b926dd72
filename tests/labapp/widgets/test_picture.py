"""Pictures in cells: sizes, averages, colours, what is shown without colours, and a widget that draws them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from labapp.see.image import Image, scaled, size_in
from labapp.widgets.blocks import SHADES, cells_of, half_blocks, shades
from labapp.widgets.picture import Picture

RED, BLUE, WHITE, BLACK = b"\xff\0\0", b"\0\0\xff", b"\xff" * 3, b"\0" * 3
TWO = Image(1, 2, RED + BLUE)
images = st.builds(
    lambda width, height, fill: Image(width, height, bytes(fill.randbytes(3 * width * height))),
    st.integers(1, 40), st.integers(1, 40), st.randoms(use_true_random=False),
)  # fmt: skip


def gray(*rows: tuple[int, ...]) -> Image:
    return Image(len(rows[0]), len(rows), bytes(value for row in rows for value in row for _ in range(3)))


class TestSizes:
    @pytest.mark.parametrize(
        ("room", "shown"),
        [((64, 70), (64, 64)), ((70, 70), (64, 64)), ((60, 99), (60, 60)), ((10, 50), (10, 10)), ((0, 5), (0, 0))],
    )
    def test_pixels_are_enlarged_alike_where_that_leaves_little_empty(
        self, room: tuple[int, int], shown: tuple[int, int]
    ) -> None:
        assert size_in(Image(32, 32, bytes(3 * 32 * 32)), *room) == shown

    def test_the_shape_is_kept(self) -> None:
        assert size_in(Image(40, 10, bytes(1200)), 20, 20) == (20, 5)

    @given(images, st.integers(1, 60), st.integers(1, 40))
    def test_no_room_is_too_small_or_too_large(self, image: Image, width: int, height: int) -> None:
        across, down = cells_of(image, width, height)
        assert 1 <= across <= width
        assert 1 <= down <= height
        for rows in (half_blocks(image, width, height), shades(image, width, height)):
            assert len(rows) == down
            assert {sum(len(segment.text) for segment in row) for row in rows} == {across}


class TestScaling:
    def test_fewer_pixels_are_averages(self) -> None:
        assert scaled(gray((0, 10, 20, 30), (40, 50, 60, 70)), 2, 1) == gray((25, 45))

    def test_more_pixels_are_repeats(self) -> None:
        assert scaled(gray((1, 2)), 4, 2) == gray((1, 1, 2, 2), (1, 1, 2, 2))

    @given(images, st.integers(1, 60), st.integers(1, 60))
    def test_no_colour_comes_from_nowhere(self, image: Image, width: int, height: int) -> None:
        found = scaled(image, width, height)
        assert (found.width, found.height) == (width, height)
        assert min(image.rgb) <= min(found.rgb)
        assert max(found.rgb) <= max(image.rgb)


class TestHalfBlocks:
    def test_a_cell_has_one_pixel_above_the_other(self) -> None:
        (((text, style, _),),) = half_blocks(TWO, 1, 1)
        assert text == "▀"
        assert style is not None
        assert style.color is not None
        assert style.bgcolor is not None
        assert (style.color.triplet, style.bgcolor.triplet) == ((255, 0, 0), (0, 0, 255))

    def test_what_is_alike_is_one_piece(self) -> None:
        (row,) = half_blocks(Image(6, 2, WHITE * 4 + BLACK * 2 + WHITE * 4 + BLACK * 2), 6, 1)
        assert [segment.text for segment in row] == ["▀▀▀▀", "▀▀"]

    def test_a_row_that_is_left_over_has_nothing_below_it(self) -> None:
        rows = half_blocks(Image(2, 3, RED * 6), 2, 2)
        assert [row[0].style.bgcolor is None for row in rows if row[0].style] == [False, True]


class TestShades:
    def test_much_ink_is_light_on_dark_and_dark_on_light(self) -> None:
        image = Image(2, 2, (WHITE + BLACK) * 2)
        assert shades(image, 2, 1, True)[0][0].text == SHADES[-1] + SHADES[0]
        assert shades(image, 2, 1, False)[0][0].text == SHADES[0] + SHADES[-1]

    def test_they_are_ascii(self) -> None:
        assert SHADES.isascii()


class Holder(App[None]):
    def __init__(self, picture: Picture, **face: Any):
        super().__init__()
        self.picture = picture
        for name, value in face.items():
            setattr(self, name, value)

    def compose(self) -> ComposeResult:
        yield self.picture


def in_app(
    work: Callable[[Pilot[None], Picture], Awaitable[None]], monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int] = (20, 11), **face: Any,
) -> None:  # fmt: skip
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    async def run() -> None:
        picture = Picture("[b]heat[/b]\x1b[31m")
        async with Holder(picture, **face).run_test(size=size) as pilot:
            await work(pilot, picture)

    asyncio.run(run())


def shown(picture: Picture) -> list[str]:
    return [picture.render_line(y).text for y in range(picture.size.height)]


class TestWidget:
    def test_it_stands_in_the_middle_under_its_caption_which_is_only_text(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def work(pilot: Pilot[None], picture: Picture) -> None:
            picture.show(Image(4, 4, RED * 16))
            lines = shown(picture)
            assert lines[0].strip() == "[b]heat[/b]\N{REPLACEMENT CHARACTER}[31m"
            assert lines[1] == "▀" * 20
            picture.show(Image(4, 8, RED * 32))
            assert shown(picture)[1] == f"{'▀' * 8:^20}"
            assert {len(line) for line in shown(picture)} == {20}

        in_app(work, monkeypatch)

    def test_without_a_picture_it_says_why(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def work(pilot: Pilot[None], picture: Picture) -> None:
            picture.show(None, "[red]wait[/red]")
            assert any(line.strip() == "[red]wait[/red]" for line in shown(picture))

        in_app(work, monkeypatch)

    @pytest.mark.parametrize("face", [{"ascii": True}, {"no_color": True}])
    def test_where_there_are_no_colours_it_is_drawn_with_characters(
        self, monkeypatch: pytest.MonkeyPatch, face: dict[str, bool]
    ) -> None:
        async def work(pilot: Pilot[None], picture: Picture) -> None:
            picture.show(Image(4, 4, WHITE * 16))
            assert shown(picture)[1] == "@" * 20

        in_app(work, monkeypatch, **face)

    def test_any_size_will_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def work(pilot: Pilot[None], picture: Picture) -> None:
            picture.show(Image(7, 3, RED * 21))
            for size in ((1, 1), (3, 2), (200, 3), (2, 60)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
                assert {len(line) for line in shown(picture)} == {size[0]}

        in_app(work, monkeypatch)
