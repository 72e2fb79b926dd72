"""The cache of decoded pictures: built once, whole or not at all, mended when damaged, one split at a time."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from engine.errors import LabError
from engine.images import cache as module
from engine.images.cache import CacheWriter, PictureCache, content_hashes
from engine.images.data import PictureData

KEY = "ab" * 32
CLASSES = ("cat", "dog\n\udcff")
SIDE = 4
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (6, SIDE, SIDE, 3), dtype=np.uint8)
MASKS = IMAGES[..., 0] > 127


def fill(writer: CacheWriter) -> None:
    writer.add("train", IMAGES[:2], [0, 1], ["a", "b"])
    writer.add("test", IMAGES[4:], [1, 1], ["e", "f \udcff\n"], MASKS[4:])
    writer.add("train", IMAGES[2:4], [1, 0], ["c", "d"])
    writer.broken.append("g: why")


def refuse(writer: CacheWriter) -> None:
    raise AssertionError("built again")


class Cache:
    """A cache in a folder that counts how often it was filled."""

    def __init__(self, folder: Path):
        self.said: list[str] = []
        self.built = 0
        self.cache = PictureCache(folder, self.said.append)
        self.directory = folder / KEY

    def open(self) -> PictureData:
        def build(writer: CacheWriter) -> None:
            self.built += 1
            fill(writer)

        return self.cache.open(KEY, CLASSES, SIDE, build)


@pytest.fixture
def stored(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_what_is_stored_comes_back(stored: Cache) -> None:
    data = stored.open()
    assert (data.classes, data.fingerprint, data.image_size) == (CLASSES, KEY, SIDE)
    assert data.counts == {"train": 4, "test": 2}
    assert data.class_counts["train"] == (2, 2)
    assert data.broken == ("g: why",)
    train, test = data.split("train"), data.split("test")
    assert np.array_equal(train.load(), IMAGES[:4])
    assert train.labels.tolist() == [0, 1, 1, 0]
    assert train.labels.dtype == np.int64
    assert list(train.names) == ["a", "b", "c", "d"]
    assert train.masks is None
    assert list(test.names) == ["e", "f \udcff\n"]
    assert test.masks is not None
    assert np.array_equal(test.masks, MASKS[4:])


def test_pictures_are_a_read_only_memory_map(stored: Cache) -> None:
    images = stored.open().split("train").images
    assert isinstance(images, np.memmap)
    assert not images.flags.writeable


def test_files_are_plain_numpy_and_json(stored: Cache) -> None:
    stored.open()
    assert np.array_equal(np.load(stored.directory / "train.npy"), IMAGES[:4])
    assert json.loads((stored.directory / "test.names.json").read_text())[0] == "e"


def test_a_cache_is_built_once(stored: Cache) -> None:
    stored.open()
    stored.open().split("train")
    assert stored.built == 1


def test_a_split_is_opened_without_touching_the_others(stored: Cache) -> None:
    stored.open()
    for path in stored.directory.glob("test.*"):
        path.unlink()
    assert len(stored.open().split("train").load()) == 4
    assert stored.built == 1


@pytest.mark.parametrize("name", ["train.npy", "train.labels.npy", "train.names.json"])
@pytest.mark.parametrize("damage", ["missing", "cut", "flipped", "header"])
def test_a_damaged_split_is_built_again_and_said(stored: Cache, name: str, damage: str) -> None:
    data = stored.open()
    path = stored.directory / name
    content = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    else:
        content[-1] ^= damage == "flipped"
        content[0] ^= damage == "header"
        path.write_bytes(content[: -1 if damage == "cut" else None])
    assert np.array_equal(data.split("train").load(), IMAGES[:4])
    assert stored.built == 2
    assert "damaged" in stored.said[-1]


@pytest.mark.parametrize("index", [b"", b"{}", b'{"format": 99}', None])
def test_half_a_directory_is_built_again(stored: Cache, index: bytes | None) -> None:
    stored.open()
    path = stored.directory / "index.json"
    path.unlink() if index is None else path.write_bytes(index)
    assert np.array_equal(stored.open().split("train").load(), IMAGES[:4])
    assert stored.built == 2


def test_a_builder_that_fails_leaves_nothing(stored: Cache) -> None:
    def fail(writer: CacheWriter) -> None:
        fill(writer)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stored.cache.open(KEY, CLASSES, SIDE, fail)
    assert [path for path in stored.cache.folder.iterdir() if path.is_dir()] == []
    assert stored.open().counts["train"] == 4


def test_what_a_killed_builder_left_is_cleared(stored: Cache) -> None:
    left = stored.cache.folder / f".{KEY[:16]}-left"
    left.mkdir(parents=True)
    stored.open()
    assert not left.exists()


def _build_in_process(folder: Path, gate: object) -> None:
    gate.wait()  # type: ignore[attr-defined]
    data = Cache(folder).open()
    assert np.array_equal(data.split("train").load(), IMAGES[:4])
    (folder / f"built-{os.getpid()}").touch()


def test_processes_that_build_at_once_all_read_the_same(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(2)
    workers = [spawn.Process(target=_build_in_process, args=(tmp_path, gate)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(list(tmp_path.glob("built-*"))) == 2
    assert PictureCache(tmp_path, print).open(KEY, CLASSES, SIDE, refuse).counts["train"] == 4


def test_a_full_disk_is_named_with_its_remedy(stored: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(directory: Path, classes: tuple[str, ...], side: int) -> CacheWriter:
        (directory / "train.npy").symlink_to("/dev/full")
        return CacheWriter(directory, classes, side)

    monkeypatch.setattr(module, "CacheWriter", full)
    with pytest.raises(LabError) as failure:
        stored.open()
    assert failure.value.title == "the disk is full"
    assert str(stored.cache.folder) in str(failure.value.got)
    assert "labapp clean" in str(failure.value.hint)
    assert not stored.directory.exists()


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="file"):
        Cache(tmp_path / "file" / "cache").open()


def test_only_files_that_changed_are_hashed_again(tmp_path: Path) -> None:
    root, cache = tmp_path / "root", tmp_path / "cache"
    root.mkdir()
    for name in "abc":
        (root / name).write_text(name)
    hashed: list[list[str]] = []

    def contents(names: list[str]) -> list[str]:
        hashed.append(names)
        return [(root / name).read_text() for name in names]

    assert content_hashes(cache, root, ["a", "b", "c"], contents) == ["a", "b", "c"]
    (root / "b").write_text("other")
    assert content_hashes(cache, root, ["c", "b"], contents) == ["c", "other"]
    assert hashed == [["a", "b", "c"], ["b"]]
