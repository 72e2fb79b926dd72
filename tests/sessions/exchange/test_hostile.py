"""Bundles made to do harm: each is refused with a sentence, and leaves nothing behind."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import LabError
from labapp.run import run as command_line
from sessions.exchange.importing import bring_in
from sessions.exchange.packing import pack
from sessions.home import Home
from sessions.run.store import Store
from tests.conftest import Lab
from tests.sessions.exchange.making import made

Members = dict[str, bytes]


def read(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def honest(members: Members, **changed: Any) -> Members:
    """With a manifest that says what is there."""
    rest = {name: content for name, content in members.items() if name != "manifest.json"}
    listed = {name: {"size": len(each), "sha256": hashlib.sha256(each).hexdigest()} for name, each in rest.items()}
    manifest = {**json.loads(members["manifest.json"]), "members": listed, **changed}
    return {"manifest.json": json.dumps(manifest).encode(), **rest}


def write(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def bundle(lab: Lab, tmp_path: Path) -> Path:
    pack(made(lab), tmp_path / "good.labrun")
    return tmp_path / "good.labrun"


@pytest.fixture
def other(tmp_path: Path) -> Store:
    return Store(Home(tmp_path / "other"))


def refused(store: Store, path: Path, words: str) -> None:
    with pytest.raises(LabError) as caught:
        bring_in(store, path)
    assert words in str(caught.value), str(caught.value)
    assert not store.home.runs.exists() or list(store.home.runs.iterdir()) == []
    assert not list(path.parent.rglob("*evil*"))


DEEP = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
LEVELS = b'{"a":' * 50 + b"1" + b"}" * 50
CHANGES: dict[str, tuple[str, bytes, str]] = {
    "out of the folder": ("../evil.json", b"{}", "evil.json"),
    "absolute": ("/tmp/evil.json", b"{}", "evil.json"),
    "out of preprocessing": ("preprocessing/../../evil.json", b"{}", "evil.json"),
    "backslashes": ("preprocessing\\evil.json", b"{}", "evil.json"),
    "a process": ("process.json", b"{}", "process.json"),
    "a ticket": ("request.json", b"{}", "request.json"),
    "training state": ("checkpoints/step-8/training.pt", b"\x80", "training.pt"),
    "a pickle": ("preprocessing/evil.pkl", b"\x80", "evil.pkl"),
    "code": ("preprocessing/encoder/evil.py", b"", "evil.py"),
    "a hidden file": ("preprocessing/.evil.json", b"{}", "evil.json"),
    "a folder": ("preprocessing/evil/", b"", "evil"),
    "absurd depth": ("preprocessing/toy.json", DEEP, "toy.json"),
    "levels": ("meta.json", LEVELS, "levels"),
    "not JSON": ("result.json", b"{", "result.json"),
    "NaN": ("result.json", b'{"status": NaN}', "result.json"),
    "a list": ("meta.json", b"[]", "meta.json"),
    "a status of its own": ("result.json", b'{"status": "running"}', "running"),
    "an unknown setting": ("config.toml", b'v = 1\ntask = "toy"\nvariant = "line"\n[settings]\nevil = 1', "config"),
    "another task": ("config.toml", b'v = 1\ntask = "evil"\nvariant = "line"\n[settings]\n', "evil"),
    "a variant that is a list": (
        "config.toml",
        b'v = 1\ntask = "toy"\nvariant = []\ndata = "x"\nrecipe = "best"\nrecipe_version = 1\n[settings]\n',
        "variant is no text",
    ),
    "a task that is a number": (
        "config.toml",
        b'v = 1\ntask = 1\nvariant = "a"\ndata = "x"\nrecipe = "best"\nrecipe_version = 1\n[settings]\n',
        "task is no text",
    ),
    "a newer configuration": ("config.toml", b"v = 99", "newer labapp"),
    "newer provenance": ("meta.json", b'{"v": 99}', "newer labapp"),
    "no events": ("events.jsonl", b"garbage\n", "line 1"),
    "newer events": ("events.jsonl", b'{"v": 9, "type": "start"}\n', "newer labapp"),
    "a pickle for weights": ("checkpoints/step-8/model.safetensors", b"\x80\x04garbage that is no header", "no header"),
    "weights beyond the end": (
        "checkpoints/step-8/model.safetensors",
        (66).to_bytes(8, "little") + b'{"a": {"dtype": "F64", "shape": [9], "data_offsets": [0, 72]}}    ',
        "bytes of data",
    ),
    "another step": ("checkpoints/step-8/checkpoint.json", b'{"v": 1, "step": 9, "files": {}, "progress": {}}', "step"),
    "a second checkpoint": ("checkpoints/step-9/checkpoint.json", b"{}", "checkpoint.json"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_labapp_would_not_have_packed_is_refused(bundle: Path, other: Store, case: str) -> None:
    name, content, words = CHANGES[case]
    refused(other, write(bundle, honest(read(bundle) | {name: content})), words)


def test_a_manifest_that_lies_is_found_out(bundle: Path, other: Store) -> None:
    members = read(bundle)
    changed = members | {"labels.json": b'{"name": "evil"}'.ljust(len(members["labels.json"]))}
    refused(other, write(bundle, changed), "labels.json is not what the manifest says")
    refused(other, write(bundle, members | {"result.json": b"{}"}), "other members or sizes")
    refused(other, write(bundle, {key: each for key, each in members.items() if key != "manifest.json"}), "manifest")


@pytest.mark.parametrize(
    ("changed", "words"), [({"v": 2}, "newer labapp"), ({"v": "1"}, "version"), ({"format": 1}, "format")]
)
def test_another_format_or_version_is_said(bundle: Path, other: Store, changed: dict[str, Any], words: str) -> None:
    refused(other, write(bundle, honest(read(bundle), **changed)), words)


def test_a_name_twice_is_refused_also_in_another_case(bundle: Path, other: Store) -> None:
    for name in ("labels.json", "preprocessing/TOY.json"):
        members = honest(read(bundle) | ({} if name == "labels.json" else {name: b"{}"}))
        write(bundle, members)
        if name == "labels.json":
            with zipfile.ZipFile(bundle, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr(name, b"{}")
        refused(other, bundle, "two members of one name")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFDIR])
def test_links_and_devices_are_refused(bundle: Path, other: Store, kind: int) -> None:
    members = honest(read(bundle) | {"preprocessing/link.json": b"/etc/passwd"})
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (kind if "link" in name else stat.S_IFREG) << 16
            archive.writestr(info, content)
    refused(other, bundle, "no regular file")


def test_a_bomb_is_not_unpacked(bundle: Path, other: Store) -> None:
    refused(other, write(bundle, honest(read(bundle) | {"preprocessing/big.txt": b"\0" * 5_000_000})), "no bombs")


def test_too_many_members_are_refused(bundle: Path, other: Store) -> None:
    many = {f"preprocessing/{number}.txt": b"" for number in range(300)}
    refused(other, write(bundle, honest(read(bundle) | many)), "members")


@pytest.mark.parametrize(
    "change",
    [lambda c: c[: len(c) // 2], lambda c: b"", lambda c: c[:300] + b"\xff" * 40 + c[340:]],
    ids=["half", "nothing", "odd"],
)
def test_a_damaged_file_is_an_error_and_no_traceback(
    bundle: Path, tmp_path: Path, change: Callable[[bytes], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    bundle.write_bytes(change(bundle.read_bytes()))
    assert command_line(["import", str(bundle), "--home", str(tmp_path / "other")]) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err
    runs = tmp_path / "other" / "runs"
    assert not runs.exists() or list(runs.iterdir()) == []


def test_what_was_never_asked_for_does_not_come_in(bundle: Path, other: Store) -> None:
    """Hosts, tickets, processes and places in a provenance that somebody wrote."""
    members = read(bundle)
    meta = json.loads(members["meta.json"]) | {"host": "elsewhere", "imported": {"id": "x"}, "evil": 1}
    config = members["config.toml"].replace(b'data = "points"', b'data = "/etc/passwd"')
    done = bring_in(
        other, write(bundle, honest(members | {"meta.json": json.dumps(meta).encode(), "config.toml": config}))
    )
    run = other.read(done.id)
    assert run.data == "passwd"
    assert not {"host", "evil"} & set(run.record.meta or {})
    assert run.as_json()["imported"]["id"] == run.id
