"""A playground without a process that tags by a list of names: it answers as the inference process does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from labapp.tag.spans import spans_of
from tests.labapp.screens.seeing import FakePlayground

TYPES = ("art", "eve", "geo", "gpe", "nat", "org", "per", "tim")
NAMES = {
    "Guernica": "B-art", "Olympics": "B-eve", "Paris": "B-geo", "London": "B-geo", "French": "B-gpe",
    "Iraqi": "B-gpe", "Katrina": "B-nat", "United": "B-org", "Nations": "I-org", "Barack": "B-per", "Obama": "I-per",
    "Angela": "B-per", "Merkel": "I-per", "Friday": "B-tim", "September": "B-tim",
}  # fmt: skip
EXAMPLES = (
    ("Barack Obama visited the United Nations in Paris on Friday .", "B-per I-per O O B-org I-org O B-geo O B-tim O"),
    ("Iraqi troops left .", "B-gpe O O O"),
    ("French minister Merkel praised Guernica .", "B-gpe O B-per O B-art O"),
    ("Katrina hit New Orleans in September .", "B-nat O B-geo I-geo O B-tim O"),
)
WORD = re.compile(r"\w+|[^\w\s]")


class FakeTagger(FakePlayground):
    """What is not in its list is outside, and a lower-case word of more than nine letters is unknown to it. A run whose
    name ends in `b` takes the United Nations for a place."""

    def __init__(self) -> None:
        super().__init__()
        self.types = TYPES
        self.examples: Sequence[tuple[str, str]] = EXAMPLES
        self.answers |= {"tag": self.tag, "examples": self.of_split}

    def tag(self, args: Mapping[str, Any]) -> dict[str, Any]:
        if "sentences" in args:
            found = [self.sentence(tokens, [], args["run"]) for tokens in args["sentences"]]
        else:
            found = []
            for line in re.finditer(r"[^\n]+", args["text"]):
                words = list(WORD.finditer(line[0]))
                offsets = [[line.start() + word.start(), line.start() + word.end()] for word in words]
                if words:
                    found.append(self.sentence([word[0] for word in words], offsets, args["run"]))
        return {"run": args["run"], "types": list(self.types), "sentences": found}

    def of_split(self, args: Mapping[str, Any]) -> dict[str, Any]:
        known = []
        for index, (text, gold) in enumerate(self.examples):
            sentence = self.sentence(text.split(), [], args["run"])
            known.append(
                {**sentence, "gold": gold.split(), "index": index, "correct": sentence["tags"] == gold.split()}
            )
        if args["order"] == "wrong":
            known = [each for each in known if not each["correct"]]
        page = known[args["start"] : args["start"] + args["count"]]
        return {**{name: args[name] for name in ("run", "split", "order")}, "total": len(known),
                "types": list(self.types), "sentences": page}  # fmt: skip

    def sentence(self, tokens: Sequence[str], offsets: list[list[int]], run: str) -> dict[str, Any]:
        tags = [NAMES.get(token, "O") for token in tokens]
        if self.is_second(run):
            tags = ["B-geo" if tag == "B-org" else "I-geo" if tag == "I-org" else tag for tag in tags]
        sure = [0.991 - 0.003 * place if tag == "O" else 0.97 - 0.02 * place for place, tag in enumerate(tags)]
        sure = [max(0.4, each) for each in sure]
        entities = [
            {"type": span.type, "start": span.start, "end": span.end, "text": " ".join(tokens[span.start : span.end]),
             "probability": min(sure[span.start : span.end])}
            for span in spans_of(tags)
        ]  # fmt: skip
        second = ["O" if place == len(tags) // 2 else tag for place, tag in enumerate(tags)]
        named = [place for place, tag in enumerate(tags) if tag != "O"]
        if named:
            second = [*tags]
            second[named[-1]] = "O"
        return {
            "tokens": list(tokens), "offsets": offsets, "tags": tags, "probabilities": sure,
            "known": [not (token.islower() and len(token) > 9) for token in tokens], "entities": entities,
            "probability": 0.83, "second": {"tags": second, "probability": 0.09},
        }  # fmt: skip

    second_run: Callable[[str], bool] | None = None

    def is_second(self, run: str) -> bool:
        return self.second_run is not None and self.second_run(run)


@pytest.fixture
def tagger_process(monkeypatch: pytest.MonkeyPatch) -> FakeTagger:
    """Takes the place of the process in every app that is started."""
    fake = FakeTagger()
    monkeypatch.setattr("labapp.app.Playground", lambda home: fake)
    return fake
