"""`labapp compare`: over run folders written by hand; nothing is trained."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compared import finished, launched, study
from tests.conftest import Lab


@pytest.fixture
def norms(lab: Lab) -> Lab:
    """On CIFAR-10: three seeds of bn, two of in that cannot be told from them, one of ln that is worse."""
    for variant, values in (("bn", (0.909, 0.911, 0.913)), ("in", (0.910, 0.909)), ("ln", (0.80,))):
        for seed, value in enumerate(values, 1):
            finished(
                lab, f"images/{variant}", "cifar10", seed=seed, fingerprint="f", commit="c0ffee",
                metrics={"accuracy": value, "micro_f1": value, "loss": 1 - value},
            )  # fmt: skip
    return lab


def line_of(out: str, begins: str) -> list[str]:
    return next(line.split() for line in out.splitlines() if line.startswith(begins))


class TestTheTable:
    def test_has_a_row_for_all_seeds_with_the_best_marked_and_what_cannot_be_told_from_it(
        self, norms: Lab, labapp: Any
    ) -> None:
        shown = labapp("compare", "task:images", "--split", "test")
        assert shown.code == 0
        assert line_of(shown.out, "bn")[:5] == ["bn", "3", "0.9110", "±.0020", "*"]
        assert line_of(shown.out, "in")[:5] == ["in", "2", "0.9095", "±.0007", "~"]
        assert line_of(shown.out, "ln")[:3] == ["ln", "1", "0.8000"]
        assert "not distinguishable" in shown.out
        assert "warning" not in shown.err

    def test_sets_what_reports_state_under_each_row_with_the_difference_and_marks_the_wrong(
        self, norms: Lab, labapp: Any
    ) -> None:
        out = labapp("compare", "variant:bn", "--split", "test").out
        assert line_of(out, "  report 000")[:7] == ["report", "000", "(2021)", "0.8466", "+.0644", "0.8466", "+.0644"]
        assert line_of(out, "  report 001")[:7] == ["report", "001", "(2021)", "0.8139", "+.0971", "0.8948", "?"]
        assert "micro-F1 equals accuracy; theirs does not" in out
        assert "bn in 1.2.1 to 1.2.3, 1.2.5" in out

    def test_has_no_report_beside_a_run_on_other_data(self, lab: Lab, labapp: Any) -> None:
        finished(lab)
        out = labapp("compare", "latest").out
        assert "0.9000" in out
        assert "report" not in out

    def test_is_one_for_each_split_and_says_what_differs_alone(self, norms: Lab, labapp: Any) -> None:
        out = labapp("compare", "task:images").out
        assert [line.split()[0] for line in out.splitlines() if " accuracy " in line] == ["train", "val", "test"]
        assert line_of(out.partition("what differs")[2], " ") == ["variant"]

    def test_is_sorted_as_asked(self, norms: Lab, labapp: Any) -> None:
        def order(*options: str) -> list[str]:
            return [row["label"] for row in labapp("compare", "task:images", "--json", *options).json["rows"]]

        assert order() == ["bn", "in", "ln"]
        assert order("--worst-first") == ["ln", "in", "bn"]
        assert order("--sort", "name", "--worst-first") == ["ln", "in", "bn"]
        assert order("--sort", "loss") == ["bn", "in", "ln"]
        assert order("--sort", "given") == ["ln", "in", "bn"]  # as labapp runs lists them: the newest first
        assert labapp("compare", "task:images", "--sort", "acuracy").code == 2

    def test_shows_each_run_when_it_is_asked_to(self, norms: Lab, labapp: Any) -> None:
        rows = labapp("compare", "variant:bn", "--each", "--json").json
        assert len(rows["rows"]) == 3
        assert set(rows["differences"]) == {"seed"}


class TestTheDocument:
    def test_has_all_of_it(self, norms: Lab, labapp: Any) -> None:
        found = labapp("compare", "task:images", "--split", "test", "--json").json
        first = found["rows"][0]
        assert (first["variant"], first["seeds"], len(first["runs"])) == ("bn", [3, 2, 1], 3)
        assert first["stats"]["test"]["accuracy"]["mean"] == pytest.approx(0.911)
        assert first["stats"]["test"]["accuracy"]["n"] == 3
        assert found["best"]["test"]["accuracy"] == {"label": "bn", "not_distinguishable": ["in"]}
        assert found["differences"] == {"variant": {"bn": "bn", "in": "in", "ln": "ln"}}
        report = first["reported"][1]
        assert (report["report"], report["year"], report["source"]) == ("001", 2021, "1.2.1 to 1.2.3, 1.2.5")
        assert report["metrics"]["test"]["accuracy"]["difference"] == pytest.approx(0.911 - 0.8139)
        assert report["metrics"]["test"]["accuracy"]["distinguishable"] is True
        assert report["metrics"]["test"]["micro_f1"]["flawed"]
        assert report["metrics"]["test"]["micro_f1"]["difference"] is None


class TestWhatIsMeant:
    def test_a_studys_name_alone_means_its_cells(self, lab: Lab, labapp: Any) -> None:
        launched(lab, study(), {"bn batch_size=8": [0.5, 0.6], "gn batch_size=8": [0.7]})
        out = labapp("compare", "sizes", "--split", "test").out
        assert line_of(out, "bn batch_size=8")[2:4] == ["2", "0.5500"]
        assert line_of(out, "gn batch_size=8")[2:4] == ["1", "0.7000"]
        assert "gn batch_size=128 (no run)" in out

    def test_several_studies_and_runs_mean_all_their_runs(self, lab: Lab, labapp: Any) -> None:
        launched(lab, study(), {"bn batch_size=8": [0.5, 0.6]})
        launched(lab, study(name="others"), {"gn batch_size=8": [0.7]})
        alone = finished(lab, "images/in", name="alone")
        rows = labapp("compare", "sizes", "others", "--json").json["rows"]
        assert sorted((row["variant"], len(row["runs"])) for row in rows) == [("bn", 2), ("gn", 1)]
        rows = labapp("compare", "sizes", "alone", "--json").json["rows"]
        assert [alone.id] in [row["runs"] for row in rows]
        launched(lab, study(name="empty"), {})
        assert "this study has no runs" in labapp("compare", "alone", "empty").err

    def test_what_means_nothing_is_said_with_what_would_mean_something(self, lab: Lab, labapp: Any) -> None:
        launched(lab, study(), {"bn batch_size=8": [0.5]})
        assert "expected: an id" in labapp("compare", "syzes").err
        assert "sizes" in labapp("compare", "syzes").err
        assert "labapp study norms launches it" in labapp("compare", "norms").err
        assert labapp("compare", "task:ner").code == 2

    def test_runs_of_two_tasks_are_refused(self, lab: Lab, labapp: Any) -> None:
        finished(lab)
        finished(lab, "ner/bilstm", metrics={"micro_f1": 0.5})
        told = labapp("compare", "status:finished", "--json")
        assert told.code == 2
        assert told.json["error"]["got"] == "1 of ner, 1 of images"

    def test_other_code_and_other_data_are_warned_of(self, norms: Lab, labapp: Any) -> None:
        finished(norms, "images/bn", "cifar10", lr=0.5, fingerprint="g", commit="beef")
        err = labapp("compare", "task:images").err
        assert "different versions of the code: 1 of 0.1.0 beef, 6 of 0.1.0 c0ffee" in err
        assert "different data: 1 on cifar10 g, 6 on cifar10 f" in err
