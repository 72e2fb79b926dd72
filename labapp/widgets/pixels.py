"""A picture in the terminal's own pixels, under its caption: in the place of `Picture` where a terminal can do it."""

from __future__ import annotations

from PIL import Image as Pillow
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Static
from textual_image.widget import Image as Pixels

from labapp.fit import tidy
from labapp.see.image import Image

SIDE = 640  # pixels to which small pictures are enlarged by a whole factor, so that theirs stay squares


class PixelPicture(Container):
    """Shows one picture, or words where there is none."""

    DEFAULT_CSS = """
    PixelPicture {
        width: 1fr; height: 1fr; layout: vertical;
        & > Static { width: 1fr; height: 1; text-align: center; color: $foreground 70%; }
        & > Container { width: 1fr; height: 1fr; align: center top; }
        & > Container > * { width: auto; height: auto; }
    }
    """

    def __init__(self, caption: str = "", *, id: str | None = None):
        super().__init__(id=id)
        self.caption = caption
        self.image: Image | None = None
        self.words = ""

    def compose(self) -> ComposeResult:
        yield Static(self._said, markup=False)
        with Container():
            yield Pixels()

    def show(self, image: Image | None, words: str = "") -> None:
        """Show a picture; or none, and these words."""
        if (image, words) == (self.image, self.words):
            return
        self.image, self.words = image, words
        self.query_one(Static).update(self._said)
        self.query_one(Pixels).image = None if image is None else enlarged(image)

    @property
    def _said(self) -> str:
        return tidy(f"{self.caption} {self.words}")


def enlarged(image: Image) -> Pillow.Image:
    """The picture for the package, which makes it as large as the room it has."""
    factor = max(1, SIDE // max(image.width, image.height))
    flat = Pillow.frombytes("RGB", (image.width, image.height), image.rgb)
    return flat.resize((factor * image.width, factor * image.height), Pillow.Resampling.NEAREST)
