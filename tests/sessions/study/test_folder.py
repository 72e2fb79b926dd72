"""studies/<name>-<hash>/study.toml: what it lists, and that nothing in it can do harm."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from engine.errors import LabError, UsageError
from sessions.study.folder import STUDY, Member, Studies
from tests.conftest import Lab
from tests.studies import start, toy


@pytest.fixture
def studies(lab: Lab) -> Studies:
    return Studies(lab.store.home)


def broken(studies: Studies, study_id: str, content: bytes) -> Path:
    path = studies.home.ensure().studies / study_id / STUDY
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


class TestWhatIsWritten:
    def test_the_cells_and_the_runs_that_stand_for_them(self, lab: Lab, studies: Studies) -> None:
        launched = start(lab, toy(title='"quotes" [red]and[/] \x1b[31m'), [1, 2])
        raw = tomllib.loads((launched.path / STUDY).read_text())
        assert (raw["v"], raw["cells"]) == (1, ["line", "slope"])
        assert [(row["cell"], row["seed"]) for row in raw["runs"]] == [
            ("line", 1), ("line", 2), ("slope", 1), ("slope", 2)
        ]  # fmt: skip
        again = Studies(lab.store.home).read(launched.id)
        assert (again.members, again.title, again.study) == (launched.members, launched.title, launched.study)
        assert {each.run for each in again.members} == set(lab.store.ids())

    def test_a_folder_is_read_again_when_it_changed_and_not_otherwise(self, lab: Lab, studies: Studies) -> None:
        study_id = start(lab, toy()).id
        first = studies.read(study_id)
        assert studies.read(study_id) is first
        start(lab, toy(), [1, 2])
        assert len(studies.read(study_id).members) == 4

    def test_what_hundreds_of_runs_cost_to_write_is_what_is_new(self, lab: Lab) -> None:
        launched = start(lab, toy())
        launched.members = [Member(f"cell {n}", n, f"line-{n:06}", "k" * 64) for n in range(2_000)]
        launched.write()
        assert len(Studies(lab.store.home).read(launched.id).members) == 2_000


class TestWhatIsFound:
    def test_by_id_a_prefix_of_it_name_or_latest(self, lab: Lab, studies: Studies) -> None:
        one, two = start(lab, toy("one")), start(lab, toy("two"))
        for reference, wanted in ((one.id, one), (one.id[:6], one), ("two", two), ("latest", two)):
            assert studies.find(reference).id == wanted.id

    def test_of_several_with_one_name_the_newest(self, lab: Lab, studies: Studies) -> None:
        start(lab, toy("one"))
        newer = start(lab, toy("one", settings={"epochs": 2}))
        assert studies.find("one").id == newer.id
        with pytest.raises(UsageError, match="several"):
            studies.find("one-"[:2])

    def test_one_that_is_not_there_is_answered_with_the_nearest(self, lab: Lab, studies: Studies) -> None:
        start(lab, toy("norms"))
        with pytest.raises(UsageError, match="norms"):
            studies.find("norm5")

    def test_every_run_knows_the_studies_it_is_in(self, lab: Lab, studies: Studies) -> None:
        one, two = start(lab, toy("one")), start(lab, toy("two", variants=["line"]))
        names = studies.names()
        assert sorted(names[two.members[0].run]) == sorted([one.id, "one", two.id, "two"])
        assert sorted(names[one.members[1].run]) == sorted([one.id, "one"])

    def test_forgotten_it_is_gone_and_its_runs_are_not(self, lab: Lab, studies: Studies) -> None:
        launched = start(lab, toy())
        studies.forget(launched)
        assert studies.all() == []
        assert not launched.path.exists()
        assert len(lab.store.ids()) == 2


class TestGarbage:
    @pytest.mark.parametrize(
        "content",
        [b"\xff", b"x = ", b"x = " + b"[" * 100_000, b"v = 99", b"#" * (17 * 2**20)],
        ids=["bytes", "half", "deep", "newer", "huge"],
    )
    def test_one_that_cannot_be_read_is_named_and_hides_no_other(
        self, lab: Lab, studies: Studies, content: bytes
    ) -> None:
        path = broken(studies, "toys-abcdef", content)
        good = start(lab, toy())
        assert [each.id for each in studies.all()] == [good.id]
        (problem,) = studies.problems
        assert str(path) in str(problem)
        assert studies.names()

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"cells = 3\nruns = 4\nstudy = 5\ncreated = 'x'",
            b"cells = [1, 'a']\n[[runs]]\n[[runs]]\nrun = 3\ncell = 'a'\n[[runs]]\nrun='../../etc'\ncell='a'",
            b"runs = [1, [2], {}]\ncreated = inf",
            b"[[runs]]\nrun = 'line-abc234'\ncell = 'a'\nseed = 'many'\nkey = 7\n[study]\nname = 3\ntitle = []",
        ],
    )
    def test_what_half_of_is_garbage_is_taken_as_far_as_it_goes(self, studies: Studies, content: bytes) -> None:
        broken(studies, "toys-abcdef", content)
        (found,) = studies.all()
        assert all("/" not in each.run for each in found.members)
        assert isinstance(found.title, str)
        assert found.of("a") == found.members

    def test_launched_again_it_is_begun_anew_with_the_runs_that_are_there(self, lab: Lab, studies: Studies) -> None:
        launched = start(lab, toy())
        (launched.path / STUDY).write_text("runs = [")
        again = start(lab, toy())
        assert [each.run for each in again.members] == [each.run for each in launched.members]
        assert (launched.path / "study.toml.broken").exists()

    def test_a_newer_labapps_is_left_as_it_is(self, lab: Lab) -> None:
        launched = start(lab, toy())
        (launched.path / STUDY).write_text("v = 99")
        with pytest.raises(LabError, match="newer"):
            start(lab, toy())
        assert (launched.path / STUDY).read_text() == "v = 99"

    def test_names_that_are_no_studies_are_passed_over(self, studies: Studies) -> None:
        folder = studies.home.ensure().studies
        for name in ("mine.toml", ".lock", "notes", "UPPER-abcdef"):
            (folder / name).mkdir()
        (folder / "empty-abcdef").mkdir()
        assert studies.all() == []
        assert studies.problems == []
