"""Tickets and jobs as they stand in request.json, and the environment that is kept with them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import jsonable
from sessions.limits import queue_file, read_limits, set_limits
from sessions.lineup import Watch
from sessions.ordering import between
from sessions.queue import overview
from sessions.records import REQUEST
from sessions.slots import Limits
from sessions.tickets import captured, environment_for, jobs_of, new_ticket, ticket_of
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

    import sessions.lineup as module

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
