"""CIFAR-10's binary archive: fetched or brought along, verified, read plane by plane."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from engine.errors import LabError
from engine.images.cifar10 import ARCHIVE, RECORD, SHA256, SIZE, URL, fetch, is_here, open_cifar10
from engine.images.data import PictureData
from engine.images.settings import ImageSettings
from engine.task import SPLITS

RNG = np.random.default_rng(0)
Batches = dict[str, bytes]


def batch(count: int, first_label: int = 0) -> bytes:
    records = RNG.integers(0, 256, (count, RECORD), dtype=np.uint8)
    records[:, 0] = (np.arange(count) + first_label) % 10
    return records.tobytes()


def small_batches() -> Batches:
    return {f"data_batch_{number}.bin": batch(20) for number in range(1, 6)} | {"test_batch.bin": batch(10, 3)}


def write_archive(path: Path, batches: Batches) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, content in {"batches.meta.txt": b"airplane\n", "readme.html": b"", **batches}.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


class Home:
    """A labapp home with an archive in its place."""

    def __init__(self, root: Path):
        self.cache = root / "cache"
        self.archive = root / "data" / "cifar10" / ARCHIVE
        self.said: list[str] = []

    def open(self, **settings: object) -> PictureData:
        return open_cifar10("cifar10", ImageSettings(**settings), self.cache, self.said.append)  # type: ignore[arg-type]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def silent(done: int, total: int) -> None:
    pass


def test_records_are_read_as_red_green_and_blue_planes(home: Home) -> None:
    batches = small_batches()
    record = np.zeros(RECORD, dtype=np.uint8)
    record[0] = 7  # horse
    record[1 + 0 * 1024 + 2 * 32 + 5] = 10  # red at row 2, column 5
    record[1 + 1 * 1024 + 2 * 32 + 5] = 20
    record[1 + 2 * 1024 + 2 * 32 + 5] = 30
    batches["test_batch.bin"] = record.tobytes() + batch(9)
    write_archive(home.archive, batches)
    data = home.open()
    test = data.split("test")
    picture = test.load()[0]
    assert picture.shape == (32, 32, 3)
    assert picture[2, 5].tolist() == [10, 20, 30]
    assert picture.sum() == 60
    assert data.classes[test.labels[0]] == "horse"
    assert test.names[0] == "test_batch.bin#0"


def test_all_batches_are_train_but_for_the_validation_share_and_test_is_its_own(home: Home) -> None:
    write_archive(home.archive, small_batches())
    data = home.open()
    assert data.counts == {"train": 80, "val": 20, "test": 10}
    assert data.class_counts["val"] == (2,) * 10
    names = [name for split in SPLITS for name in data.split(split).names]
    assert len(names) == len(set(names)) == 110
    assert list(home.open(seed=2).split("val").names) != list(data.split("val").names)


def test_the_cache_is_read_once_and_follows_the_archive(home: Home) -> None:
    write_archive(home.archive, small_batches())
    first = home.open()
    assert home.open().fingerprint == first.fingerprint
    assert sum("into the cache" in line for line in home.said) == 1
    write_archive(home.archive, small_batches())
    assert home.open().fingerprint != first.fingerprint


def test_an_archive_that_is_not_the_published_one_is_said_to_be(home: Home) -> None:
    write_archive(home.archive, small_batches())
    home.open()
    assert "not the published archive" in home.said[0]


def test_a_missing_archive_names_both_ways_to_get_it(home: Home) -> None:
    assert not is_here(home.archive.parent)
    with pytest.raises(LabError) as failure:
        home.open()
    assert "labapp data fetch cifar10" in str(failure.value.hint)
    assert "--from FILE" in str(failure.value.hint)
    assert str(home.archive) in str(failure.value.got)


@pytest.mark.parametrize(
    "broken",
    [
        {"test_batch.bin": batch(3)[:-1]},
        {"test_batch.bin": b""},
        {"test_batch.bin": b"\x0a" + batch(1)[1:]},
    ],
    ids=["half a record", "empty", "label 10"],
)
def test_records_that_are_not_cifar10s_are_refused(home: Home, broken: Batches) -> None:
    write_archive(home.archive, small_batches() | broken)
    with pytest.raises(LabError, match=r"test_batch\.bin") as failure:
        home.open()
    assert "fetch it again" in str(failure.value.hint)


def test_an_archive_without_test_pictures_is_refused(home: Home) -> None:
    write_archive(home.archive, {"data_batch_1.bin": batch(20)})
    with pytest.raises(LabError, match="cannot be read"):
        home.open()


def test_a_cut_archive_is_refused(home: Home) -> None:
    content = write_archive(home.archive, small_batches()).read_bytes()
    home.archive.write_bytes(content[: len(content) // 2])
    with pytest.raises(LabError, match="cannot be read"):
        home.open()


def test_another_size_than_32_is_refused_not_ignored(home: Home) -> None:
    with pytest.raises(LabError, match="image_size"):
        home.open(image_size=64)


def test_a_file_the_user_has_is_verified_and_taken_over(tmp_path: Path) -> None:
    source = write_archive(tmp_path / "usb stick" / "any name", small_batches())
    content = source.read_bytes()
    seen: list[tuple[int, int]] = []
    target = fetch(
        tmp_path / "data",
        source,
        lambda done, total: seen.append((done, total)),
        expected_sha256=hashlib.sha256(content).hexdigest(),
    )
    assert target.read_bytes() == source.read_bytes() == content
    assert is_here(tmp_path / "data")
    assert seen[-1] == (len(content), len(content))
    assert [path.name for path in (tmp_path / "data").iterdir()] == [ARCHIVE]


def test_a_wrong_file_stays_the_users_and_is_not_taken(tmp_path: Path) -> None:
    source = write_archive(tmp_path / "wrong", small_batches())
    with pytest.raises(LabError) as failure:
        fetch(tmp_path / "data", source, silent)
    assert SHA256 in str(failure.value.expected)
    assert source.exists()
    assert not is_here(tmp_path / "data")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="nowhere"):
        fetch(tmp_path / "data", tmp_path / "nowhere", silent)


def test_without_a_file_it_is_downloaded_from_its_page_with_its_published_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[object, ...]] = []

    def download(*arguments: object) -> object:
        calls.append(arguments)
        return arguments[3]

    monkeypatch.setattr("engine.download.download", download)
    assert fetch(tmp_path, None, silent) == tmp_path / ARCHIVE
    assert calls == [(URL, SHA256, SIZE, tmp_path / ARCHIVE, silent)]
    assert URL == "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    assert (len(SHA256), SIZE) == (64, 170_052_171)
