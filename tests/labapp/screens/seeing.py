"""A playground without a process: it answers as the inference process does, with pictures drawn by a formula."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from engine.errors import LabError
from sessions.home import Home
from sessions.playground import Doing

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
LAYERS = ("stage3.0.conv1", "stage3.0.conv2", "stage3.1.conv1", "stage3.1.conv2")
SIDE = 32  # pixels of the pictures that the split holds

Answer = Callable[[Mapping[str, Any]], Any]


class FakePlayground:
    """Answers at once, or when it is told to: `held` keeps what was asked for."""

    def __init__(self, home: Home | None = None, names: tuple[str, ...] = NAMES):
        self.names = names
        self.asked: list[tuple[str, Mapping[str, Any], str]] = []  # operation, args, lane
        self.doing: Doing | None = None
        self.held: list[Callable[[], None]] | None = None
        self.closed = False
        self.answers: dict[str, Answer] = {
            "pictures": self.pictures, "explain": self.explain, "gradcam": self.gradcam,
        }  # fmt: skip

    def send(
        self, operation: str, args: Mapping[str, Any], answered: Callable[[Any], object], *, lane: str = ""
    ) -> None:
        self.asked.append((operation, args, lane))

        def answer() -> None:
            try:
                found = self.answers[operation](args)
            except LabError as error:
                found = error
            answered(found)

        if self.held is None:
            answer()
        else:
            self.held.append(answer)

    def close(self, wait: float = 0.0) -> None:
        self.closed = True

    def of(self, operation: str) -> list[Mapping[str, Any]]:
        """The arguments of everything asked of this kind."""
        return [args for each, args, _ in self.asked if each == operation]

    # -- what the process would say

    def pictures(self, args: Mapping[str, Any]) -> dict[str, Any]:
        chosen = args["class"]
        found = [] if chosen is None else [self.picture(args, number) for number in range(12)]
        return {
            "run": args["run"], "split": args["split"], "class": chosen, "pictures": found, "layers": list(LAYERS),
            "default_layer": LAYERS[-1],
            "classes": [{"name": name, "right": 90 - n, "wrong": 10 + n} for n, name in enumerate(self.names)],
        }  # fmt: skip

    def picture(self, args: Mapping[str, Any], number: int) -> dict[str, Any]:
        place = self.names.index(args["class"])
        correct = number % 3 != 2
        taken = self.names[place if correct else (place + number) % len(self.names)]
        return {
            "index": 100 * place + number, "name": f"{args['split']}/{args['class']}/{number}", "class": args["class"],
            "predicted": taken, "confidence": 0.999 - 0.04 * number, "correct": correct,
            "image": drawing(place + number / 7, min(SIDE, args["side"])),
        }  # fmt: skip

    def explain(self, args: Mapping[str, Any]) -> dict[str, Any]:
        index = args.get("index")
        side = min(args["side"], SIDE if index is not None else 96)
        own = index is None
        place, number = divmod(index or 0, 100)
        label = None if own else self.names[place]
        correct = None if own else number % 3 != 2
        taken = self.names[0] if own else self.names[place if correct else (place + number) % len(self.names)]
        likely = [taken, *(name for name in self.names if name != taken)][:5]
        phase = place + number / 7
        return {
            "name": args["picture"].rpartition("/")[2] if own else f"{args['split']}/{label}/{number}", "class": label,
            "predicted": taken, "confidence": 0.999 - 0.04 * number, "correct": correct,
            "target": args["target"] or label or taken, "layer": args["layer"] or LAYERS[-1],
            "probabilities": [{"class": name, "probability": 0.8 / 4**n} for n, name in enumerate(likely)],
            "image": drawing(phase, side), "heat": drawing(phase, side, "heat"),
            "overlay": drawing(phase, side, "both"),
            "inside": None if own else 0.71, "covered": None if own else 0.24,
        }  # fmt: skip

    def gradcam(self, args: Mapping[str, Any]) -> dict[str, Any]:
        keys = [*(args["indices"] or []), *(args["pictures"] or [])]
        files = [
            {"path": f"{args['out']}/{number}.png", "class": self.names[0], "predicted": self.names[0], "correct": True}
            for number in range(len(keys))
        ]
        sheets = [f"{args['out']}/{name}.png" for name in args["classes"]] if args["sheets"] else []
        return {"files": files, "sheets": sheets, "notes": ["the heat is 8 x 8 values, enlarged"]}


def drawing(phase: float, side: int, kind: str = "picture") -> dict[str, Any]:
    """A disc before a slope, as an IMAGE; its heat is a spot on it."""
    rgb = bytearray()
    x0, y0, radius = 0.5 + 0.2 * math.cos(phase), 0.5 + 0.2 * math.sin(phase), 0.22
    for row in range(side):
        for column in range(side):
            x, y = (column + 0.5) / side, (row + 0.5) / side
            inside = math.hypot(x - x0, y - y0) < radius
            object_, ground = (230, 190 - 60 * y, 60 + 90 * math.sin(phase) ** 2), (60 + 60 * x, 110, 160 - 70 * y)
            colour = object_ if inside else ground
            heat = math.exp(-((x - x0 - 0.05) ** 2 + (y - y0) ** 2) / 0.03)
            spot = (255 * min(1.0, 2 * heat), 255 * max(0.0, 1 - abs(2 * heat - 1)), 255 * max(0.0, 1 - 2 * heat))
            share = {"picture": 0.0, "heat": 1.0, "both": 0.5}[kind]
            rgb += bytes(int((1 - share) * c + share * s) for c, s in zip(colour, spot, strict=True))
    return {"width": side, "height": side, "rgb": base64.b64encode(rgb).decode()}


@pytest.fixture
def playground(monkeypatch: pytest.MonkeyPatch) -> FakePlayground:
    """Takes the place of the process in every app that is started."""
    fake = FakePlayground()
    monkeypatch.setattr("labapp.app.Playground", lambda home: fake)
    return fake
