"""One picture three times, as it is, where the network looks, and both; with what the network says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.message import Message
from textual.widgets import Static

from engine.catalogue import load
from engine.errors import LabError
from labapp.play.words import error_text
from labapp.see.image import Image
from labapp.see.replies import Explanation, Thumb
from labapp.see.words import facts
from labapp.widgets.picture import CAPTION, Picture

if TYPE_CHECKING:
    from labapp.widgets.pixels import PixelPicture

BELOW = 8  # lines of what is said; fewer where there is little room
BESIDE = 44  # cells of it
GAP = 2  # cells between pictures
CAPTIONS = ("picture", "heat", "both")
PIXELS = 320  # a side, of a picture in the terminal's own: more is hardly seen


class Explained(Container, can_focus=True):
    """What is said stands beside the pictures or below them: where they can be larger."""

    DEFAULT_CSS = """
    Explained {
        width: 1fr; height: 1fr; layout: vertical;
        & > #three { height: 1fr; width: 1fr; }
        & > #facts { width: 1fr; padding: 0 1; }
        &.beside { layout: horizontal; }
        &.beside > #three { width: auto; }
        &.beside > #facts { width: 1fr; padding: 1 1 0 2; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,up", "step(-1)", show=False),
        Binding("right,down", "step(1)", show=False),
    ]

    class Stepped(Message):
        """To the next picture, or the one before."""

        def __init__(self, by: int):
            super().__init__()
            self.by = by

    def __init__(self, *, pixels: bool = False, id: str | None = None):
        """`pixels`: of the terminal, which was asked whether it can (labapp.graphics)."""
        super().__init__(id=id)
        self.pixels = pixels
        self._picture: type[Picture | PixelPicture] = load("labapp.widgets.pixels:PixelPicture") if pixels else Picture
        self.found: Explanation | None = None
        self.error: LabError | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="three"):
            for caption in CAPTIONS:
                yield self._picture(caption, id=caption)
        yield Static(id="facts", markup=False)

    def action_step(self, by: int) -> None:
        self.post_message(self.Stepped(by))

    @property
    def pictures(self) -> list[Picture | PixelPicture]:
        return list(self.query_one("#three").query_children(self._picture).results())

    # -- what is shown

    def show(self, found: Explanation) -> None:
        """What was found out."""
        self.found, self.error = found, None
        self._draw((found.image, found.heat, found.overlay))

    def wait_for(self, thumb: Thumb | None) -> None:
        """It is being found out; until then the small picture is better than none."""
        self.found, self.error = None, None
        if thumb is None:
            self._draw((None, None, None))
        else:
            self._draw((thumb.image, None, None), "...")

    def refuse(self, error: LabError) -> None:
        """It could not be found out."""
        self.found, self.error = None, error
        self._draw((self.pictures[0].image, None, None))

    def _draw(self, images: tuple[Image | None, ...], words: str = "") -> None:
        for picture, image in zip(self.pictures, images, strict=True):
            picture.show(image, "" if image else words)
        self._say()

    def _say(self) -> None:
        colours = self.app.get_css_variables()
        said = Text()
        if self.error is not None:
            said = error_text(self.error, colours["error"])
        elif self.found is not None:
            width = max(
                20, self.size.width - 3 * (self.across + GAP) - 3 if self.has_class("beside") else self.size.width - 2
            )
            said = facts(self.found, width, colours, ascii=bool(getattr(self.app, "ascii", False)))
        self.query_one("#facts", Static).update(said, layout=False)

    # -- sizes

    @property
    def side(self) -> int:
        """Pixels a side that a picture here has use for: in half blocks one in every cell across."""
        return PIXELS if self.pixels else self.across

    @property
    def across(self) -> int:
        """Cells across a picture."""
        width, height = self.size
        below, beside = self._sizes(width, height)
        return beside if self.has_class("beside") else below

    def _sizes(self, width: int, height: int) -> tuple[int, int]:
        """Cells across a picture with what is said below, and beside."""
        below = min(width // 3 - GAP, 2 * (height - lines_below(height) - CAPTION))
        beside = min((width - BESIDE) // 3 - GAP, 2 * (height - CAPTION))
        return below, beside

    def on_resize(self) -> None:
        below, beside = self._sizes(*self.size)
        self.set_class(beside > below, "beside")
        self.query_one("#facts").styles.height = "1fr" if beside > below else lines_below(self.size.height)
        for picture in self.pictures:
            picture.styles.width = max(1, beside + GAP if beside > below else self.size.width // 3)
        self._say()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted and self.found is not None:
            self.call_later(self._say)


def lines_below(height: int) -> int:
    """Lines of what is said below the pictures, of so many."""
    return min(BELOW, max(1, height * 2 // 5))
