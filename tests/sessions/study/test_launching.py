"""Launching a study: what is there is not trained again, what ended otherwise goes on, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.config import Config
from engine.errors import LabError
from engine.studies.definition import Afterwards
from sessions import control
from sessions.queue.jobs import best_of
from sessions.run.runs import Run
from sessions.run.tickets import jobs_of
from sessions.study.folder import Launched, Studies
from sessions.study.launching import launch, note_identities, plan, queue_afterwards
from tests.conftest import Lab
from tests.studies import end, fingerprint, here, note, planned, start, toy


def actions(lab: Lab, study: Any, seeds: list[int] | None = None, **more: Any) -> list[str]:
    return [each.action for each in planned(lab, study, seeds, **more)]


def runs(launched: Launched) -> list[str]:
    return [each.run for each in launched.members]


class TestNothingIsTrainedTwice:
    def test_a_second_launch_trains_nothing(self, lab: Lab) -> None:
        first = start(lab, toy(), [1, 2])
        assert actions(lab, toy(), [1, 2]) == ["goes on"] * 4
        for run in runs(first):
            end(lab, run)
        assert actions(lab, toy(), [1, 2]) == ["there"] * 4
        assert runs(start(lab, toy(), [1, 2])) == runs(first)
        assert len(lab.store.ids()) == 4

    def test_a_run_launched_by_hand_stands_for_its_cell(self, lab: Lab) -> None:
        run = lab.create("toy/slope")
        assert actions(lab, toy()) == ["train", "goes on"]
        assert run.id in runs(start(lab, toy()))

    def test_a_cell_of_two_studies_has_one_run(self, lab: Lab) -> None:
        one, two = start(lab, toy("one")), start(lab, toy("two", variants=["slope"]))
        assert runs(two) == [runs(one)[1]]
        assert len(lab.store.ids()) == 2

    def test_two_cells_that_train_the_same_have_one_run(self, lab: Lab) -> None:
        where = {"setting": "checkpoint_minutes", "values": [1, 2]}
        launched = start(lab, toy(variants=["line"], axes=[where]))
        assert len(launched.members) == 2
        assert len(lab.store.ids()) == 1

    def test_seeds_are_added(self, lab: Lab) -> None:
        first = start(lab, toy(), [1])
        again = start(lab, toy(), [1, 2, 3])
        assert again.id == first.id
        assert set(runs(first)) < set(runs(again))
        assert [each.seed for each in again.of("line")] == [1, 2, 3]

    def test_other_settings_are_another_study(self, lab: Lab) -> None:
        assert start(lab, toy()).id != start(lab, toy(settings={"epochs": 2})).id
        assert len(lab.store.ids()) == 4

    def test_a_deleted_run_is_trained_again(self, lab: Lab) -> None:
        first = start(lab, toy())
        control.delete(lab.store, lab.store.read(runs(first)[0]))
        assert actions(lab, toy()) == ["train", "goes on"]
        again = start(lab, toy())
        assert runs(first)[1] in runs(again)
        assert runs(first)[0] not in runs(again)

    def test_what_another_program_launched_since_the_plan_is_taken(self, lab: Lab) -> None:
        plan_of_mine = planned(lab, toy())
        theirs = start(lab, toy())
        mine = launch(lab.store, Studies(lab.store.home), toy(), plan_of_mine, place=here)
        assert runs(mine) == runs(theirs)
        assert len(lab.store.ids()) == 2

    def test_what_was_deleted_since_the_plan_is_trained(self, lab: Lab) -> None:
        gone = lab.create("toy/line")
        plan_of_mine = planned(lab, toy())
        control.delete(lab.store, gone)
        mine = launch(lab.store, Studies(lab.store.home), toy(), plan_of_mine, place=here)
        assert gone.id not in runs(mine)
        assert len(lab.store.ids()) == 2


class TestWhatEndedOtherwise:
    @pytest.mark.parametrize("status", ["failed", "stopped", "lost"])
    def test_is_resumed_and_the_others_are_left_alone(self, lab: Lab, status: str) -> None:
        first = start(lab, toy())
        end(lab, runs(first)[0], status)
        end(lab, runs(first)[1])
        assert lab.store.read(runs(first)[0]).status.name == status
        assert actions(lab, toy()) == ["resume", "there"]
        again = start(lab, toy())
        assert sorted(runs(again)) == sorted(runs(first))
        assert [lab.store.read(each).status.name for each in runs(first)] == ["queued", "finished"]

    def test_a_finished_run_is_preferred_to_a_failed_one(self, lab: Lab) -> None:
        failed, finished = lab.create("toy/line"), lab.create("toy/line")
        end(lab, failed.id, "failed")
        end(lab, finished.id)
        (each,) = planned(lab, toy(variants=["line"]))
        assert each.run is not None
        assert each.run.id == finished.id

    def test_what_was_imported_unfinished_is_trained_anew_and_never_preferred(self, lab: Lab) -> None:
        failed, imported = lab.create("toy/line"), lab.create("toy/line")
        end(lab, failed.id, "failed")
        end(lab, imported.id, "stopped")
        note(lab, imported.id, imported={"v": 1, "as": "bundle"})
        (each,) = planned(lab, toy(variants=["line"]))
        assert each.run is not None
        assert (each.run.id, each.action) == (failed.id, "resume")
        control.delete(lab.store, failed)
        assert actions(lab, toy(variants=["line"])) == ["train"]

    def test_one_that_cannot_be_resumed_does_not_keep_the_others_from_it(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        end(lab, lab.create("toy/line").id, "failed")

        def refuses(store: Any, run: Run) -> Run:
            raise LabError("a worker still has this run")

        monkeypatch.setattr(control, "resume", refuses)
        said: list[LabError] = []
        launched = launch(
            lab.store, Studies(lab.store.home), toy(), planned(lab, toy()), place=here,
            refused=lambda each, error: said.append(error),
        )  # fmt: skip
        assert [each.cell for each in launched.members] == ["slope"]
        assert [error.title for error in said] == ["a worker still has this run"]

    def test_launched_as_far_as_it_came_nothing_is_lost(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        launched, real = [], control.launch

        def dies(*args: Any, **more: Any) -> Run:
            if launched:
                raise OSError("the disk is full")
            launched.append(real(*args, **more))
            return launched[0]

        monkeypatch.setattr(control, "launch", dies)
        with pytest.raises(OSError, match="disk"):
            start(lab, toy())
        (study,) = Studies(lab.store.home).all()
        assert runs(study) == [launched[0].id]


class TestOnly:
    def test_variants_or_cells_are_launched_and_the_rest_later(self, lab: Lab) -> None:
        axes = [{"setting": "points", "values": [8, 16]}]
        assert actions(lab, toy(axes=axes), only=["slope"]) == ["train"] * 2
        launched = start(lab, toy(axes=axes), only=["line points=8"])
        assert [each.cell for each in launched.members] == ["line points=8"]
        assert actions(lab, toy(axes=axes)) == ["goes on", "train", "train", "train"]
        assert start(lab, toy(axes=axes)).id == launched.id


class TestTheSameFilesElsewhere:
    @pytest.fixture
    def files(self, tmp_path: Path) -> list[Path]:
        found = []
        for name in ("one", "two"):
            (tmp_path / name).write_text("0.1\n0.2\n0.3\n0.4\n")
            found.append(tmp_path / name)
        return found

    def test_are_recognised_by_their_fingerprint(self, lab: Lab, files: list[Path]) -> None:
        run = lab.create("toy/line", str(files[0]))
        note(lab, run.id, fingerprint="file-4-1.0")
        study = toy(variants=["line"], data=str(files[1]))
        asked: list[str] = []

        def look(config: Config) -> str:
            asked.append(config.data)
            return "file-4-1.0"

        assert actions(lab, study, [1, 1], fingerprint=look) == ["goes on"]
        assert asked == [str(files[1])]

    def test_and_are_others_when_they_changed(self, lab: Lab, files: list[Path]) -> None:
        run = lab.create("toy/line", str(files[0]))
        note(lab, run.id, fingerprint="file-4-1.0")
        study = toy(variants=["line"], data=str(files[0]))
        assert actions(lab, study, fingerprint=lambda config: "file-4-1.0") == ["goes on"]
        assert actions(lab, study, fingerprint=lambda config: "file-4-9.0") == ["train"]

    def test_one_look_serves_all_cells(self, lab: Lab, files: list[Path]) -> None:
        for variant in ("line", "slope"):
            for seed in (1, 2):
                note(lab, lab.create(f"toy/{variant}", str(files[0]), seed=seed).id, fingerprint="file-4-1.0")
        asked: list[Config] = []

        def look(config: Config) -> str:
            asked.append(config)
            return "file-4-1.0"

        assert actions(lab, toy(data=str(files[1])), [1, 2], fingerprint=look) == ["goes on"] * 4
        assert len(asked) == 1

    def test_a_dataset_by_name_is_not_looked_at(self, lab: Lab) -> None:
        note(lab, lab.create("toy/line").id, fingerprint="anything")
        assert plan(lab.store, toy(variants=["line"]), [1], fingerprint)[0].action == "goes on"


class TestIdentities:
    def test_are_noted_once_they_are_known(self, lab: Lab) -> None:
        studies = Studies(lab.store.home)
        launched = start(lab, toy())
        assert [each.identity for each in launched.members] == ["", ""]
        note(lab, runs(launched)[0], identity="abc")
        assert note_identities(lab.store, studies, studies.read(launched.id)).members[0].identity == "abc"
        assert Studies(lab.store.home).read(launched.id).members[0].identity == "abc"
        note(lab, runs(launched)[1], identity="def")
        assert {each.identity for each in start(lab, toy()).members} == {"abc", "def"}


class TestAfterwards:
    def jobs(self, lab: Lab) -> list[dict[str, Any]]:
        return [job for run in lab.store.all() for job in run.jobs]

    def test_each_run_has_its_job_with_its_arguments_once(self, lab: Lab) -> None:
        study = toy(afterwards=[{"kind": "evaluate", "args": {"split": "val", "beams": [1, 10]}}])
        launched = start(lab, study)
        assert [(job["kind"], job["args"]) for job in self.jobs(lab)] == [
            ("evaluate", {"split": "val", "beams": [1, 10]})
        ] * 2
        start(lab, study)
        assert len(self.jobs(lab)) == 2
        start(lab, study, [1, 2])
        assert len(self.jobs(lab)) == 4
        assert queue_afterwards(lab.store, launched, Afterwards(kind="evaluate", args={"split": "test"})) != []

    def test_of_the_best_there_is_one_which_waits_for_all(self, lab: Lab) -> None:
        study = toy(afterwards=[{"kind": "gradcam", "on": "best", "args": {"per_class": 5}}])
        launched = start(lab, study)
        start(lab, study)
        (job,) = self.jobs(lab)
        assert job["args"] == {"per_class": 5, "best_of": sorted(runs(launched))}

    def test_what_failed_is_done_again_and_what_finished_is_not(self, lab: Lab) -> None:
        job = Afterwards(kind="evaluate", args={})
        study = toy(variants=["line"])
        launched = start(lab, study)
        run = end(lab, runs(launched)[0])
        (job_id,) = queue_afterwards(lab.store, launched, job)
        for status, more in (("failed", 1), ("finished", 0)):
            (run.path / "artifacts").mkdir(exist_ok=True)
            control.cancel_job(lab.store, run.id, job_id)
            (run.path / "artifacts" / f"{job_id}.json").write_text(
                f'{{"kind": "evaluate", "status": "{status}", "args": {{}}}}'
            )
            made = queue_afterwards(lab.store, launched, job)
            assert len(made) == more
            job_id = made[0] if made else job_id

    def test_one_that_is_paused_is_waited_for_and_one_that_was_lost_has_none(self, lab: Lab) -> None:
        study = toy(variants=["line"], afterwards=[{"kind": "evaluate"}])
        first, second = (lab.create("toy/line", seed=seed) for seed in (1, 2))
        control.pause(first)
        end(lab, second.id, "lost")
        launched = start(lab, study, [1, 2])
        waits = {run.id: [job["status"] for job in run.jobs] for run in lab.store.all()}
        assert waits[first.id] == ["queued"]
        (job,) = jobs_of(lab.read(first).record.request)
        assert job.ticket.after == (first.id,)
        end(lab, second.id, "lost")
        assert queue_afterwards(lab.store, launched, Afterwards(kind="evaluate", args={"split": "test"})) != []
        assert [job["args"] for job in lab.read(second).jobs] == [{}]  # of when it was resumed

    def test_what_was_measured_before_a_run_went_on_is_measured_again(self, lab: Lab) -> None:
        job = Afterwards(kind="evaluate", args={})
        launched = start(lab, toy(variants=["line"]))
        run = end(lab, runs(launched)[0], ended=100.0)
        for ended, more in ((99.0, 1), (101.0, 0)):
            (run.path / "artifacts").mkdir(exist_ok=True)
            done = {"kind": "evaluate", "status": "finished", "args": {}, "ended": ended}
            (run.path / "artifacts" / "evaluate-aaaaaa.json").write_text(json.dumps(done))
            made = queue_afterwards(lab.store, launched, job)
            assert len(made) == more
            for each in made:
                control.cancel_job(lab.store, run.id, each)

    def test_the_best_is_of_those_that_finished_by_the_validation_metric(self, lab: Lab) -> None:
        def best(value: float) -> dict[str, Any]:
            return {"metrics": {"val": {"loss": value}}, "best": {"metric": "loss", "value": value}}

        ids = [lab.create("toy/line", seed=seed).id for seed in range(1, 5)]
        for run_id, (status, value) in zip(
            ids, [("finished", 0.3), ("finished", 0.2), ("stopped", 0.1), ("failed", 0.0)], strict=True
        ):
            end(lab, run_id, status, **best(value))
        assert best_of(lab.store.home, [*ids, "../escape", 7, "gone-abcdef"]) == ids[1]
        with pytest.raises(LabError, match="none of the runs"):
            best_of(lab.store.home, ids[2:])
