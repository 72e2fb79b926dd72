"""Finding, labelling, throwing away and bringing back runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from engine.config import read_config
from engine.errors import LabError, UsageError
from engine.files import write_json
from sessions import control
from sessions.process import child_environment, python_command
from sessions.queuefiles import stamped
from sessions.run import records
from sessions.run.records import CONFIG, LABELS, REQUEST
from sessions.run.runs import Run
from sessions.run.store import Store
from sessions.run.tickets import new_ticket
from tests.conftest import Lab


def make(lab: Lab, name: str = "") -> Run:
    return lab.create(name=name)


class TestFinding:
    def test_by_id_unique_prefix_name_and_latest(self, lab: Lab) -> None:
        first, second = make(lab, "baseline"), make(lab)
        assert lab.store.find(first.id).id == first.id
        assert lab.store.find("baseline").id == first.id
        assert lab.store.find("latest").id == second.id
        length = next(n for n in range(1, 12) if first.id[:n] != second.id[:n])
        assert lab.store.find(first.id[:length]).id == first.id

    def test_an_exact_name_wins_over_the_beginning_of_an_id(self, lab: Lab) -> None:
        make(lab)
        named = make(lab, "line")
        assert lab.store.find("line").id == named.id

    def test_a_mistyped_key_selects_nothing_rather_than_everything(self, lab: Lab) -> None:
        make(lab)
        with pytest.raises(UsageError, match="key in a query"):
            lab.store.select(["not:tga:keep"])

    def test_an_ambiguous_prefix_is_refused_and_lists_what_it_could_mean(self, lab: Lab) -> None:
        first, second = make(lab), make(lab)
        with pytest.raises(UsageError) as refusal:
            lab.store.find("line-")
        assert first.id in str(refusal.value.got)
        assert second.id in str(refusal.value.got)

    def test_an_unknown_name_is_answered_with_the_nearest(self, lab: Lab) -> None:
        make(lab, "baseline")
        with pytest.raises(UsageError) as refusal:
            lab.store.find("basline")
        assert "'baseline'" in str(refusal.value.hint)

    def test_names_and_terms_select_together(self, lab: Lab) -> None:
        first, second = make(lab, "a"), make(lab, "b")
        assert {run.id for run in lab.store.select(["a", "b", "status:queued"])} == {first.id, second.id}
        assert lab.store.select(["a", "status:running"]) == []


class TestLabels:
    def test_what_is_not_given_stays(self, lab: Lab) -> None:
        run = control.label(lab.store, make(lab, "a"), add=["x", "y"], note="hm")
        run = control.label(lab.store, run, drop=["x"])
        assert (run.name, run.tags, run.note) == ("a", ["y"], "hm")

    @pytest.mark.parametrize("name", ["latest", "a/b", "status:x", " padded ", "new\nline"])
    def test_names_that_mean_something_else_are_refused(self, lab: Lab, name: str) -> None:
        with pytest.raises(UsageError):
            make(lab, name)

    def test_a_name_belongs_to_one_run(self, lab: Lab) -> None:
        make(lab, "a")
        with pytest.raises(UsageError, match="taken"):
            make(lab, "a")


def test_of_two_launches_at_once_one_gets_the_name(lab: Lab) -> None:
    command = python_command("labapp", "train", "toy/line", "--name", "twin")
    both = [subprocess.Popen(command, env=child_environment(), stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [each.communicate()[1] for each in both]
    assert sorted(each.returncode for each in both) == [0, 2, 2], said
    assert len([run for run in lab.store.all() if run.name == "twin"]) == 1


class TestTrash:
    def test_delete_and_restore_are_each_others_inverse(self, lab: Lab) -> None:
        run = lab.finished()
        control.delete(lab.store, run)
        assert lab.store.ids() == []
        assert lab.store.trash_ids() == [run.id]
        lab.store.restore(run.id[:-1])
        assert lab.read(run).metrics == run.metrics

    def test_a_running_run_is_not_deleted(self, lab: Lab) -> None:
        run = lab.at_step(lab.launch(epochs=400, pace=0.004), 3)
        with pytest.raises(UsageError, match="running"):
            control.delete(lab.store, run)
        assert lab.read(run).status.name == "running"

    def test_clean_frees_what_it_said_and_keeps_weights_and_results(self, lab: Lab) -> None:
        kept, thrown = lab.finished(), lab.finished()
        control.delete(lab.store, thrown)
        found = list(lab.store.cleanable())
        later = lab.finished()
        assert lab.store.clean(found) == sum(size for _, size, _ in found) > 0
        assert list((later.path / "checkpoints").glob("*/training.pt")), "what came after the question is kept"
        lab.store.clean(list(lab.store.cleanable()))
        assert list(lab.store.cleanable()) == []
        assert lab.store.trash_ids() == []
        kept = lab.read(kept)
        assert kept.status.name == "finished"
        assert list((kept.path / "checkpoints").glob("*/model.safetensors"))
        assert not list((kept.path / "checkpoints").glob("*/training.pt"))


class TestCache:
    @pytest.fixture
    def cache(self, lab: Lab) -> Path:
        cache = lab.store.home.ensure().cache
        for path in ("features/a.safetensors", "0123/train.npy", ".0123-left/train.npy", ".4567-now/train.npy"):
            (cache / path).parent.mkdir()
            (cache / path).write_bytes(b"12345")
        (cache / ".0123.lock").touch()
        os.utime(cache / ".0123-left", (0, 0))
        return cache

    def test_is_cleaned_only_when_asked_for_but_not_what_is_just_being_made(self, lab: Lab, cache: Path) -> None:
        assert list(lab.store.cleanable()) == []
        found = list(lab.store.cleanable(cache=True))
        assert [path.name for path, _, _ in found] == [".0123-left", "0123", "features"]
        assert lab.store.clean(found) == 15
        assert sorted(path.name for path in cache.iterdir()) == [".0123.lock", ".4567-now"]

    def test_is_left_alone_while_a_run_goes_on_waits_or_has_jobs(self, lab: Lab) -> None:
        lab.store.check_cache_is_idle()
        ended = lab.finished()
        lab.store.check_cache_is_idle()
        waits = lab.create()
        with pytest.raises(UsageError, match=waits.id):
            lab.store.check_cache_is_idle()
        control.delete(lab.store, waits)
        going = lab.at_step(lab.launch(epochs=400, pace=0.004), 3)
        with pytest.raises(UsageError, match=going.id):
            lab.store.check_cache_is_idle()
        control.kill(going)
        lab.store.check_cache_is_idle()
        job = stamped(new_ticket("evaluate"), ended.path)
        write_json(ended.path / REQUEST, {**(ended.record.request or {}), "jobs": {"evaluate-1": job}})
        with pytest.raises(UsageError, match=ended.id):
            lab.store.check_cache_is_idle()


def test_a_runs_configuration_is_enough_to_repeat_it(lab: Lab) -> None:
    run = lab.finished(lr=0.07, epochs=3)
    config = read_config(run.path / CONFIG)
    assert (config.settings.lr, config.settings.epochs, config.recipe) == (0.07, 3, "best")
    again = lab.ended(control.launch(lab.store, config))
    assert again.metrics == run.metrics


def test_a_launch_that_fails_leaves_no_half_run(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    import sessions.run.store as module

    def refuse(path: Path, value: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(module, "write_json", refuse)
    with pytest.raises(OSError, match="no"):
        make(lab)
    assert lab.store.ids() == []
    assert list(lab.store.home.runs.iterdir()) == []


class TestReadingAgain:
    def test_a_run_that_did_not_change_is_not_read_again_and_one_that_did_is(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = make(lab, "before")
        long_ago = run.path.stat().st_mtime - 60
        os.utime(run.path, (long_ago, long_ago))
        lab.store.read(run.id)
        reads: list[Path] = []
        whole = records.read_record
        monkeypatch.setattr(records, "read_record", lambda path: reads.append(path) or whole(path))
        assert lab.store.read(run.id).name == "before"
        assert reads == []
        control.label(Store(lab.store.home), run, name="after")
        reads.clear()
        assert lab.store.read(run.id).name == "after"
        assert set(reads) == {run.path}

    def test_a_change_within_the_clock_tick_of_the_last_reading_is_seen(self, lab: Lab) -> None:
        run = make(lab, "before")
        lab.store.read(run.id)
        stamp = run.path.stat()
        write_json(run.path / LABELS, {"name": "after"})
        os.utime(run.path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        assert lab.store.read(run.id).name == "after"

    def test_the_configuration_comes_from_its_toml_when_somebody_edited_it(self, lab: Lab) -> None:
        run = make(lab)
        text = (run.path / CONFIG).read_text()
        (run.path / CONFIG).write_text(text.replace("epochs = 4", "epochs = 5"))
        assert lab.read(run).epochs == 5

    def test_what_is_known_of_a_run_that_is_gone_is_forgotten(self, lab: Lab) -> None:
        run = make(lab)
        lab.store.all()
        control.delete(lab.store, run)
        assert lab.store.all() == []
        assert run.id not in lab.store._histories


def test_a_program_that_gives_names_for_ever_is_told_of(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions.run.store.NAMING_TIMEOUT", 0.05)
    lab.store.home.ensure()
    with lab.store.naming(), pytest.raises(LabError, match="another program is giving names") as refusal:
        lab.create()
    assert refusal.value.hint == "try again"
    lab.create()
