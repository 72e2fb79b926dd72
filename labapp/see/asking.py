"""What one looks at in the See screen, and the requests that follow from it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labapp.see.replies import explanation_of, exported_of, pictures_of

SPLITS = ("val", "test", "train")
ORDERS = {"random": "random", "surest": "surest first", "least": "least sure first"}
RIGHT = WRONG = 24  # pictures of a class that are shown
THUMB_SIDE = 32  # pixels a side that are asked for
LEAST_SIDE, MOST_SIDE = 32, 320  # of the large one
OWN_SIDE = 160  # of a file of the user's, before it is large
PER_CLASS = 5  # pictures of a class on a contact sheet
FOLDER = Path("artifacts", "gradcam")  # in the run's
TYPED = {"pictures": pictures_of, "explain": explanation_of, "gradcam": exported_of}  # answers of operations
KEPT = {"pictures": 32, "explain": 64}  # of which so many are kept


@dataclass(frozen=True)
class View:
    """What was chosen. None means what the answer's own choice is: the correct class, the default layer."""

    run: str
    split: str = SPLITS[0]
    order: str = "random"
    target: str | None = None
    layer: str | None = None

    def pictures(self, class_name: str | None, sought: str | None = None) -> dict[str, Any]:
        """The pictures of a class, the one `sought` by its name among them; of none, only the counts of all."""
        return {
            "run": self.run, "split": self.split, "class": class_name, "right": RIGHT, "wrong": WRONG,
            "order": self.order, "side": THUMB_SIDE, "name": sought,
        }  # fmt: skip

    def explain(self, key: int | str, side: int) -> dict[str, Any]:
        """One picture large: by its index in the split, or a file by its path."""
        which = {"picture": key} if isinstance(key, str) else {"index": key}
        side = max(LEAST_SIDE, min(side, MOST_SIDE))
        return {"run": self.run, "split": self.split, **which, **self._heat(), "side": side}

    def export(self, out: Path, keys: Collection[int | str]) -> dict[str, Any]:
        """These pictures, as files."""
        indices = sorted(key for key in keys if isinstance(key, int))
        paths = sorted(key for key in keys if isinstance(key, str))
        return self._files(out, [], indices or None, paths or None, sheets=False)

    def sheets(self, out: Path, classes: Sequence[str]) -> dict[str, Any]:
        """Contact sheets of these classes."""
        return self._files(out, list(classes), None, None, sheets=True)

    def _files(
        self, out: Path, classes: list[str], indices: list[int] | None, paths: list[str] | None, *, sheets: bool
    ) -> dict[str, Any]:
        return {
            "run": self.run, "out": str(out), "split": self.split, "classes": classes, "per_class": PER_CLASS,
            "order": self.order, "indices": indices, "pictures": paths, **self._heat(), "sheets": sheets,
        }  # fmt: skip

    def _heat(self) -> dict[str, Any]:
        return {"target": self.target, "layer": self.layer}
