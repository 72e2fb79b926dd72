"""A task "ner" whose runs can tag, as the catalogue describes it: torch-free, and nothing of it is trained."""

from __future__ import annotations

import pytest

from engine import catalogue
from engine.catalogue import TaskRow, Variant
from engine.files import write_json
from sessions.run.runs import Run
from tests import toy
from tests.conftest import PLUGINS, Lab, configured

ROW = TaskRow(
    **{
        **vars(toy.ROW),
        "name": "ner",
        "title": "named entities",
        "variants": {"bilstm": Variant("a BiLSTM"), "bilstm-crf": Variant("with a CRF")},
        "operations": {"tag": "tests.ner_row:never", "examples": "tests.ner_row:never"},
    }
)


@pytest.fixture(autouse=True)
def _taggers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts the task into the catalogue."""
    monkeypatch.setenv("LABAPP_PLUGINS", f"{PLUGINS},tests.ner_row:ROW")
    catalogue.tasks.cache_clear()


def untrained(lab: Lab, name: str = "", variant: str = "bilstm-crf") -> Run:
    """A run that nobody will start: no ticket waits for it."""
    return lab.store.read(lab.store.create(configured(f"ner/{variant}"), name=name).name)


def tagger(lab: Lab, name: str = "", variant: str = "bilstm-crf") -> Run:
    """A run with a checkpoint."""
    run = untrained(lab, name, variant)
    folder = run.path / "checkpoints" / "step-30"
    folder.mkdir(parents=True)
    write_json(folder / "checkpoint.json", {"v": 1})
    return run
