"""Which code launched a run, though the app that launches it has been open for days."""

from __future__ import annotations

import pytest

from sessions.run import provenance as module
from sessions.run.provenance import provenance


def test_git_is_asked_again_when_the_code_may_have_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    now, diff, asked = [1_000.0], ["first"], []

    def git(*arguments: str) -> str:
        asked.append(arguments)
        return "abc" if arguments[0] == "rev-parse" else diff[0]

    monkeypatch.setattr(module, "_git", git)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    module._checkout.cache_clear()
    assert provenance()["git_diff"] == "first"
    diff[0] = "second"
    assert provenance()["git_diff"] == "first"
    assert len(asked) == 2, "the runs of a study share one answer"
    now[0] += 60
    found = provenance()
    module._checkout.cache_clear()
    assert (found["git_commit"], found["git_diff"]) == ("abc", "second")
