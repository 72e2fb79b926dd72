"""What the inference process does with a trained image run: list pictures, explain one, export Grad-CAM pictures.

Each operation takes the loaded model and the request's arguments, checks them, and returns what goes back as JSON.
Pictures travel as raw bytes in base64, no larger than asked for.
"""

from __future__ import annotations

import base64
import importlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.arguments import number, numbers, one_of, split_of, text
from engine.files import explained as explaining
from engine.images.data import Pixels
from engine.images.explain import ORDERS, Explained, Explainer, summary
from engine.images.figures import (
    coloured,
    contact_sheet,
    enlarged_heat,
    file_name,
    harmless,
    layer_suffix,
    overlaid,
    save,
    triptych,
)
from engine.images.gradcam import LAST_STAGE, find_layers
from engine.jobs import Say, TrainedModel

Answer = dict[str, Any]
Arguments = Mapping[str, Any]
PER_CLASS = 5  # pictures rightly classified, and as many wrongly: assignment 004 section 2.7
MOST = 1_000  # pictures asked for at a time
LARGEST_SIDE = 1_024  # pixels


def warm_up() -> None:
    """Import the grad-cam package, which takes seconds, while somebody looks at the pictures."""
    threading.Thread(target=importlib.import_module, args=("pytorch_grad_cam",), daemon=True).start()


def pictures(model: TrainedModel, args: Arguments, cache: Path, say: Say) -> Answer:
    """How many of each class were classified rightly and wrongly, and small pictures of some of one class.

    {split, class?, right, wrong, order, side, name?}; the one of that name is among them if it is of the class.
    """
    explainer = Explainer(model, cache, say)
    split, wanted = text(args, "split", "val"), args.get("class")
    predictions = explainer.predictions(split)
    counts = [
        {"name": name, "right": int((own & predictions.right).sum()), "wrong": int((own & ~predictions.right).sum())}
        for label, name in enumerate(explainer.classes)
        if (own := predictions.labels == label).any()
    ]
    found: list[Answer] = []
    if wanted is not None:
        side, order = number(args, "side", 32, 1, LARGEST_SIDE), text(args, "order", "random")
        own = explainer.own_pictures(split)
        sought = explainer.named(split, str(wanted), args.get("name"))
        for correct, key in ((True, "right"), (False, "wrong")):
            places = explainer.choose(split, str(wanted), correct, number(args, key, PER_CLASS, 0, MOST), order)
            more = sought[(predictions.right[sought] == correct) & ~np.isin(sought, places)]
            places = np.concatenate([more, places])
            for place, picture in zip(places.tolist(), own.take(places), strict=True):
                found.append(
                    {
                        "index": place,
                        "name": own.names[place],
                        "class": wanted,
                        "predicted": explainer.classes[predictions.predicted[place]],
                        "confidence": float(predictions.confidences[place]),
                        "correct": correct,
                        "image": packed(picture, side),
                    }
                )
    warm_up()
    return {
        "split": split,
        "classes": counts,
        "layers": list(explainer.layers),
        "default_layer": LAST_STAGE,
        "class": wanted,
        "pictures": found,
    }


def explain(model: TrainedModel, args: Arguments, cache: Path, say: Say) -> Answer:
    """One picture, of a split or a file, with its heat: {split, index | picture, target?, layer?, side}."""
    explainer, target, layer = Explainer(model, cache, say), args.get("target"), args.get("layer")
    if args.get("picture") is not None:
        (one,) = explainer.of_files([Path(str(args["picture"]))], target, layer)
    else:
        index = number(args, "index", -1, 0, 2**62)
        (one,) = explainer.of_split(text(args, "split", "val"), [index], target, layer)
    side = number(args, "side", 256, 1, LARGEST_SIDE)
    return about(one) | {
        "layer": one.layer,
        "probabilities": [{"class": name, "probability": share} for name, share in one.ranked[:5]],
        "image": packed(one.picture, side),
        "heat": packed(coloured(enlarged_heat(one.heat, min(side, LARGEST_SIDE // 2))), side),
        "overlay": packed(overlaid(one.picture, one.heat), side),
    }


def gradcam(model: TrainedModel, args: Arguments, cache: Path, say: Say) -> Answer:
    """Write Grad-CAM pictures into a folder.

    {out, split, classes?, classes_if_any?, per_class, order, indices?, pictures?, target?, layer?, sheets}: with
    `indices` those pictures of the split, with `pictures` those files; with neither `per_class` rightly and as many
    wrongly classified pictures of each class, and a contact sheet of them.
    """
    explainer = Explainer(model, cache, say)
    out, target, layer = Path(text(args, "out")), args.get("target"), args.get("layer")
    check(explainer, args)  # what is not known is refused before anything is written
    with explaining(out):
        out.mkdir(parents=True, exist_ok=True)
    export = _Export(out)
    chosen, files = args.get("indices"), args.get("pictures")
    if chosen:
        export.singles(explainer.of_split(text(args, "split", "val"), numbers(args, "indices"), target, layer))
    if files:
        export.singles(explainer.of_files([Path(str(each)) for each in files], target, layer))
    if not chosen and not files:
        _classes(explainer, args, export)
    return {
        "out": str(out),
        "layer": layer or LAST_STAGE,
        "files": export.files,
        "sheets": export.sheets,
        "notes": export.notes,
        **({"heat": found} if (found := summary(export.shares)) else {}),
    }


def check(explainer: Explainer, args: Arguments) -> None:
    """Refuse names and numbers that are none."""
    for name in (*(args.get("classes") or ()), args.get("target")):
        if name is not None:
            explainer.class_index(str(name))
    find_layers(explainer.network, args.get("layer"))
    split_of(args, "val")
    one_of(args, "order", "random", ORDERS)
    number(args, "per_class", PER_CLASS, 1, MOST)


def _classes(explainer: Explainer, args: Arguments, export: _Export) -> None:
    split, order = text(args, "split", "val"), text(args, "order", "random")
    count = number(args, "per_class", PER_CLASS, 1, MOST)
    labels = set(explainer.predictions(split).labels.tolist())
    present = [name for label, name in enumerate(explainer.classes) if label in labels]
    for name in args.get("classes") or some_of(present, args.get("classes_if_any")):
        both: list[list[Explained]] = []
        for correct, how in ((True, "rightly"), (False, "wrongly")):
            places = explainer.choose(split, str(name), correct, count, order).tolist()
            if len(places) < count:
                export.notes.append(f"{name}: only {len(places)} of {count} wanted were classified {how} in {split}")
            both.append(explainer.of_split(split, places, args.get("target"), args.get("layer")))
        export.singles(both[0] + both[1])
        if args.get("sheets", True) and any(both):
            which = "" if order == "random" else f", {order} first"
            where = args.get("layer") or "the last stage"
            title = f"{name}, {split}{which}: evidence for {args.get('target') or name} in {where}"
            export.sheet(str(name), f"{split}{'' if order == 'random' else '-' + order}", title, both[0], both[1])


def some_of(present: Sequence[str], wanted: Sequence[str] | None) -> list[str]:
    """Those of the wanted classes that there are, however they are written; if there are none, the first few."""
    if wanted is None:
        return list(present)
    letters = {"".join(filter(str.isalpha, name.lower())) for name in wanted}
    found = [name for name in present if "".join(filter(str.isalpha, name.lower())) in letters]
    return found or list(present[: len(wanted)])


class _Export:
    """What was written so far."""

    def __init__(self, out: Path):
        self.out = out
        self.files: list[Answer] = []
        self.sheets: list[str] = []
        self.notes: list[str] = []
        self.shares: list[tuple[float | None, float | None]] = []  # of the heat, of the picture: on the object

    def singles(self, explained: Sequence[Explained]) -> None:
        for each in explained:
            path = self._unused(file_name(each))
            save(triptych(each), path)
            self.files.append({"path": str(path), **about(each)})
            self.shares.append((each.inside, each.covered))

    def sheet(self, name: str, which: str, title: str, right: Sequence[Explained], wrong: Sequence[Explained]) -> None:
        one = (*right, *wrong)[0]
        target = "" if one.target == name else f"_for_{harmless(one.target)}"
        path = self._unused(f"sheet_{harmless(name)}_{which}{target}{layer_suffix(one.layer)}.png")
        save(contact_sheet(title, right, wrong), path)
        self.sheets.append(str(path))

    def _unused(self, name: str) -> Path:
        """Two classes or files of this export may look alike once only harmless characters are left."""
        path, number = self.out / name, 2
        written = {*self.sheets, *(each["path"] for each in self.files)}
        while str(path) in written:
            path, number = self.out / f"{name.removesuffix('.png')}_{number}.png", number + 1
        return path


def about(one: Explained) -> Answer:
    """What is said of a picture, without its pixels."""
    return {
        "name": one.name,
        "index": one.index,
        "class": one.actual,
        "predicted": one.predicted,
        "confidence": one.confidence,
        "correct": one.correct,
        "target": one.target,
        "inside": one.inside,
        "covered": one.covered,
    }


def packed(picture: Pixels, side: int) -> Answer:
    """A picture for the wire, reduced to at most `side` pixels a side."""
    image = Image.fromarray(picture)
    if max(image.size) > side:
        image.thumbnail((side, side), Image.Resampling.BOX)
    return {
        "width": image.width,
        "height": image.height,
        "rgb": base64.b64encode(np.asarray(image).tobytes()).decode("ascii"),
    }
