"""`labapp study`: launching, listing, following and forgetting studies from a shell."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import UsageError
from labapp import follow
from labapp.commands import study as command
from labapp.form.studies import seeds_in
from sessions.run.runs import Run
from sessions.study.folder import STUDY, Studies
from tests.conftest import Lab
from tests.studies import QUEUES, end

TOML = 'title = "Two lines"\ntask = "toy"\nvariants = ["line", "slope"]\nmetric = "loss"\nsettings = { epochs = 2 }\n'


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is launched stays in the queue."""
    for name in QUEUES:
        monkeypatch.setattr(f"{name}.ensure_queue", lambda home: False)


@pytest.fixture
def mine(lab: Lab) -> Path:
    """A study of the user's own."""
    path = lab.store.home.ensure().studies / "mine.toml"
    path.write_text(TOML)
    return path


class TestToTheEnd:
    def test_a_study_is_trained_once_and_what_failed_does_not_end_it(self, labapp: Any, lab: Lab) -> None:
        grid = ["study", "toy/line", "--grid", "fail_at=0,3", "--set", "epochs=2", "--as", "mine"]
        printed = labapp(*grid, "--wait", "--json")
        assert printed.code == 1
        said = printed.json
        assert set(said) >= {"id", "name", "title", "status", "done", "seconds_left", "runs"}
        assert (said["name"], said["status"]) == ("mine", "ended")
        assert [(run["cell"], run["seed"], run["status"]) for run in said["runs"]] == [
            ("fail_at=0", 1, "finished"), ("fail_at=3", 1, "failed")
        ]  # fmt: skip
        rows = labapp("study", said["id"], "--dry-run", "--json").json["cells"]
        assert [row["action"] for row in rows] == ["there", "resume"]
        listed = labapp("study", "--json").json["launched"]
        assert [each["id"] for each in listed] == [said["id"]]
        (launched,) = Studies(lab.store.home).all()
        assert all(each.identity for each in launched.members), "known now that they have begun"
        assert labapp("study", "toy/line", "--grid", "fail_at=0", "--set", "epochs=2", "--wait").code == 0
        assert len(lab.store.ids()) == 2


@pytest.mark.usefixtures("waits")
class TestLaunching:
    def test_prints_the_id_alone_and_the_runs_wait(self, labapp: Any, lab: Lab, mine: Path) -> None:
        printed = labapp("study", "mine")
        assert printed.code == 0
        (launched,) = Studies(lab.store.home).all()
        assert printed.out.splitlines()[-1] == launched.id
        assert all(run.id in printed.out for run in lab.store.all())
        assert labapp("runs", "study:mine", "variant:slope", "--json").json[0]["variant"] == "slope"

    def test_the_shape_for_other_programs(self, labapp: Any, mine: Path) -> None:
        said = labapp("study", "mine", "--seeds", "2", "--json").json
        assert (said["status"], said["done"]) == ("queued", 0.0)
        assert [(run["cell"], run["seed"], run["status"]) for run in said["runs"]] == [
            ("line", 1, "queued"), ("line", 2, "queued"), ("slope", 1, "queued"), ("slope", 2, "queued")
        ]  # fmt: skip

    def test_a_dry_run_starts_nothing(self, labapp: Any, lab: Lab, mine: Path) -> None:
        said = labapp("study", "mine", "--dry-run", "--json").json
        assert [(row["cell"], row["action"], row["run"]) for row in said["cells"]] == [
            ("line", "train", None), ("slope", "train", None)
        ]  # fmt: skip
        assert (lab.store.ids(), Studies(lab.store.home).all()) == ([], [])

    def test_only_some_cells_and_the_rest_later(self, labapp: Any, lab: Lab, mine: Path) -> None:
        labapp("study", "mine", "--only", "slope")
        assert [run.variant for run in lab.store.all()] == ["slope"]
        printed = labapp("study", "mine", "--only", "lines")
        assert printed.code == 2
        assert "line, slope" in printed.err
        labapp("study", "mine")
        assert len(lab.store.ids()) == 2

    def test_a_setting_of_one_variant_alone(self, labapp: Any, lab: Lab, mine: Path) -> None:
        labapp("study", "mine", "--set", "lr=0.3", "--set", "slope/epochs=5")
        found = {run.variant: run.settings for run in map(lab.store.read, lab.store.ids())}
        assert {name: (each["epochs"], each["lr"]) for name, each in found.items()} == {
            "line": (2, 0.3), "slope": (5, 0.3)
        }  # fmt: skip
        refused = labapp("study", "mine", "--set", "slop/epochs=5")
        assert (refused.code, "did you mean 'slope'?" in refused.err) == (2, True)

    def test_without_seeds_it_goes_on_with_those_it_has(self, labapp: Any, lab: Lab, mine: Path) -> None:
        labapp("study", "mine", "--seeds", "1,5", "--only", "line")
        labapp("study", "mine")
        assert sorted(run.settings["seed"] for run in lab.store.all()) == [1, 1, 5, 5]

    @pytest.mark.parametrize("seeds", ["0", "-1", "1,x", "101", "", "1,,2", str(2**40)])
    def test_what_are_no_seeds_is_refused(self, seeds: str) -> None:
        with pytest.raises(UsageError, match="no seeds"):
            seeds_in(seeds)

    def test_a_launched_one_goes_on_by_its_id_and_by_its_name(self, labapp: Any, lab: Lab) -> None:
        study_id = labapp("study", "toy/line", "--grid", "lr=0.1,0.2", "--as", "rates").out.splitlines()[-1]
        for name in (study_id, "rates"):
            assert labapp("study", name).out.splitlines()[-1] == study_id
        assert len(lab.store.ids()) == 2

    def test_runs_of_different_versions_of_the_code_are_said(self, labapp: Any, lab: Lab, mine: Path) -> None:
        labapp("study", "mine")
        meta = lab.store.all()[0].path / "meta.json"
        meta.write_text(json.dumps({**json.loads(meta.read_text()), "labapp": "0.0.1"}))
        assert "different versions" in labapp("study", "mine").err

    @pytest.mark.parametrize("name", ["norm", "./mine.toml", "toy/line,slop"])
    def test_what_is_no_study_is_refused_with_a_hint(self, labapp: Any, name: str) -> None:
        printed = labapp("study", name)
        assert printed.code == 2
        assert "got:" in printed.err


@pytest.mark.usefixtures("waits")
class TestFollowing:
    def test_ctrl_c_leaves_it_running_and_says_so(
        self, labapp: Any, lab: Lab, mine: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(seconds: float) -> None:
            raise KeyboardInterrupt

        of_following = SimpleNamespace(
            sleep=interrupted, monotonic=time.monotonic
        )  # what launches may have to wait, too
        monkeypatch.setattr(follow, "time", of_following)
        printed = labapp("study", "mine", "--wait")
        assert printed.code == 130
        (launched,) = Studies(lab.store.home).all()
        assert f"labapp study {launched.id} --wait" in printed.err
        assert {run.status.name for run in lab.store.all()} == {"queued"}

    @pytest.mark.parametrize(("status", "code"), [("finished", 0), ("stopped", 0), ("failed", 1), ("lost", 1)])
    def test_the_exit_code_is_that_of_its_runs(
        self, labapp: Any, lab: Lab, mine: Path, monkeypatch: pytest.MonkeyPatch, status: str, code: int
    ) -> None:
        def followed(store: Any, run_ids: list[str], **more: Any) -> list[Run]:
            return [end(lab, run_ids[0], status), end(lab, run_ids[1])]

        monkeypatch.setattr(command, "follow", followed)
        assert labapp("study", "mine", "--wait", "--json").code == code


@pytest.mark.usefixtures("waits")
class TestAllOfOne:
    def test_is_stopped_paused_and_resumed_by_a_query(self, labapp: Any, lab: Lab, mine: Path) -> None:
        other = lab.create("toy/line", epochs=7)
        labapp("study", "mine")
        for verb, status in (("pause", "paused"), ("resume", "queued"), ("stop", "stopped")):
            assert labapp(verb, "study:mine").code == 0
            found = {run["id"]: run["status"] for run in labapp("runs", "--json").json}
            assert found.pop(other.id) == "queued"
            assert set(found.values()) == {status}
        printed = labapp("stop", "study:mne")
        assert printed.code == 2
        assert "mine" in printed.err

    def test_forgotten_its_runs_stay(self, labapp: Any, lab: Lab, mine: Path) -> None:
        labapp("study", "mine")
        assert labapp("study", "mine", "--forget", "--dry-run").code == 0
        assert len(Studies(lab.store.home).all()) == 1
        assert labapp("study", "mine", "--forget", "--json").json["action"] == "forget"
        assert (Studies(lab.store.home).all(), len(lab.store.ids())) == ([], 2)
        assert mine.exists()


@pytest.mark.usefixtures("waits")
class TestListing:
    def test_ours_the_users_own_and_those_launched(self, labapp: Any, mine: Path) -> None:
        labapp("study", "mine")
        printed = labapp("study")
        assert printed.code == 0
        for word in ("norms", "Two lines", "2 queued"):
            assert word in printed.out
        said = labapp("study", "--json").json
        assert "mine" in [each["name"] for each in said["available"]]
        assert [each["name"] for each in said["launched"]] == ["mine"]

    def test_what_cannot_be_read_is_named_and_hides_nothing(self, labapp: Any, lab: Lab, mine: Path) -> None:
        labapp("study", "mine")
        mine.with_name("bad.toml").write_text("task = ")
        folder = lab.store.home.studies / "broken-abcdef"
        folder.mkdir()
        (folder / STUDY).write_text("runs = [")
        printed = labapp("study")
        assert printed.code == 0
        assert "bad.toml" in printed.err
        assert "broken-abcdef" in printed.err
        assert "norms" in printed.out
        assert "mine" in printed.out
        assert len(labapp("study", "--json").json["problems"]) == 2

    def test_labapp_tasks_lists_them_with_their_task(self, labapp: Any, mine: Path) -> None:
        studies = {task["task"]: task["studies"] for task in labapp("tasks", "--json").json}
        assert "norms" in studies["images"]
        assert studies["toy"] == {"mine": "Two lines"}
        assert "Two lines" in labapp("tasks").out
