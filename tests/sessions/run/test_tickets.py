"""Tickets and jobs as they stand in request.json, and the environment that is kept with them."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import jsonable
from sessions import control
from sessions.queue.limits import read_limits, set_limits
from sessions.queue.lineup import Watch
from sessions.queue.ordering import between, submit_job
from sessions.queue.process import overview
from sessions.queue.slots import Limits
from sessions.queue.starting import start, start_job
from sessions.queuefiles import queue_file, stamped
from sessions.run.records import REQUEST
from sessions.run.runs import Run, read_run
from sessions.run.tickets import captured, environment_for, jobs_of, new_ticket, sound, ticket_of
from tests.conftest import Lab

SECRETS = {
    "HF_TOKEN": "hf_1", "HUGGING_FACE_HUB_TOKEN": "x", "WANDB_API_KEY": "x", "AWS_SECRET_ACCESS_KEY": "x",
    "SSH_AUTH_SOCK": "x", "NVIDIA_API_KEY": "x", "CONDA_TOKEN": "x", "LABAPP_PASSWORD": "x", "GITHUB_TOKEN": "x",
    "DATABASE_URL": "postgres://me:secret@host", "TORCH_SECRET": "x",
}  # fmt: skip
NEEDED = {
    "PATH": "/bin", "PYTHONPATH": "/mine", "LD_LIBRARY_PATH": "/lib", "VIRTUAL_ENV": "/venv", "CONDA_PREFIX": "/conda",
    "CUDA_VISIBLE_DEVICES": "1", "NVIDIA_VISIBLE_DEVICES": "all", "NCCL_DEBUG": "INFO", "OMP_NUM_THREADS": "4",
    "MKL_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4", "TORCH_HOME": "/t", "PYTORCH_CUDA_ALLOC_CONF": "x",
    "HF_HOME": "/hf", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "XDG_CACHE_HOME": "/c", "HOME": "/me",
    "LANG": "C", "LC_ALL": "C", "TZ": "UTC", "TMPDIR": "/tmp", "LABAPP_HOME": "/lab", "TOKENIZERS_PARALLELISM": "false",
}  # fmt: skip


class TestEnvironment:
    def test_what_decides_how_a_training_goes_is_kept_and_no_secret_ever_is(self) -> None:
        assert captured(NEEDED | SECRETS) == NEEDED

    def test_no_secret_reaches_a_runs_files(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in SECRETS.items():
            monkeypatch.setenv(name, f"hush-{value}")
        run = lab.create()
        assert all(b"hush" not in path.read_bytes() for path in run.path.rglob("*") if path.is_file())

    def test_a_worker_gets_the_submitters_not_the_queues(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        monkeypatch.setenv("HF_TOKEN", "hf_1")
        raw = new_ticket("train", attempt=1) | {"environment": {"OMP_NUM_THREADS": "8", "HF_TOKEN": "written by hand"}}
        ticket = ticket_of(raw)
        assert ticket is not None
        found = environment_for(ticket, {"CUDA_VISIBLE_DEVICES": "GPU-5"})
        assert (found["OMP_NUM_THREADS"], found["CUDA_VISIBLE_DEVICES"]) == ("8", "GPU-5")
        assert found["HF_TOKEN"] == "hf_1", "what is in nobody's files may be inherited"
        assert "CUDA_VISIBLE_DEVICES" not in environment_for(ticket, {})


class TestReading:
    def test_what_is_written_is_read(self) -> None:
        found = ticket_of(new_ticket("train", attempt=2, gpu="GPU-1", after=["a"], seen=True, position=5.0))
        assert found is not None
        assert (found.kind, found.attempt, found.gpu, found.after, found.seen) == ("train", 2, "GPU-1", ("a",), True)
        assert found.position == 5.0 < found.submitted

    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )

    @given(
        st.dictionaries(
            st.sampled_from(
                ["kind", "attempt", "position", "gpu", "after", "host", "submitted", "environment", "args", "spawned"]
            ),
            json_values,
        )
    )
    def test_garbage_is_survived(self, raw: dict[str, Any]) -> None:
        ticket_of(raw)
        ticket_of(raw | {"kind": "train", "host": "h"})
        jobs_of({"jobs": {"evaluate-aaaaaa": raw | {"kind": "evaluate", "host": "h"}}})
        jobs_of({"jobs": raw})

    @given(st.dictionaries(st.text(min_size=1), st.text() | st.integers()))
    def test_an_environment_the_system_would_refuse_is_left_out(self, environment: dict[str, Any]) -> None:
        found = ticket_of({"kind": "train", "host": "h", "environment": environment})
        assert found is not None
        assert all("=" not in name and "\0" not in name + value for name, value in found.environment.items())


GARBAGE: list[Any] = [
    {"ticket": 5},
    {"ticket": {"kind": "train", "host": 7, "attempt": 1}},
    {"ticket": {"kind": "train", "attempt": "x", "position": "y", "after": {"a": 1}}},
    {"ticket": {"kind": "no such kind", "attempt": 1, "position": 1e400, "after": ["../../etc", 3, None]}},
    {"ticket": {"kind": "train", "attempt": 1, "gpu": ["x"], "environment": {"A=B": "x", "CUDA_VISIBLE_DEVICES": 4}}},
    {"jobs": ["evaluate-aaaaaa"]},
    {"jobs": {"../../x": {"kind": "evaluate"}, "evaluate-aaaaaa": 5, "b": {"kind": "evaluate", "spawned": "me"}}},
    {"jobs": {"evaluate-aaaaaa": {"kind": "evaluate", "spawned": {"pid": "x"}, "standing_in": "perhaps"}}},
    {"tell": {"never": "told"}},
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda each: json.dumps(each)[:40])
def test_garbage_in_a_request_does_not_hide_what_else_waits(lab: Lab, garbage: dict[str, Any]) -> None:
    bad, good = lab.create(), lab.create()
    request = json.loads((bad.path / REQUEST).read_text())
    for key, value in garbage.items():
        patched = {"host": request["ticket"]["host"], **value} if isinstance(value, dict) and key == "ticket" else value
        request[key] = patched
    (bad.path / REQUEST).write_text(json.dumps(jsonable(request)))
    found = overview(lab.store)
    assert good.id in {each.run_id for each in found.waiting}
    json.dumps(jsonable([run.as_json() | {"jobs": run.jobs} for run in lab.store.all()]), allow_nan=False)


@pytest.mark.parametrize("garbage", [b"", b"[]", b"\xff", b'{"per_gpu": "x", "per_cpu": -1}', b'{"per_gpu": 1e99}'])
def test_limits_that_cannot_be_read_are_the_usual_ones(lab: Lab, garbage: bytes) -> None:
    set_limits(lab.root, per_gpu=3, per_cpu=2)
    assert read_limits(lab.root) == Limits(3, 2)
    queue_file(lab.root, "json").write_bytes(garbage)
    assert read_limits(lab.root) == Limits()


class TestPositions:
    def test_between_two_and_beyond_one(self) -> None:
        assert between(1.0, 2.0) == 1.5
        assert between(None, 2.0) == 1.0
        assert between(1.0, None) == 2.0

    def test_where_there_is_no_number_left_there_is_none(self) -> None:
        assert between(1.0, 1.0) is None
        assert between(1e300, None) is None


def test_a_run_that_asks_for_nothing_is_not_read_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    import time

    import sessions.queue.lineup as module

    run, other = lab.ended(lab.launch()), lab.create()
    request = json.loads((run.path / REQUEST).read_text())
    del request["tell"]
    (run.path / REQUEST).write_text(json.dumps(request))
    os.utime(run.path / REQUEST, (time.time() - 60, time.time() - 60))
    watch = Watch(lab.store.home.runs)
    watch.look()
    read: list[str] = []
    original = module.read_record
    monkeypatch.setattr(module, "read_record", lambda path: read.append(path.name) or original(path))
    watch.look()
    assert read == [other.id]


class TestCopies:
    def copied(self, run: Run, to: Path) -> Run:
        shutil.copytree(run.path, to)
        return read_run(to)

    def test_a_copy_of_a_queued_run_waits_for_nothing(self, lab: Lab) -> None:
        run = lab.create()
        copy = self.copied(run, run.path.with_name("line-copied"))
        assert [each.run_id for each in overview(lab.store).waiting] == [run.id]
        assert copy.status.name == "lost"
        assert "labapp resume queues it" in copy.status.detail
        assert start(copy.path) is None

    def test_one_that_came_from_another_home_neither(self, lab: Lab, tmp_path: Path) -> None:
        run, other = lab.create(), Lab(tmp_path / "other")
        other.create()
        copy = self.copied(run, other.store.home.runs / run.id)
        assert copy.status.name == "lost"
        assert run.id not in {each.run_id for each in overview(other.store).waiting}
        assert start(copy.path) is None

    def test_nor_does_a_copied_job(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sessions.queue.ordering.ensure_queue", lambda home: False)
        run = lab.create()
        job_id = submit_job(lab.store, run, "evaluate", {})
        copy = self.copied(run, run.path.with_name("line-copied"))
        assert jobs_of(copy.record.request) == []
        assert [each.id for each in jobs_of(lab.read(run).record.request)] == [job_id]
        assert start_job(copy.path, job_id) is None

    def test_queued_again_it_is_a_run_of_its_own(self, lab: Lab) -> None:
        copy = self.copied(lab.create(), lab.store.home.runs / "line-copied")
        assert lab.ended(control.resume(lab.store, copy)).status.name == "finished"

    def test_the_key_is_made_once_is_private_and_stands_in_no_run(self, lab: Lab) -> None:
        lab.store.home.ensure()
        with ThreadPoolExecutor(8) as pool:
            marks = {each["key"] for each in pool.map(lambda _: stamped({}, lab.store.home.runs / "a"), range(32))}
        key = lab.root / "queue" / "key"
        assert len(marks) == 1
        assert key.stat().st_mode & 0o777 == 0o600
        assert [each.name for each in key.parent.iterdir()] == ["key"]
        assert key.read_text() not in (lab.create().path / REQUEST).read_text()

    def test_a_damaged_key_is_made_anew(self, lab: Lab) -> None:
        lost = lab.create()
        (lab.root / "queue" / "key").write_text("")
        run = lab.create()
        assert [lab.read(each).status.name for each in (lost, run)] == ["lost", "queued"]


def test_half_a_character_is_no_variable() -> None:
    assert not sound("PATH", "\ud800")
    assert not sound("\ud800", "x")
    assert sound("PATH", "/caf\udce9"), "a byte that is no text"
