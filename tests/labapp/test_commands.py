"""The command line: what it prints, how it exits, what it says when something is wrong."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from engine.errors import nearest
from labapp import cli
from labapp.follow import follow
from labapp.output import clean, duration, size
from sessions import control
from sessions.process import child_environment, python_command
from sessions.run.runs import Run
from sessions.run.store import Store
from tests.conftest import Lab

LONG = ["--set", "epochs=2000", "--set", "pace=0.004"]
KEYS = {"id", "task", "variant", "dataset", "status", "epoch", "seconds", "metrics"}


class TestTrain:
    def test_it_prints_the_id_and_nothing_else_on_stdout(self, labapp: Any, lab: Lab) -> None:
        printed = labapp("train", "toy/line")
        assert printed.code == 0
        assert lab.store.ids() == [printed.out.strip()]
        lab.ended(lab.store.find(printed.out.strip()))

    def test_wait_prints_one_document_when_it_is_over(self, labapp: Any) -> None:
        printed = labapp("train", "toy/line", "--wait", "--json", "--name", "first")
        assert printed.code == 0
        assert set(printed.json) >= KEYS
        assert set(printed.json["metrics"]) == {"train", "val", "test"}
        assert printed.json["status"] == "finished"

    def test_a_failed_run_exits_with_1(self, labapp: Any) -> None:
        printed = labapp("train", "toy/line", "--set", "fail_at=3", "--wait", "--json")
        assert printed.code == 1
        assert printed.json["status"] == "failed"
        assert "abacus" in printed.json["error"]["got"]

    def test_from_repeats_a_run_with_changes_and_nothing_else(self, labapp: Any) -> None:
        labapp("train", "toy/line", "--set", "lr=0.07", "--set", "points=40", "--name", "old", "--wait")
        printed = labapp("train", "toy/line", "--from", "old", "--set", "epochs=2", "--dry-run", "--json")
        settings = printed.json["settings"]
        assert (settings["lr"], settings["points"], settings["epochs"]) == (0.07, 40, 2)

    def test_from_alone_takes_variant_and_data_of_the_run_too(self, labapp: Any) -> None:
        labapp("train", "toy/slope", "--name", "old", "--wait")
        assert labapp("train", "--from", "old", "--dry-run", "--json").json["variant"] == "slope"

    def test_from_cannot_take_another_recipe_and_keep_the_old_settings(self, labapp: Any) -> None:
        labapp("train", "toy/line", "--name", "old", "--wait")
        printed = labapp("train", "toy/line", "--from", "old", "--recipe", "seed")
        assert printed.code == 2
        assert "another recipe" in printed.err

    def test_an_unset_shell_variable_is_not_the_current_folder(self, labapp: Any) -> None:
        for option in ("--home", "--data"):
            assert labapp("train", "toy/line", option, "").code == 2, option
        assert list(Path.cwd().glob("runs")) == []

    def test_dry_run_starts_nothing(self, labapp: Any, lab: Lab) -> None:
        printed = labapp("train", "toy/line", "--dry-run")
        assert 'task = "toy"' in printed.out
        assert lab.store.ids() == []

    def test_a_gpu_and_a_device_that_contradict_each_other_are_refused(self, labapp: Any) -> None:
        printed = labapp("train", "toy/line", "--gpu", "cpu", "--set", "device=cuda")
        assert printed.code == 2
        assert "contradict" in printed.err

    def test_from_does_not_repeat_where_the_old_run_ran(self, labapp: Any) -> None:
        labapp("train", "toy/line", "--gpu", "cpu", "--name", "old", "--wait")
        assert labapp("show", "old", "--json").json["settings"]["device"] == "cpu"
        repeated = labapp("train", "toy/line", "--from", "old", "--dry-run", "--json").json
        assert repeated["settings"]["device"] == "auto"

    def test_a_gpu_that_is_not_there_is_refused_before_anything_starts(self, labapp: Any, lab: Lab) -> None:
        printed = labapp("train", "toy/line", "--gpu", "7", "--json")
        assert printed.code == 2
        assert "7" in printed.json["error"]["title"]
        assert lab.store.ids() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "imags/bn"], "images"),
        (["train", "images/nb"], "images/bn"),
        (["train", "images/bn", "--set", "epoch=3"], "epochs"),
        (["train", "images/bn", "--recipe", "bets"], "best"),
        (["train", "images/bn", "--data", "cifar"], "cifar10"),
        (["train", "images/bn", "--watt"], "--wait"),
        (["trian"], "train"),
        (["ls"], "'runs'"),  # what other programs call it
        (["show", "nothing"], "no run"),
        (["runs", "status:runing"], "running"),
        (["data", "fetch", "cifar"], "cifar10"),
        (["evaluate", "latest", "--split", "tset"], "test"),
        (["train"], "TASK/VARIANT"),
        (["solve", "--beam", "0"], "equal to 1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_usage_exits_with_2_and_is_answered_with_the_nearest_known_name(
    labapp: Any, arguments: list[str], says: str
) -> None:
    printed = labapp(*arguments)
    assert printed.code == 2
    assert printed.out == ""
    assert says in printed.err
    assert "Traceback" not in printed.err
    as_json = labapp(*arguments, "--json")
    assert as_json.code == 2
    error = as_json.json["error"]
    assert set(error) == {"title", "got", "expected", "hint"}
    assert says in json.dumps(error)


class TestControl:
    def test_stop_wait_resume_wait(self, labapp: Any, lab: Lab) -> None:
        run = lab.launch(epochs=60, pace=0.004)
        lab.at_step(run, 10)
        assert labapp("stop", run.id, "--wait").code == 0
        assert labapp("show", run.id, "--json").json["status"] == "stopped"
        assert labapp("resume", run.id).code == 0
        printed = labapp("wait", run.id, "--json")
        assert printed.code == 0
        assert printed.json[0]["status"] == "finished"

    def test_resume_wait_exits_with_1_when_the_run_fails_again(self, labapp: Any, lab: Lab) -> None:
        run = lab.finished(fail_at=9, epochs=1, points=200)
        assert labapp("resume", run.id, "--wait").code == 1

    def test_evaluate_prints_the_runs_that_can_be_and_exits_with_1(self, labapp: Any, lab: Lab) -> None:
        good, bad = lab.finished(), lab.finished("broken/line")
        printed = labapp("evaluate", good.id, bad.id, "--json")
        assert printed.code == 1
        assert [each["id"] for each in printed.json] == [good.id, bad.id]
        assert "no checkpoint" in printed.json[1]["error"]["title"]
        assert printed.json[0]["metrics"] == good.metrics["test"]

    def test_queries_act_on_what_fits_and_dry_run_on_nothing(self, labapp: Any, lab: Lab) -> None:
        ended = lab.finished()
        going = [lab.at_step(lab.launch(epochs=2000, pace=0.004), 2) for _ in range(2)]
        printed = labapp("kill", "task:toy", "--dry-run", "--json")
        assert {each["id"] for each in printed.json} == {run.id for run in going}
        assert all(lab.read(run).status.name == "running" for run in going)
        assert labapp("kill", "task:toy").code == 0
        assert {lab.read(run).status.name for run in going} == {"lost"}
        assert lab.read(ended).status.name == "finished"

    def test_a_name_cannot_be_taken_twice_by_way_of_the_trash(self, labapp: Any, lab: Lab) -> None:
        first, second = lab.finished(name="ok"), lab.finished()
        assert labapp("delete", first.id).code == 0
        assert labapp("label", second.id, "--name", "ok").code == 0
        printed = labapp("restore", first.id)
        assert printed.code == 2
        assert f"labapp label {second.id}" in printed.err

    @pytest.mark.parametrize("tag", ["", "two words", "a:b", "a,b", "\x1b[2J", "x" * 100])
    def test_a_tag_is_a_word(self, labapp: Any, lab: Lab, tag: str) -> None:
        run = lab.finished()
        assert labapp("label", run.id, "--tag", tag).code == 2
        assert lab.read(run).tags == []

    def test_label_with_nothing_says_so(self, labapp: Any, lab: Lab) -> None:
        assert labapp("label", lab.finished().id).code == 2

    def test_clean_asks_a_person_or_wants_yes(self, labapp: Any, lab: Lab) -> None:
        run = lab.finished()
        labapp("delete", run.id)
        printed = labapp("clean", "--json")
        assert printed.code == 2
        assert printed.json["error"]["expected"] == "--yes"
        assert lab.store.trash_ids() == [run.id]

    def test_clean_drops_the_cache_if_asked_to_and_no_run_needs_it(self, labapp: Any, lab: Lab) -> None:
        kept = lab.store.home.ensure().cache / "features" / "a.safetensors"
        kept.parent.mkdir()
        kept.write_bytes(b"12345")
        assert labapp("clean", "--yes", "--json").json["freed"] == 0
        waits = lab.create()
        assert "may be in use" in labapp("clean", "--cache", "--yes").err
        control.delete(lab.store, waits)
        assert kept.exists()
        assert "cache: made anew" in labapp("clean", "--cache", "--dry-run").err
        labapp("clean", "--cache", "--yes")
        assert not kept.parent.exists()

    def test_json_of_an_action_names_those_that_refused(self, labapp: Any, lab: Lab) -> None:
        going, ended = lab.at_step(lab.launch(epochs=2000, pace=0.004), 2), lab.finished()
        printed = labapp("kill", going.id, ended.id, "--json")
        assert printed.code == 1
        assert [("error" in each) for each in printed.json] == [False, True]

    def test_label_delete_restore_clean(self, labapp: Any, lab: Lab) -> None:
        run = lab.finished()
        assert labapp("label", run.id, "--name", "mine", "--tag", "keep", "--note", "n").code == 0
        shown = labapp("show", "mine", "--json").json
        assert (shown["name"], shown["tags"], shown["note"]) == ("mine", ["keep"], "n")
        assert labapp("delete", "mine").code == 0
        assert labapp("runs", "--json").json == []
        assert run.id in labapp("restore", run.id, "--dry-run").err
        assert labapp("runs", "--json").json == []
        assert labapp("restore", run.id).code == 0
        labapp("delete", run.id)
        restored = labapp("restore", "nosuch", run.id, "--json")
        assert restored.code == 1
        assert [(each["id"], "error" in each) for each in restored.json] == [("nosuch", True), (run.id, False)]
        labapp("delete", run.id)
        would = labapp("clean", "--dry-run", "--json").json
        assert would["freed"] == 0 < would["would_free"]
        assert labapp("clean", "--yes", "--json").json["freed"] == would["would_free"]
        assert lab.store.trash_ids() == []

    def test_acting_on_a_run_that_cannot_be_acted_on_exits_with_2(self, labapp: Any, lab: Lab) -> None:
        run = lab.finished()
        for command in ("stop", "pause", "resume", "kill"):
            printed = labapp(command, run.id)
            assert printed.code == 2, command
            assert "finished" in printed.err


class TestLooking:
    def test_runs_lists_and_filters(self, labapp: Any, lab: Lab) -> None:
        first, second = lab.finished(), lab.finished("toy/slope", name="b")
        listed = labapp("runs", "--json").json
        assert [each["id"] for each in listed] == [second.id, first.id]
        assert all(set(each) >= KEYS for each in listed)
        assert [each["id"] for each in labapp("runs", "variant:slope", "--json").json] == [second.id]
        assert second.id in labapp("runs").out

    def test_show_names_a_failed_runs_error_and_remedy(self, labapp: Any, lab: Lab) -> None:
        run = lab.finished(poison_from=1, poison_to=10_000, epochs=50)
        printed = labapp("show", run.id)
        assert "no longer finite" in printed.out
        assert "learning rate" in printed.out

    def test_hostile_names_tags_and_notes_cannot_act_on_the_terminal(self, labapp: Any, lab: Lab) -> None:
        run = lab.finished()
        hostile = "\x1b[31mred\x07 [bold]x[/bold] \u202eabc"
        (run.path / "labels.json").write_text(json.dumps({"name": hostile, "tags": [hostile], "note": hostile}))
        for command in (["runs"], ["show", run.id]):
            printed = labapp(*command)
            assert printed.code == 0
            assert not set("\x1b\x07\u202e") & set(printed.out + printed.err)
            assert "[bold]x[/bold]" in printed.out

    def test_tasks_lists_every_setting_with_bounds(self, labapp: Any) -> None:
        found = {task["task"]: task for task in labapp("tasks", "--json").json}
        assert set(found["images"]["variants"]) == {"torch-bn", "bn", "in", "bin", "ln", "gn", "none"}
        assert found["images"]["settings"]["lr"]["bounds"] == "above 0, at most 100"
        assert "toy" in found, "a task in the catalogue is on the command line"

    def test_logs_as_json(self, labapp: Any, lab: Lab) -> None:
        run = lab.finished("broken/line")
        assert "no_such_module" in labapp("logs", run.id, "--json").json["log"]

    def test_logs_follow_until_the_end(self, labapp: Any, lab: Lab) -> None:
        run = lab.launch("broken/line")
        printed = labapp("logs", run.id, "-f")
        assert "no_such_module" in printed.out
        assert labapp("logs", run.id, "-f", "--json").code == 2

    def test_logs_are_shown_as_a_terminal_would_leave_them(self, labapp: Any, lab: Lab) -> None:
        run = lab.finished()
        (run.path / "output.log").write_bytes("0 %\r100 %\n\x1b[31mréd\x1b[0m\nthe \x07 end".encode())
        assert labapp("logs", run.id).out == "100 %\nréd\nthe  end\n"

    def test_a_file_that_cannot_be_read_is_named(self, labapp: Any, lab: Lab) -> None:
        run = lab.finished()
        (run.path / "output.log").unlink()
        (run.path / "output.log").mkdir()
        printed = labapp("logs", run.id, "--json")
        assert printed.code == 1
        assert "output.log" in printed.json["error"]["title"]


def test_ctrl_c_while_waiting_leaves_the_run_running_and_says_so(lab: Lab) -> None:
    command = python_command("labapp", "train", "toy/line", *LONG, "--wait")
    process = subprocess.Popen(
        command, env=child_environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    while not lab.store.ids():
        time.sleep(0.05)
    (run_id,) = lab.store.ids()
    run = lab.at_step(lab.store.read(run_id), 5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "goes on in the background" in said
    assert "Traceback" not in said
    assert lab.read(run).status.name == "running"


def test_ctrl_c_is_not_lost_wherever_it_comes(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    run, read = lab.launch(), Store.read

    def interrupted(store: Store, run_id: str) -> Run:
        with contextlib.suppress(KeyboardInterrupt):  # as Python does in a callback
            os.kill(os.getpid(), signal.SIGINT)
        return read(store, run_id)

    monkeypatch.setattr(Store, "read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        follow(lab.store, [run.id], quiet=True)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_run_survives_its_terminal_being_closed(lab: Lab) -> None:
    child, terminal = pty.fork()
    if child == 0:
        command = python_command("labapp", "train", "toy/line", *LONG, "--wait")
        os.execve(command[0], command, child_environment())
    while not lab.store.ids():
        time.sleep(0.05)
    (run_id,) = lab.store.ids()
    run = lab.at_step(lab.store.read(run_id), 5)
    os.close(terminal)  # the terminal is gone: the kernel sends SIGHUP
    os.waitpid(child, 0)
    step = lab.read(run).step
    assert lab.at_step(run, step + 20).status.name == "running"


def test_output_into_a_closed_pipe_is_no_error(lab: Lab) -> None:
    command = " ".join(python_command("labapp", "tasks")) + " | head -1"
    done = subprocess.run(command, shell=True, env=child_environment(), capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert done.stdout


@pytest.mark.parametrize("command", ["runs", "runs --json", "show latest", "tasks"])
def test_output_that_cannot_be_written_is_an_error_not_a_traceback(lab: Lab, command: str) -> None:
    lab.finished(name="caf\u00e9")
    words = " ".join(python_command("labapp", *command.split()))
    for redirection, environment in ((">/dev/full", {}), (">&-", {}), ("", {"PYTHONIOENCODING": "ascii"})):
        done = subprocess.run(
            f"{words} {redirection}", shell=True, env=child_environment() | environment, capture_output=True, text=True
        )
        assert "Traceback" not in done.stderr, (redirection, done.stderr)
        assert (done.returncode == 1) == (redirection == ">/dev/full"), redirection


def test_the_version_is_known(labapp: Any) -> None:
    assert labapp("--version").out.strip()


def test_without_a_command_and_a_terminal_it_says_what_needs_none(labapp: Any) -> None:
    printed = labapp()
    assert printed.code == 2
    assert printed.out == ""
    assert "labapp demo" in printed.err
    assert len(printed.err.splitlines()) == 1


def test_the_demo_trains_and_prints_the_results(labapp: Any, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labapp.commands.demo.PLAN", ("toy/line",))
    printed = labapp("demo")
    assert printed.code == 0
    assert "toy/line" in printed.out
    assert "finished" in printed.out
    assert lab.store.all()[0].tags == ["demo"]


def test_json_has_no_bare_nan(labapp: Any, lab: Lab) -> None:
    lab.kill(lab.launch(pace=10))  # no epoch was ever finished: there is no best value yet
    printed = labapp("runs", "--json")
    json.loads(printed.out, parse_constant=lambda name: pytest.fail(f"bare {name}"))
    assert printed.json[0]["best"]["value"] is None


class TestWords:
    @pytest.mark.parametrize(
        ("seconds", "words"), [(0.4, "0 s"), (59.6, "1 m 00 s"), (61, "1 m 01 s"), (3660, "1 h 01 m")]
    )
    def test_durations(self, seconds: float, words: str) -> None:
        assert duration(seconds) == words

    @pytest.mark.parametrize(("count", "words"), [(12, "12 B"), (1500, "1.5 kB"), (2 * 10**9, "2.0 GB")])
    def test_sizes(self, count: int, words: str) -> None:
        assert size(count) == words

    def test_foreign_text_loses_what_could_act(self) -> None:
        assert clean("a\x1b[2Jb\u202ec\td") == "a\ufffd[2Jb\ufffdc\td"

    def test_nothing_like_it_has_no_nearest(self) -> None:
        assert nearest("zzz", ["apple"]) is None


def test_running_several_commands_in_one_process_registers_each_once(labapp: Any) -> None:
    def count() -> int:
        return len(cli.app.registered_commands)

    labapp("tasks", "--json")
    before = count()
    labapp("tasks", "--json")
    assert count() == before


@pytest.mark.parametrize("path", ["~nobody-of-this-name/x", "loop", "a\0b", "p\udcff"])
@pytest.mark.parametrize("command", [["runs", "--home"], ["import"], ["study"], ["export", "--all", "--out"]])
def test_what_is_no_path_is_said(labapp: Any, tmp_path: Path, path: str, command: list[str]) -> None:
    (tmp_path / "loop").symlink_to("loop")
    printed = labapp(*command, path if command[0] != "study" else f"{path}/x.toml")
    assert printed.code == 2
    assert "Traceback" not in printed.err
