"""Which runs can be used, and where: their task must know how, and they must have learned something."""

from __future__ import annotations

import pytest

from engine.errors import LabError, UsageError
from labapp.live.rows import row_of
from labapp.play.runs import check_run, screen_for, usable
from sessions.home import Home
from tests.conftest import Lab
from tests.labapp.screens.run_data import image_run
from tests.labapp.screens.see_data import with_checkpoint
from tests.untrained import tagger, untrained


def test_each_operation_finds_the_runs_that_can_do_it(lab: Lab) -> None:
    pictures, sentences = with_checkpoint(lab), tagger(lab)
    rows = [row_of(run) for run in (pictures, sentences, untrained(lab, "ner/bilstm-crf"), image_run(lab))]
    home = Home(lab.root)
    assert [row.id for row in usable(home, rows, "explain")] == [pictures.id]
    assert [row.id for row in usable(home, rows, "tag")] == [sentences.id]
    assert usable(home, rows, "no such thing") == []
    assert [screen_for(home, row).name for row in rows[:2]] == ["see", "tag"]


def test_a_run_that_cannot_be_tried_says_why(lab: Lab) -> None:
    home, toy = Home(lab.root), lab.store.read(lab.create().id)
    with pytest.raises(LabError, match="no screen tries runs of this task") as error:
        screen_for(home, row_of(toy))
    assert error.value.expected == "one of ner, mathqa, images"
    with pytest.raises(LabError, match="no checkpoint yet"):
        screen_for(home, row_of(untrained(lab, "ner/bilstm-crf")))
    with pytest.raises(UsageError, match="not for these") as refused:
        check_run(toy, "tag", "this is not for these")
    assert refused.value.expected == "a run of ner"
