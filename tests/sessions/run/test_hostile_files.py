"""Whatever stands in a run's files, every reader copes, says which file and what to do, and leaves other runs alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import LabError, UsageError
from engine.events import jsonable
from labapp.commands.runs import list_runs, show_run
from labapp.run import run as command_line
from sessions import control
from sessions.home import Home
from sessions.run.records import EVENTS, META, OUTPUT, RESULT
from sessions.run.store import Store
from tests.conftest import Lab

SMALL_FILES = ("config.toml", "meta.json", "labels.json", "request.json", "process.json", "exit.json", "result.json")
GARBAGE = {
    "bytes": b"\x00\xff\xfe garbage \x1b[2J",
    "nothing": b"",
    "half": b'{"v": 1, "status": "fini',
    "a list": b"[1, 2, 3]",
    "wrong types": b'{"v": "x", "status": 5, "labels": 3, "tags": 7, "metrics": [], "spawned": "me", "attempt": "one"}',
    "deep": b"[" * 100_000,
    "odd numbers": b'{"v": 1, "attempt": NaN, "step": Infinity, "epoch": 1e999, "created": 1e300, "pid": 1'
    + b"0" * 400
    + b', "heartbeat": -Infinity, "settings": {"epochs": NaN}, "metrics": {"val": {"loss": "x"}}}',
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("name", SMALL_FILES)
def test_garbage_in_a_small_file_is_survived_by_every_reader(lab: Lab, name: str, garbage: bytes) -> None:
    run = lab.store.read(lab.store.create(_config(lab)).name)
    other = lab.store.create(_config(lab)).name
    (run.path / name).write_bytes(garbage)
    for each in lab.store.all():
        json.dumps(jsonable(each.as_json()), allow_nan=False)
    list_runs(lab.store.all())
    show_run(lab.read(run), full=True)
    damaged = lab.read(run)
    if garbage not in (GARBAGE["wrong types"], GARBAGE["odd numbers"]):
        assert any(str(run.path / name) in problem for problem in damaged.problems)
    assert lab.store.read(other).problems == []


def _config(lab: Lab):  # type: ignore[no-untyped-def]
    from engine.catalogue import parse_target
    from engine.config import resolve

    row, variant = parse_target("toy/line")
    return resolve(row, variant, None)


def test_a_finished_run_whose_result_is_damaged_is_lost_and_resume_evaluates_it_again(lab: Lab) -> None:
    run = lab.finished()
    before = run.metrics
    (run.path / RESULT).write_bytes(b"garbage")
    run = lab.until(run, lambda now: now.status.name == "lost")
    (problem,) = run.problems
    assert str(run.path / RESULT) in problem
    assert "labapp resume" in problem
    run = lab.ended(control.resume(lab.store, run))
    assert run.status.name == "finished"
    assert run.metrics == before


def test_garbage_between_events_costs_those_lines_only(lab: Lab) -> None:
    run = lab.finished()
    lines = (run.path / EVENTS).read_bytes().splitlines(keepends=True)
    odd = [b'{"type":"metrics","step":NaN}\n', b'{"type":"resume","from_step":"x"}\n', b'{"type":"end","time":"x"}\n']
    noise = [b"\xff\xfe\n", b"[]\n", b'{"type": 5}\n', *odd, b"\n"]
    (run.path / EVENTS).write_bytes(b"".join(line + noise[i % len(noise)] for i, line in enumerate(lines)))
    (run.path / RESULT).unlink()
    damaged = Store(lab.store.home).read(run.id)
    assert damaged.history.series[("val", "loss")].values == run.history.series[("val", "loss")].values
    assert any(str(run.path / EVENTS) in problem for problem in damaged.problems)


def test_a_directory_that_vanishes_is_no_error(lab: Lab) -> None:
    run = lab.finished()
    shutil.rmtree(run.path)
    assert lab.store.all() == []
    with pytest.raises(UsageError):
        lab.store.find(run.id)


def test_a_run_of_a_newer_version_is_listed_but_not_worked_on(lab: Lab) -> None:
    run = lab.finished()
    meta = json.loads((run.path / META).read_text())
    (run.path / META).write_text(json.dumps({**meta, "v": 99, "unheard_of": {"x": 1}}))
    (run.path / RESULT).unlink()
    run = lab.read(run)
    assert any("newer labapp" in problem and str(run.path) in problem for problem in run.problems)
    with pytest.raises(LabError, match="newer labapp") as refusal:
        control.resume(lab.store, run)
    assert "upgrade" in str(refusal.value.hint)


def test_events_of_unknown_types_are_passed_over(lab: Lab) -> None:
    run = lab.finished()
    with (run.path / EVENTS).open("ab") as file:
        file.write(b'{"v":99,"type":"hologram","step":99,"epoch":1,"elapsed":2}\n')
    assert Store(lab.store.home).read(run.id).problems == []


def test_ids_cannot_escape_the_runs_folder(lab: Lab) -> None:
    lab.finished()
    for reference in ("..", ".", "../runs", "/etc", "", "a/b"):
        with pytest.raises(UsageError):
            lab.store.find(reference)
        with pytest.raises(UsageError):
            lab.store.restore(reference)


class TestDataset:
    def test_one_that_vanished_fails_that_run_names_it_and_can_be_resumed(self, lab: Lab, tmp_path: Path) -> None:
        numbers = tmp_path / "numbers.txt"
        numbers.write_text("\n".join(str(i / 50) for i in range(64)))
        run = lab.at_step(lab.launch(data=str(numbers), epochs=400, pace=0.004), 10)
        lab.kill(run)
        run = lab.until(run, lambda now: now.status.name == "lost")
        text = numbers.read_text()
        numbers.unlink()
        run = lab.ended(control.resume(lab.store, run))
        assert run.status.name == "failed"
        assert str(numbers) in run.error["got"]
        numbers.write_text(text)
        assert lab.at_step(control.resume(lab.store, run), 10).status.name == "running"

    def test_one_that_changed_is_refused(self, lab: Lab, tmp_path: Path) -> None:
        numbers = tmp_path / "numbers.txt"
        numbers.write_text("\n".join(str(i / 50) for i in range(64)))
        run = lab.at_step(lab.launch(data=str(numbers), epochs=400, pace=0.004), 10)
        lab.kill(run)
        run = lab.until(run, lambda now: now.status.name == "lost")
        numbers.write_text("1 2 3 4 5 6 7 8")
        run = lab.ended(control.resume(lab.store, run))
        assert run.status.name == "failed"
        assert "changed" in run.error["title"]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "tiny"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


class TestDiskFull:
    def test_events_that_cannot_be_written_fail_the_run_and_say_so(self, lab: Lab) -> None:
        path = lab.store.create(_config(lab))
        (path / EVENTS).symlink_to("/dev/full")
        run = lab.ended(control.resume(lab.store, _paused(lab, path)))
        assert run.status.name == "failed"
        assert run.error["title"] == "the disk is full"
        assert str(path / EVENTS) in run.error["got"]
        assert "labapp clean" in run.error["hint"]

    def test_a_disk_that_fills_up_fails_the_run_with_a_result_and_hurts_no_other(self, tiny_disk: Path) -> None:
        lab = Lab(tiny_disk)
        other = lab.finished()
        run = lab.at_step(lab.launch(epochs=4000, pace=0.004), 10)
        with (tiny_disk / "filler").open("wb") as filler:
            while True:
                try:
                    os.write(filler.fileno(), b"x" * 4096)
                except OSError:
                    break
        run = lab.ended(run)
        assert run.status.name == "failed"
        assert run.error["title"] == "the disk is full"
        assert str(run.path) in run.error["got"]
        assert lab.read(other).status.name == "finished"
        (tiny_disk / "filler").unlink()
        assert lab.at_step(control.resume(lab.store, run), 10).status.name == "running"
        control.kill(lab.read(run))


def _paused(lab: Lab, path: Path):  # type: ignore[no-untyped-def]
    request = json.loads((path / "request.json").read_text())
    (path / "request.json").write_text(json.dumps({**request, "wanted": "pause"}))
    return lab.store.read(path.name)


class TestHome:
    def test_a_read_only_one_is_named_with_the_remedy(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        read_only = Store(Home(Path("/proc/labapp-home")))
        with pytest.raises(LabError) as refusal:
            read_only.create(_config(lab))
        assert "/proc/labapp-home" in str(refusal.value.got)

    def test_a_home_that_became_read_only_can_still_be_looked_at(
        self, tiny_disk: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        lab = Lab(tiny_disk)
        run = lab.finished()
        subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
        home = ["--home", str(tiny_disk)]
        for looking in (["runs"], ["show", run.id], ["logs", run.id]):
            assert command_line([*looking, *home]) == 0, looking
        capfd.readouterr()
        for changing in (
            ["train", "toy/line"],
            ["label", run.id, "--tag", "x"],
            ["delete", run.id],
            ["resume", run.id],
        ):
            assert command_line([*changing, *home]) in (1, 2), changing
            said = capfd.readouterr().err
            assert str(tiny_disk) in said, changing
            assert "--home" in said, changing
        subprocess.run(["mount", "-o", "remount,rw", str(tiny_disk)], check=True)

    def test_one_without_permission_says_which_and_how_to_choose_another(self, tmp_path: Path) -> None:
        from engine.files import cannot_write

        refusal = cannot_write(tmp_path, PermissionError(13, "Permission denied"))
        assert str(tmp_path) in str(refusal.got)
        assert "--home" in str(refusal.hint)

    def test_a_file_where_the_home_should_be_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "home").write_text("not a folder")
        with pytest.raises(UsageError, match="not a folder"):
            Home(tmp_path / "home").ensure()


def test_a_log_with_control_characters_cannot_act_on_the_terminal(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    run = lab.finished()
    (run.path / OUTPUT).write_bytes(b"before\x1b[2J\x1b]0;owned\x07after\n")
    assert command_line(["logs", run.id]) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\x07" not in printed
    assert "before" in printed
    assert "after" in printed
