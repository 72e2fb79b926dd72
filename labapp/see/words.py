"""What the See screen says, as lines of text: harmless, and without a word on how they are laid out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from labapp.fetching import fetch_line
from labapp.fit import fit, tidy
from labapp.output import number
from labapp.see.asking import ORDERS, View
from labapp.see.replies import Explanation, Exported, Thumb

EMPTY = """\
There is no trained image network here yet.

  n  choose task, data and settings, and train one

or in a shell: labapp train images/bn

After its first checkpoint this screen shows pictures as it sees them.\
"""
WORK = {
    "pictures": "looking at all pictures of the split",
    "explain": "finding where the network looks",
    "gradcam": "writing the pictures",
}
LONGEST_BAR = 24  # cells
ONE_LINE = 64  # cells in which a verdict and a name have room beside each other


def head_line(run: str, view: View, default_layer: str, marked: int) -> Text:
    """What one looks at, in a line."""
    text = Text(f" {tidy(run)}", style="bold", no_wrap=True, overflow="ellipsis")
    target = "own class" if view.target is None else tidy(view.target)
    layer = view.layer or default_layer
    parts = [view.split, ORDERS[view.order], f"heat: {target}"] + ([f"layer {tidy(layer)}"] if layer else [])
    text.append("   " + "   ".join(parts), "not bold")
    if marked:
        text.append(f"   {marked} marked", "bold")
    return text


def verdict(found: Explanation | Thumb) -> str:
    """Whether a picture is taken for what it is."""
    if found.correct:
        return tidy(f"right: {found.predicted}")
    if found.correct is None:
        return tidy(f"taken for {found.predicted}")
    return tidy(f"wrong: {found.label}, taken for {found.predicted}")


def thumb_line(thumb: Thumb) -> Text:
    """What is known of a small picture, in a line."""
    text = Text(f"{verdict(thumb)}  {number(thumb.confidence, 3)}", no_wrap=True, overflow="ellipsis")
    return text.append(f"   {tidy(thumb.name)}", "dim")


def facts(found: Explanation, width: int, colours: dict[str, str], *, ascii: bool = False) -> Text:
    """What the network says of a picture, in at most `width` cells a line."""
    text = Text(no_wrap=True, overflow="ellipsis")
    style = {True: colours["success"], False: colours["error"], None: colours["secondary"]}[found.correct]
    text.append(verdict(found), f"bold {style}").append(f"  {number(found.confidence, 3)}", "bold")
    apart = "\n" if width < ONE_LINE else "   "
    text.append(f"{apart}{tidy(found.name)}\n", "dim")
    text.append(f"heat for {tidy(found.target)}   layer {tidy(found.layer)}\n")
    if found.inside is not None and found.covered is not None:
        text.append(f"on the object: {found.inside:.2f} of the heat, {found.covered:.2f} of the picture\n")
    text.append_text(bars(found.probabilities, width, colours["primary"], ascii=ascii))
    return text


def bars(probabilities: Sequence[tuple[str, float]], width: int, colour: str, *, ascii: bool = False) -> Text:
    """The likeliest classes, each with its share as a bar."""
    text = Text(no_wrap=True)
    names = [tidy(name) for name, _ in probabilities]
    label = min(16, max((len(name) for name in names), default=0), max(4, width // 3))
    room = max(4, min(LONGEST_BAR, width - label - 8))
    for name, (_, share) in zip(names, probabilities, strict=True):
        length = 0 if share != share else round(share * room)
        text.append("\n" if text else "").append(fit(name, label, ascii=ascii)).append(f" {number(share, 3)} ")
        text.append(("#" if ascii else "█") * length, colour)
    return text


def written(found: Exported) -> tuple[str, str, str]:
    """What was written in a few words, the path of it, and the line that fetches it."""
    paths = [Path(path) for path in (*found.sheets, *found.files)]
    several = [f"{len(found.notes)} notes: {found.notes[0]}; ..."] if len(found.notes) > 1 else found.notes
    parts = [f"{len(paths)} file{'s' * (len(paths) != 1)} written", *several]
    if not paths:
        return "nothing was written" + "".join(f": {note}" for note in found.notes), "", ""
    if len(paths) == 1:
        return "; ".join(parts), str(paths[0]), fetch_line(paths[0])
    return "; ".join(parts), str(paths[0].parent), fetch_line(paths[0].parent, folder=True)
