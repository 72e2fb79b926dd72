"""Reports over run folders written by hand: what is in them, what must not be, and which files are touched."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from engine.errors import LabError, UsageError
from engine.studies.definition import study_of
from sessions.home import Home
from sessions.run.store import Store
from sessions.study import reporting
from sessions.study.reporting import write
from tests.sessions.study.records import SECRET, classes, searches, texts, write_run, write_sheet, write_study


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Home(tmp_path / "home"))


def norms(store: Store, **changes: Any) -> None:
    """A study of three cells: two with two seeds, one without a run."""
    raw = {"name": "norms", "task": "images", "variants": ["torch-bn", "bn", "gn"], "metric": "accuracy",
           "agree": ["torch-bn", "bn"], "sections": ["statistics", "curves", "agreement", "quantiles", "classes",
           "confusion", "gradcam"], "findings": ["best", "agreement"], "title": "Norms", **changes}  # fmt: skip
    runs = {}
    for variant, accuracy in (("torch-bn", 0.90), ("bn", 0.89)):
        for seed in (1, 2):
            run = f"{variant}-{seed}{'a' * 5}"
            path = write_run(
                store.home, run, "images", variant, seed=seed, accuracy=accuracy + seed / 100,
                reports=classes("cat", "dog"), settings={"batch_size": 64},
            )  # fmt: skip
            runs[variant, seed] = run
            if seed == 1:
                write_sheet(path)
    write_study(store.home, study_of(raw, "test"), runs)


def test_a_study_is_written_up_whole(store: Store, tmp_path: Path) -> None:
    norms(store)
    written = write(store, ["norms"], tmp_path / "r.md", findings=True)
    text = written.path.read_text()
    headings = [line.replace("\\", "") for line in text.splitlines() if line.startswith("## ")]
    assert [each.removeprefix("## ") for each in headings] == [
        "What is missing", "Findings", "Statistics", "Curves", "Do torch-bn and bn agree?", "Distribution of features",
        "Classes", "What is taken for what", "Where the network looks", "Hyper-parameters", "Environment",
        "Commands to repeat it",
    ]  # fmt: skip
    plain = text.replace("\\", "")
    assert "gn has no run" in plain  # and how it is trained:
    assert "labapp train images/gn --recipe best --set seed=1" in text
    assert "labapp train images/bn --recipe best --set batch_size=64 --set epochs=3 --set seed=2" in text
    assert "0.9150 ± 0.0071" in plain  # mean and spread of 0.91 and 0.92
    assert "labapp study norms" not in text  # ours of that name has other variants
    assert "labapp study images/torch-bn,bn,gn --as norms --seeds 2" in text
    assert "hal9000" in text
    assert SECRET in plain
    assert {path.name for path in written.figures} >= {"curves-loss.svg", "confusion-bn.svg", "agreement.svg"}
    assert any(path.suffix == ".png" for path in written.figures)


@pytest.mark.parametrize("name", ["r.html", "r.md", "r.tex"])
def test_what_is_shareable_tells_nothing_of_the_place_or_the_data(
    store: Store, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "host", lambda: "skynet.example.org")
    data = tmp_path / "private" / "birds"
    path = write_run(
        store.home, "bn-aaaaaa", "images", "bn", data=str(data), reports=classes("cat", "dog"), name="on hal9000",
        settings={"device": "auto"},
    )  # fmt: skip
    write_sheet(path)
    write_run(store.home, "gn-bbbbbb", "images", "gn", status="failed", error=f"no file {data}/x.png")
    (tmp_path / "r.comments.md").write_text(f"see {store.home.root}/runs and {Path.home()}/notes on skynet\n")
    whole = write(store, ["bn-aaaaaa", "gn-bbbbbb"], tmp_path / "whole.md")
    assert str(data) in whole.path.read_text().replace("\\", "")
    written = write(store, ["bn-aaaaaa", "gn-bbbbbb"], tmp_path / name, shareable=True)
    text = texts(written.path, written.figures).replace("\\", "")
    text = text.replace(str(tmp_path / "r_files"), "")  # where the test has it from
    for secret in (str(tmp_path), str(store.home.root), SECRET, SECRET[:20], "hal9000", "skynet"):
        assert secret not in text, secret
    assert f"{Path.home()}/" not in text
    assert "birds" in text
    assert "cat" in text
    assert not any(each.suffix == ".png" for each in written.figures)
    assert "image/png" not in text


def test_a_label_that_tells_runs_apart_by_a_path_is_made_shareable_too(store: Store, tmp_path: Path) -> None:
    for number, run in enumerate(("bilstm-glove-aaaaaa", "bilstm-glove-bbbbbb")):
        vectors = f"/nfs/lab/ana/glove{number}.txt"
        write_run(store.home, run, "ner", "bilstm-glove", settings={"vectors": vectors})
    written = write(store, ["bilstm-glove-aaaaaa", "bilstm-glove-bbbbbb"], tmp_path / "r.md", shareable=True)
    text = texts(written.path, written.figures).replace("\\", "")
    assert "glove1.txt" in text
    assert "/nfs/lab" not in text


def test_numbers_and_curves_that_are_not_there_or_no_numbers_are_left_out(store: Store, tmp_path: Path) -> None:
    reports = classes("cat", "dog")
    reports["test"]["per_class"][0]["support"] = 10**400
    write_run(store.home, "bn-aaaaaa", "images", "bn", events=False, reports=reports)
    path = write_run(store.home, "bn-bbbbbb", "images", "bn", seed=2)
    (path / "result.json").unlink()  # it goes on, or was lost: its curves are not those of its cell
    text = write(store, ["bn-aaaaaa", "bn-bbbbbb"], tmp_path / "r.md").path.read_text()
    assert "## Classes" in text
    assert "Distribution of features" not in text


def test_comments_survive_and_are_never_written(store: Store, tmp_path: Path) -> None:
    write_run(store.home, "bn-aaaaaa", "images", "bn")
    out, own = tmp_path / "r.html", tmp_path / "thoughts.md"
    own.write_text("## statistics\nI <b>think</b> so.\n")
    write(store, ["bn-aaaaaa"], out, comments=own)
    stands = own.stat().st_mtime_ns
    write(store, ["bn-aaaaaa"], out)  # remembers where they are
    text = out.read_text()
    assert "I &lt;b&gt;think&lt;/b&gt; so." in text
    assert text.index('id="statistics"') < text.index("so.") < text.index('id="curves"')
    assert own.stat().st_mtime_ns == stands
    own.unlink()
    with pytest.raises(UsageError, match="no such comments"):
        write(store, ["bn-aaaaaa"], out)
    assert "think" in out.read_text()  # the report of before still stands
    (tmp_path / "s.comments.md").write_text("By the usual name.")
    write(store, ["bn-aaaaaa"], tmp_path / "s.html")
    assert "By the usual name." in (tmp_path / "s.html").read_text()


def test_only_reports_are_overwritten_and_old_figures_go(store: Store, tmp_path: Path) -> None:
    write_run(store.home, "bn-aaaaaa", "images", "bn", reports=classes("cat", "dog"))
    out = tmp_path / "r.md"
    out.write_text("my thesis\n")
    with pytest.raises(UsageError, match="no report of ours"):
        write(store, ["bn-aaaaaa"], out)
    assert out.read_text() == "my thesis\n"
    first = write(store, ["bn-aaaaaa"], out, force=True)
    foreign = tmp_path / "r_files" / "mine.svg"
    foreign.write_text("x")
    second = write(store, ["bn-aaaaaa"], out, sections=["curves"])
    assert set(second.figures) < set(first.figures)
    assert {*second.figures, foreign} == set((tmp_path / "r_files").iterdir())
    assert out.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize(
    ("references", "out", "options", "title"),
    [
        (["nothing"], "r.html", {}, "no study or run"),
        (["bn-aaaaaa"], "r.docx", {}, "which format"),
        (["bn-aaaaaa"], "no/r.html", {}, "no place"),
        (["bn-aaaaaa"], "r.html", {"sections": ["curvs"]}, "unknown section"),
        (["bn-aaaaaa"], "r.html", {"format": "pdf"}, "unknown format"),
        (["bn-aaaaaa"], "r.html", {"comments": Path("missing.md")}, "no such comments"),
        (["bn-aaaaaa", "bilstm-aaaaaa"], "r.html", {}, "several tasks"),
    ],
)
def test_what_cannot_be_written_is_said_before(
    store: Store, tmp_path: Path, references: list[str], out: str, options: dict[str, Any], title: str
) -> None:
    write_run(store.home, "bn-aaaaaa", "images", "bn")
    write_run(store.home, "bilstm-aaaaaa", "ner", "bilstm")
    with pytest.raises(LabError, match=title) as raised:
        write(store, references, tmp_path / out, **options)
    assert raised.value.got
    assert not (tmp_path / out).exists()


def test_records_without_reports_events_or_provenance_are_enough(store: Store, tmp_path: Path) -> None:
    path = write_run(store.home, "bn-aaaaaa", "images", "bn", events=False, meta={"imported": {"from": "records"}})
    (path / "artifacts" / "mistakes.json").unlink()
    bare = write_run(store.home, "gn-bbbbbb", "images", "gn", events=False)
    (bare / "meta.json").unlink()
    (bare / "result.json").write_text(
        json.dumps({"v": 1, "status": "finished", "metrics": {"test": {"accuracy": 0.5}}})
    )
    text = write(store, ["bn-aaaaaa", "gn-bbbbbb"], tmp_path / "r.html", findings=True).path.read_text()
    assert "1 of 2 runs are records from elsewhere" in text
    assert "bn is best" in text
    assert "0.5000" in text


def test_searches_of_problems_are_shown_with_a_job_s_widths(store: Store, tmp_path: Path) -> None:
    path = write_run(store.home, "attention-aaaaaa", "mathqa", "attention", accuracy=0.6, reports=searches())
    wider = {"20": {"grammar_on": {"exact_match": 0.7}, "grammar_off": {"exact_match": 0.65}}}
    result = {"id": "attention-aaaaaa", "split": "test", "by_beam": wider}
    job = {"v": 1, "kind": "evaluate", "args": {"split": "test"}, "status": "finished", "result": result}
    (path / "artifacts" / "evaluate-abcdef.json").write_text(json.dumps(job))
    text = write(store, ["attention-aaaaaa"], tmp_path / "r.md", findings=True).path.read_text().replace("\\", "")
    assert "| 20 | on | 0.7000 |" in text
    assert "| 1 | off | 0.5000 |" in text
    assert "| lookup |" in text
    assert "stack is empty" in text
    assert "a beam of 20 is better than one of 1 in exact match" in text


def test_a_result_from_elsewhere_names_no_file_of_this_machine(store: Store, tmp_path: Path) -> None:
    path = write_run(store.home, "bn-aaaaaa", "images", "bn")
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"\x89PNG\r\n\x1a\nprivate")
    result = {"run": "bn-aaaaaa", "sheets": [str(secret)]}
    job = {"v": 1, "kind": "gradcam", "args": {}, "status": "finished", "result": result}
    (path / "artifacts" / "gradcam-abcdef.json").write_text(json.dumps(job))
    assert "image/png" not in write(store, ["bn-aaaaaa"], tmp_path / "r.html").path.read_text()
