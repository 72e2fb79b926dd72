"""The query language of `labapp runs`."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.events import encode
from sessions.run.query import Query, check_keys
from sessions.run.records import EVENTS
from sessions.run.runs import Run
from tests.conftest import Lab


@pytest.fixture
def runs(lab: Lab) -> list[Run]:
    made = []
    plan = [("line", 0.1, "a", ["keep"], 0.5), ("line", 0.01, "b", [], 0.25), ("slope", 0.001, "", ["draft"], 0.125)]
    for variant, lr, name, tags, loss in plan:
        path = lab.create(f"toy/{variant}", name=name, tags=tags, lr=lr).path
        event = {"type": "metrics", "step": 1, "epoch": 1.0, "elapsed": 1.0, "split": "val", "values": {"loss": loss}}
        (path / EVENTS).write_bytes(encode(event))
        made.append(lab.store.read(path.name))
    return made


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], [0, 1, 2]),
        (["variant:line"], [0, 1]),
        (["variant:toy/line"], [0, 1]),
        (["data:points"], [0, 1, 2]),
        (["variant:line,slope"], [0, 1, 2]),
        (["lr:0.01"], [1]),
        (["lr:1e-2.."], [0, 1]),
        (["lr:..0.01"], [1, 2]),
        (["lr:.005...05"], [1]),
        (["tag:keep"], [0]),
        (["not:tag:keep"], [1, 2]),
        (["not:draft"], [0, 1]),
        (["name:b"], [1]),
        (["loss:..0.3"], [1, 2]),
        (["val_loss:.2...3"], [1]),
        (["best:..0.2"], [2]),
        (["slop"], [2]),
        (["task:toy", "status:queued", "variant:line", "not:name:a"], [1]),
        (["nesterov:false"], [0, 1, 2]),
        (["status:running,stalled"], []),
    ],
)
def test_terms_select_what_they_say(runs: list[Run], words: list[str], expected: list[int]) -> None:
    query = Query.parse(words)
    check_keys(query, runs)
    assert [i for i, run in enumerate(runs) if query.matches(run)] == expected


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (["status:runing"], "running"),
        (["lrr:1"], "lr"),
        (["accurracy:.9.."], None),
        (["lr:a..b"], None),
        (["tag:"], None),
        (["not:"], None),
        (["loss:>0.8"], None),  # a number is no word
        (["lr:0.1,small"], None),
        (["loss<0.8"], None),  # as other programs write it
    ],
)
def test_what_means_nothing_is_refused(runs: list[Run], words: list[str], nearest: str | None) -> None:
    with pytest.raises(UsageError) as refusal:
        check_keys(Query.parse(words), runs)
    if nearest:
        assert nearest in str(refusal.value.hint)


def test_no_character_of_the_language_means_anything_to_a_shell() -> None:
    import shlex

    for term in ("task:ner", "lr:1e-3..", "accuracy:.9..", "not:status:failed", "status:running,stalled"):
        assert shlex.quote(term) == term
        assert not set(term) & set("*?[]{}~$&|;<>()!#`'\"\\ ")


class TestStudies:
    def test_a_study_is_asked_for_by_its_id_or_name(self, lab: Lab, runs: list[Run]) -> None:
        groups = {runs[0].id: ["norms-abcdef", "norms"], runs[1].id: ["norms-012345", "norms", "other-abcdef", "other"]}
        lab.store.groups = lambda: groups
        for words, expected in (
            (["study:norms"], [0, 1]),
            (["study:norms-012345"], [1]),
            (["study:norms", "variant:line", "not:study:other"], [0]),
            (["not:study:norms"], [2]),
        ):
            assert {run.id for run in lab.store.select(words)} == {runs[place].id for place in expected}, words

    def test_one_that_is_not_there_is_answered_with_the_nearest(self, lab: Lab, runs: list[Run]) -> None:
        lab.store.groups = lambda: {runs[0].id: ["norms-abcdef", "norms"]}
        with pytest.raises(UsageError, match="'norms'"):
            lab.store.select(["study:norm"])
