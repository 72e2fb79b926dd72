"""Grad-CAM as pictures: heat in colours, heat over the picture, single PNGs, and a contact sheet per class.

Names of classes and files come from outside: in a file name only harmless characters are kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.files import explained as explained_errors
from engine.images.data import Pixels
from engine.images.explain import Explained
from engine.images.gradcam import LAST_STAGE, Heat

SHOWN = 256  # pixels a side, at least, of a picture in a PNG: small pictures are enlarged by a whole factor
THUMB, LARGEST_THUMB = 128, 192  # pixels a side, at least and at most, in a contact sheet
COLUMNS = 10  # pictures side by side in one
GAP, TEXT = 8, 14  # pixels
PAPER, INK, RIGHT, WRONG = (255, 255, 255), (40, 40, 40), (0, 114, 178), (213, 94, 0)  # Okabe & Ito: told apart by all
LONGEST_NAME = 48  # bytes of a class or file in a file's name


def coloured(heat: Heat) -> Pixels:
    """Heat (H, W) in [0, 1] as colours (H, W, 3): inferno, whose lightness grows with the heat."""
    import cv2

    bgr = np.asarray(cv2.applyColorMap((255 * heat).astype(np.uint8), cv2.COLORMAP_INFERNO), dtype=np.uint8)
    return np.ascontiguousarray(bgr[:, :, ::-1])


def overlaid(picture: Pixels, heat: Heat) -> Pixels:
    """The heat's colours over the picture, half and half and brightened to the full range, (H, W, 3).

    Where nothing was found, the picture as it is.
    """
    import cv2
    from pytorch_grad_cam.utils.image import show_cam_on_image

    if not heat.any():
        return picture
    share = picture.astype(np.float32) / 255
    found: Pixels = show_cam_on_image(share, heat, use_rgb=True, colormap=cv2.COLORMAP_INFERNO)
    return found


def enlarged(picture: Pixels, side: int) -> Image.Image:
    """The picture with at least `side` pixels a side, every pixel as a square of whole pixels."""
    factor = max(1, -(-side // picture.shape[0]))
    return Image.fromarray(picture).resize(
        (picture.shape[1] * factor, picture.shape[0] * factor), Image.Resampling.NEAREST
    )


def enlarged_heat(heat: Heat, side: int) -> Heat:
    """The heat at the size of the enlarged picture, smoothly: it is no finer than the layer it comes from."""
    factor = max(1, -(-side // heat.shape[0]))
    size = heat.shape[1] * factor, heat.shape[0] * factor
    smooth = Image.fromarray(np.ascontiguousarray(heat, dtype=np.float32)).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(smooth, dtype=np.float32).clip(0, 1)


def panels(explained: Explained, side: int, most: int | None = None) -> list[Image.Image]:
    """The picture, the heat, and both, at least `side` and at most `most` pixels a side."""
    picture, heat = enlarged(explained.picture, side), enlarged_heat(explained.heat, side)
    three = [picture, Image.fromarray(coloured(heat)), Image.fromarray(overlaid(np.asarray(picture), heat))]
    if most is not None and picture.width > most:
        three = [each.resize((most, most), Image.Resampling.LANCZOS) for each in three]
    return three


def triptych(explained: Explained) -> Image.Image:
    """The three panels in a row."""
    three = panels(explained, SHOWN)
    side = three[0].width
    canvas = Image.new("RGB", (3 * side + 2 * GAP, side), PAPER)
    for number, panel in enumerate(three):
        canvas.paste(panel, (number * (side + GAP), 0))
    return canvas


def file_name(explained: Explained) -> str:
    """`cat_as_dog_0.87_val-00042.png`: class, prediction, confidence, and which picture: its place in the split, or the
    file's name and a few digits that tell it from others of that name.

    Another class than the picture's (or, for a file, than the predicted one) and another layer are added.
    """
    is_of = f"{harmless(explained.actual)}_as" if explained.actual is not None else "file_as"
    if explained.index is not None:
        which = f"{explained.origin}-{explained.index:05}"
    else:
        digits = hashlib.sha256(explained.origin.encode(errors="surrogateescape")).hexdigest()[:6]
        which = f"{harmless(Path(explained.name).stem)}-{digits}"
    name = f"{is_of}_{harmless(explained.predicted)}_{explained.confidence:.2f}_{which}"
    if explained.target != (explained.actual or explained.predicted):
        name += f"_for_{harmless(explained.target)}"
    return name + layer_suffix(explained.layer) + ".png"


def layer_suffix(layer: str) -> str:
    return "" if layer == LAST_STAGE else f"_{harmless(layer)}"


def harmless(name: str) -> str:
    """The letters and digits of a name, and dashes and dots between them."""
    kept = re.sub(r"[^\w.]+|_+", "-", name).encode()[:LONGEST_NAME].decode(errors="ignore")
    return kept.strip("-.") or "unnamed"


def contact_sheet(title: str, right: Sequence[Explained], wrong: Sequence[Explained]) -> Image.Image:
    """Rightly, then wrongly classified pictures: each with the heat over it and what was said."""
    groups = [(how, some, ink) for how, some, ink in (("rightly", right, RIGHT), ("wrongly", wrong, WRONG)) if some]
    side = panels((*right, *wrong)[0], THUMB, LARGEST_THUMB)[0].width
    columns = min(COLUMNS, max(len(some) for _, some, _ in groups))
    # a class with a single picture still needs room for its title
    width = max(GAP + columns * (side + GAP), 2 * GAP + round(_font(TEXT).getlength(title)))
    row_height = 2 * (side + 2) + TEXT + 2 * GAP
    rows = [some[start : start + columns] for _, some, _ in groups for start in range(0, len(some), columns)]
    sheet = Image.new("RGB", (width, 3 * GAP + TEXT + len(groups) * (TEXT + 2 * GAP) + len(rows) * row_height), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((GAP, GAP), title, INK, _font(TEXT))
    top = TEXT + 3 * GAP
    for how, some, ink in groups:
        pen.text((GAP, top), f"{len(some)} classified {how}", ink, _font(TEXT))
        top += TEXT + GAP
        for start in range(0, len(some), columns):
            for column, each in enumerate(some[start : start + columns]):
                left = GAP + column * (side + GAP)
                picture, _, both = panels(each, THUMB, LARGEST_THUMB)
                sheet.paste(picture, (left, top))
                sheet.paste(both, (left, top + side + 2))
                said = fitted(f"{each.predicted} {each.confidence:.2f}", side)
                pen.text((left, top + 2 * (side + 2) + 2), said, ink, _font(TEXT - 2))
            top += row_height
        top += GAP
    return sheet


def fitted(text: str, width: int) -> str:
    """As much of a text as fits into a width in pixels."""
    font = _font(TEXT - 2)
    while len(text) > 1 and font.getlength(text) > width:
        text = text[:-2].rstrip() + "~"
    return text


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # Pillow's wheels all bring FreeType
    return font


def save(image: Image.Image, path: Path) -> None:
    """Write a PNG that whoever may read the folder may read."""
    with explained_errors(path):
        image.save(path, "PNG")
