"""Small pictures under a cursor: moving, marking, what is said of each, and every size."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from labapp.see.image import Image
from labapp.see.replies import Thumb
from labapp.widgets.gallery import Gallery, short

HOSTILE = "[red]cat[/red]\x1b[31m\u202e\nx"


def thumb(index: int, correct: bool | None = True, predicted: str = "dog", confidence: float = 0.5) -> Thumb:
    return Thumb(index, f"val/{index}", "cat", predicted, confidence, correct, Image(2, 2, bytes(12)))


class Holder(App[None]):
    def __init__(self, ascii: bool) -> None:
        super().__init__()
        self.ascii = ascii
        self.gallery = Gallery()
        self.said: list[Any] = []

    def compose(self) -> ComposeResult:
        yield self.gallery

    def on_gallery_moved(self, message: Gallery.Moved) -> None:
        self.said.append(message.thumb.index if message.thumb else None)

    def on_gallery_opened(self, message: Gallery.Opened) -> None:
        self.said.append(("opened", message.thumb.index))


def in_app(
    work: Callable[[Pilot[None], Gallery, list[Any]], Awaitable[None]], count: int = 20,
    size: tuple[int, int] = (50, 20), ascii: bool = False,
) -> None:  # fmt: skip
    async def run() -> None:
        app = Holder(ascii)
        async with app.run_test(size=size) as pilot:
            app.gallery.focus()
            app.gallery.show([thumb(index, index % 3 != 2) for index in range(count)], "nothing here")
            await pilot.pause()
            app.said.clear()
            await work(pilot, app.gallery, app.said)

    asyncio.run(run())


def shown(gallery: Gallery) -> str:
    return "\n".join(gallery.render_line(y).text for y in range(gallery.size.height))


MOVES = {
    "right": 1, "down": 4, "right down left": 4, "end": 19, "end right": 19, "end up": 15, "left": 0, "up": 0,
    "down down down down down": 16, "pagedown": 12, "pagedown pagedown": 19, "end pageup": 7, "end home": 0,
}  # fmt: skip


@pytest.mark.parametrize("keys", MOVES)
def test_arrows_move_the_cursor_and_what_is_under_it_is_seen(keys: str) -> None:
    async def work(pilot: Pilot[None], gallery: Gallery, said: list[Any]) -> None:
        assert gallery.columns == 4
        await pilot.press(*keys.split())
        await pilot.pause()
        assert gallery.cursor == MOVES[keys]
        assert said[-1:] in ([], [MOVES[keys]])
        assert any("[" in line for line in shown(gallery).splitlines())

    in_app(work)


def test_downwards_into_a_shorter_last_row_goes_to_its_end() -> None:
    async def work(pilot: Pilot[None], gallery: Gallery, said: list[Any]) -> None:
        await pilot.press("right", "right", "right", "down", "down")
        assert gallery.cursor == 9

    in_app(work, count=10)


def test_right_and_wrong_are_told_apart_by_signs() -> None:
    async def work(pilot: Pilot[None], gallery: Gallery, said: list[Any]) -> None:
        assert gallery.caption(thumb(0)) == "✓ .50"
        assert gallery.caption(thumb(0, False)) == "✗ .50 dog"
        assert gallery.caption(thumb(0, None)) == "· .50 dog"

    in_app(work)


def test_ascii_is_enough() -> None:
    async def work(pilot: Pilot[None], gallery: Gallery, said: list[Any]) -> None:
        await pilot.press("down")
        assert shown(gallery).isascii()
        assert "x .50 dog" in shown(gallery)
        assert "ok .50" in shown(gallery)

    in_app(work, ascii=True)


def test_marks_belong_to_pictures_and_outlive_other_ones_being_shown() -> None:
    async def work(pilot: Pilot[None], gallery: Gallery, said: list[Any]) -> None:
        gallery.move_to(2)
        gallery.toggle_mark()
        assert "*✗ .50 dog" in shown(gallery)
        gallery.show([thumb(7)])
        assert "*" not in shown(gallery)
        assert gallery.marks == {2}
        gallery.show([thumb(2)])
        assert "*" in shown(gallery)
        gallery.toggle_mark()
        assert gallery.marks == set()

    in_app(work)


def test_the_cursor_stays_on_its_picture() -> None:
    async def work(pilot: Pilot[None], gallery: Gallery, said: list[Any]) -> None:
        gallery.move_to(5)
        gallery.show([thumb(5), thumb(6)])
        assert gallery.thumb == thumb(5)
        gallery.show([thumb(9)])
        await pilot.pause()
        assert gallery.cursor == 0
        assert said[-1] == 9

    in_app(work)


def test_without_pictures_it_says_so_and_keys_do_no_harm() -> None:
    async def work(pilot: Pilot[None], gallery: Gallery, said: list[Any]) -> None:
        gallery.toggle_mark()
        await pilot.press("down", "right", "end", "pageup", "home")
        assert "nothing here" in shown(gallery)
        assert gallery.thumb is None

    in_app(work, count=0)


def test_a_click_goes_there_and_a_double_click_opens() -> None:
    async def work(pilot: Pilot[None], gallery: Gallery, said: list[Any]) -> None:
        step = gallery.across + 2
        await pilot.click(Gallery, offset=(step + 3, gallery.line_count + 1))
        assert said == [5]
        await pilot.click(Gallery, offset=(2, 1), times=2)
        assert said[1:] == [0, ("opened", 0)]
        await pilot.click(Gallery, offset=(49, 1))
        assert gallery.cursor == 0

    in_app(work)


def test_names_are_only_text() -> None:
    async def work(pilot: Pilot[None], gallery: Gallery, said: list[Any]) -> None:
        gallery.show([thumb(0, False, HOSTILE)])
        text = shown(gallery)
        assert "[re" in text
        assert not set("\x1b\u202e") & set(text)

    in_app(work)


@pytest.mark.parametrize("size", [(1, 1), (9, 3), (20, 5), (80, 24), (250, 70)])
def test_any_size_will_do(size: tuple[int, int]) -> None:
    async def work(pilot: Pilot[None], gallery: Gallery, said: list[Any]) -> None:
        await pilot.press("end", "home", "pagedown", "up", "left")
        for y in range(gallery.size.height):
            assert gallery.render_line(y).cell_length == gallery.size.width

    in_app(work, size=size)


@pytest.mark.parametrize(
    ("confidence", "said"), [(1.0, "1.0"), (0.996, "1.0"), (0.94, ".94"), (0.0, ".00"), (float("nan"), "  -")]
)
def test_a_confidence_takes_three_characters(confidence: float, said: str) -> None:
    assert short(confidence) == said
