"""Tagged sentences as brackets, columns and JSON."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from engine.errors import LabError
from labapp.tag.asking import text_args
from labapp.tag.replies import Sentence, tagging_of
from labapp.tag.writing import FORMATS, JsonWriter, TextWriter, Writer
from tests.labapp.screens.tagging import FakeTagger


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def sentences(text: str) -> tuple[Sentence, ...]:
    return tagging_of(FakeTagger().tag(text_args("r", text))).sentences


def written(kind: type[Writer], text: str, stream: io.StringIO | None = None, **options: Any) -> str:
    stream = stream or io.StringIO()
    writer = kind(stream, second=options.get("second", False))
    for sentence in sentences(text):
        writer.write(sentence, 100)
    writer.end(options.get("error"))
    return stream.getvalue()


TEXT = "(Barack Obama left Paris.)\nHe is back."


def test_brackets_stand_where_the_entities_are_and_the_rest_is_as_it_was() -> None:
    assert written(TextWriter, TEXT) == "([Barack Obama per .93] left [Paris geo .89].)\nHe is back.\n"


def test_the_second_best_stands_below() -> None:
    assert written(TextWriter, TEXT, second=True).splitlines()[1] == "  2nd .09  ([Barack Obama per] left Paris.)"


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_on_a_terminal_brackets_are_in_colour_unless_there_are_to_be_none(
    monkeypatch: pytest.MonkeyPatch, no_color: str | None, coloured: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    found = written(TextWriter, TEXT, Terminal())
    assert ("\x1b[1;36m" in found) == coloured
    assert "Barack Obama" in found


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_text_that_would_act_on_a_terminal_does_not(stream: type[io.StringIO]) -> None:
    hostile = Sentence(("\x1b[2J", "[red]Paris[/]", "\u202e"), ("O", "B-\x07", "O"), (0.5,) * 3, (True,) * 3, (), 0.5)
    for kind in (FORMATS["text"],) + ((FORMATS["conll"],) if stream is Terminal else ()):
        target = stream()
        kind(target, second=False).write(hostile, 0)
        assert not set("\x1b\x07\u202e") & set(target.getvalue())
        assert "[red]Paris[/]" in target.getvalue()


def test_columns_are_token_and_tag_with_a_blank_line_between_sentences() -> None:
    assert written(FORMATS["conll"], "to Paris\nback") == "to O\nParis B-geo\n\nback O\n"
    assert written(FORMATS["conll"], "to Paris", second=True) == "to O O\nParis B-geo O\n"


def test_an_object_a_line_has_all_there_is_with_places_in_the_whole_text() -> None:
    first, second = map(json.loads, written(FORMATS["json"], TEXT).splitlines())
    assert first["tokens"][:3] == ["(", "Barack", "Obama"]
    assert first["offsets"][1] == [101, 107]
    assert first["entities"][0] | {"probability": 0} == {
        "type": "per", "start": 1, "end": 3, "text": "Barack Obama", "probability": 0,
    }  # fmt: skip
    assert {"tags", "probabilities", "known", "probability"} <= set(second)
    assert "second" not in second
    assert "second" in json.loads(written(FORMATS["json"], "Paris", second=True))


def test_the_array_is_one_document_even_when_it_has_no_end() -> None:
    assert json.loads(written(JsonWriter, "")) == []
    assert len(json.loads(written(JsonWriter, TEXT))) == 2
    broken = json.loads(written(JsonWriter, TEXT, error=LabError("it ended", got="x")))
    assert broken[-1]["error"]["title"] == "it ended"
