"""Answers of the inference process: typed where they are as agreed, an error with words whatever else comes."""

from __future__ import annotations

import base64
import math
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LabError
from labapp.see.asking import View
from labapp.see.replies import Exported, explanation_of, exported_of, pictures_of
from labapp.see.words import written
from tests.labapp.screens.seeing import FakePlayground

VIEW = View("bn-1")
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@cache
def pictures() -> dict[str, Any]:
    return FakePlayground().pictures(VIEW.pictures("bird"))


@cache
def explanation() -> dict[str, Any]:
    return FakePlayground().explain(VIEW.explain(202, 32))


def test_what_is_agreed_is_understood() -> None:
    found = pictures_of(pictures())
    assert (found.run, found.split, found.chosen, len(found.thumbs)) == ("bn-1", "val", "bird", 12)
    assert found.classes[2].name == "bird"
    assert explanation_of(explanation()).inside == 0.71
    counts = pictures_of(FakePlayground().pictures(VIEW.pictures(None)))
    assert (counts.chosen, counts.thumbs) == (None, ())


def test_a_network_that_says_nan_is_believed() -> None:
    raw = explanation() | {"confidence": "nan"}
    assert math.isnan(explanation_of(raw).confidence)


BAD_IMAGES = (
    {"width": 2, "height": 2, "rgb": base64.b64encode(bytes(11)).decode()},
    {"width": 0, "height": 2, "rgb": ""},
    {"width": 10**9, "height": 1, "rgb": ""},
    {"width": True, "height": 1, "rgb": "AAAA"},
    {"width": 1, "height": 1, "rgb": "not base64!"},
    {"width": 1, "height": 1},
)


@pytest.mark.parametrize("image", BAD_IMAGES, ids=str)
def test_a_picture_that_is_none_is_refused(image: dict[str, Any]) -> None:
    with pytest.raises(LabError, match="explanation in the answer cannot be understood"):
        explanation_of(explanation() | {"heat": image})


@pytest.mark.parametrize("confidence", [1.5, -1, "high", None, []])
def test_a_confidence_that_is_none_is_refused(confidence: Any) -> None:
    with pytest.raises(LabError):
        explanation_of(explanation() | {"confidence": confidence})


@given(st.sampled_from(sorted(explanation())), junk)
def test_garbage_anywhere_is_an_error_at_worst(key: str, value: Any) -> None:
    for read, raw in ((explanation_of, explanation()), (pictures_of, pictures())):
        for answer in (raw | {key: value}, value):
            with suppress(LabError):
                read(answer)


def test_one_file_is_fetched_alone_and_several_with_their_folder() -> None:
    one = exported_of({"files": [{"path": "/r/a.png"}], "sheets": None, "notes": ["small"]})
    assert written(one)[:2] == ("1 file written; small", "/r/a.png")
    said, path, line = written(Exported(("/r/a.png",), ("/r/sheet.png",), ()))
    assert (said, path) == ("2 files written", "/r")
    assert line.startswith("scp -r ")
    assert written(Exported((), (), ("all were wrong",))) == ("nothing was written: all were wrong", "", "")
