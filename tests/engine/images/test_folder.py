"""Any folder of pictures: layouts, sizes, hostile names, broken files, and a cache that notices every change."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import LabError
from engine.images import decoding
from engine.images import folder as module
from engine.images.data import PictureData
from engine.images.decoding import decode, parallel
from engine.images.folder import check, open_folder
from engine.images.listing import probe
from engine.images.settings import ImageSettings
from engine.task import SPLITS

COLOURS = {"cat": (250, 0, 0), "dog": (0, 0, 250), "eel": (0, 250, 0)}


def picture(path: Path, colour: tuple[int, int, int] = (9, 9, 9), size: tuple[int, int] = (16, 16)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def pictures(folder: Path, count: int, classes: str = "cat dog") -> None:
    for name in classes.split():
        for number in range(count):
            r, g, b = COLOURS[name]
            picture(folder / name / f"{number}.png", (r, g, b + number if b < 200 else b - number))


class Folder:
    def __init__(self, base: Path):
        self.root = base / "pictures"
        self.root.mkdir()
        self.cache = base / "cache"
        self.said: list[str] = []

    def open(self, **settings: object) -> PictureData:
        return open_folder(self.root, ImageSettings(**settings), self.cache, self.said.append)  # type: ignore[arg-type]

    def check(self) -> list[str]:
        return check(self.root, ImageSettings(), self.cache, self.said.append)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def names(data: PictureData) -> dict[str, list[str]]:
    return {split: list(data.split(split).names) for split in SPLITS}


class TestLayouts:
    @pytest.mark.parametrize("val", ["val", "valid", "validation", "dev", "Val"])
    def test_three_folders_are_three_splits(self, folder: Folder, val: str) -> None:
        for split, count in (("train", 3), (val, 2), ("test", 1)):
            pictures(folder.root / split, count)
        data = folder.open()
        assert data.classes == ("cat", "dog")
        assert data.counts == {"train": 6, "val": 4, "test": 2}
        assert names(data)["val"] == [f"{val}/{each}/{n}.png" for each in ("cat", "dog") for n in (0, 1)]

    def test_without_val_a_share_of_train_is_split_off_with_the_seed(self, folder: Folder) -> None:
        pictures(folder.root / "train", 20)
        pictures(folder.root / "test", 3)
        data = folder.open(seed=1)
        assert data.counts == {"train": 32, "val": 8, "test": 6}
        assert data.class_counts["val"] == (4, 4)
        assert all(name.startswith("train/") for name in names(data)["val"])
        assert not set(names(data)["val"]) & set(names(data)["train"])
        assert names(folder.open(seed=2))["val"] != names(data)["val"]
        assert folder.open(seed=2).fingerprint == data.fingerprint

    @pytest.mark.parametrize("below", ["", "train"])
    def test_without_test_a_share_that_no_seed_changes_is_split_off(self, folder: Folder, below: str) -> None:
        pictures(folder.root / below, 25)
        one, other = folder.open(seed=1), folder.open(seed=2)
        assert one.counts == {"train": 32, "val": 8, "test": 10}
        assert names(one)["test"] == names(other)["test"]
        assert names(one)["val"] != names(other)["val"]
        assert len({name for some in names(one).values() for name in some}) == 50

    def test_pictures_and_labels_belong_together(self, folder: Folder) -> None:
        pictures(folder.root, 10)
        data = folder.open()
        for split in SPLITS:
            opened = data.split(split)
            red = opened.load()[:, 0, 0, 0] == 250
            assert np.array_equal(red, opened.labels == data.classes.index("cat"))
            assert np.array_equal(red, [name.startswith("cat/") for name in opened.names])

    def test_pictures_may_lie_deeper(self, folder: Folder) -> None:
        pictures(folder.root, 4)
        picture(folder.root / "cat" / "2024" / "june" / "deep.PNG")
        assert "cat/2024/june/deep.PNG" in [name for some in names(folder.open()).values() for name in some]

    def test_what_is_no_picture_is_left_out_and_counted(self, folder: Folder) -> None:
        pictures(folder.root, 4)
        picture(folder.root / "cat" / "._0.png")
        picture(folder.root / ".thumbnails" / "x.png")
        (folder.root / "cat" / "notes.txt").write_text("")
        (folder.root / "empty").mkdir()
        (folder.root / "README").write_text("")
        os.mkfifo(folder.root / "dog" / "pipe.png")
        assert sum(folder.open().counts.values()) == 8
        assert [line for line in folder.check() if line.startswith("left out")] == [
            "left out: 1 class folders without a picture",
            "left out: 1 files beside the folders",
            "left out: 2 files that are no pictures",
            "left out: 1 hidden files",
            "left out: 1 hidden folders",
        ]

    def test_links_to_pictures_and_classes_are_followed_and_loops_are_not(self, folder: Folder, tmp_path: Path) -> None:
        pictures(folder.root, 3, "cat")
        pictures(tmp_path / "elsewhere", 3, "dog")
        (folder.root / "dog").symlink_to(tmp_path / "elsewhere" / "dog")
        (folder.root / "cat" / "linked.png").symlink_to(picture(tmp_path / "far.png"))
        (folder.root / "cat" / "loop").symlink_to(folder.root)
        assert sum(folder.open().counts.values()) == 7

    def test_a_link_in_a_circle_is_a_broken_picture(self, folder: Folder) -> None:
        pictures(folder.root, 5)
        (folder.root / "cat" / "loop.png").symlink_to("loop.png")
        assert [line for line in folder.check() if line.startswith("broken: ")] == [
            "broken: cat/loop.png: Too many levels of symbolic links"
        ]

    @pytest.mark.parametrize("kind", [np.float32, np.int32])
    def test_a_picture_whose_black_and_white_nobody_knows_is_broken(self, folder: Folder, kind: type) -> None:
        pictures(folder.root, 5)
        Image.fromarray(np.full((8, 8), 1, kind)).save(folder.root / "cat" / "odd.tif")
        (broken,) = [line for line in folder.check() if line.startswith("broken: ")]
        assert "8 or 16 bits" in broken

    def test_a_link_to_what_never_ends_and_a_huge_file_are_broken_pictures(
        self, folder: Folder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pictures(folder.root, 4)
        (folder.root / "cat" / "endless.png").symlink_to("/dev/zero")
        (folder.root / "cat" / "huge.png").write_bytes(bytes(20_000))
        monkeypatch.setattr(decoding, "LARGEST_FILE", 10_000)
        assert sum(folder.open(broken="skip").counts.values()) == 8
        broken = [line for line in folder.check() if line.startswith("broken: ")]
        assert broken == ["broken: cat/endless.png: no regular file", "broken: cat/huge.png: File too large"]

    @pytest.mark.parametrize(
        "name", ["two words", "Käfer", "\u202eevil", "line\nbreak", "[red]markup", "=cmd()", b"latin-\xe9"]
    )
    def test_names_survive_as_they_are(self, folder: Folder, name: str | bytes) -> None:
        text = os.fsdecode(name)
        pictures(folder.root, 3)
        for number in range(3):
            picture(folder.root / text / f"{text}{number}.png")
        data = folder.open()
        assert text in data.classes
        assert f"{text}/{text}0.png" in [each for some in names(data).values() for each in some]
        assert folder.open().fingerprint == data.fingerprint


class TestErrors:
    def test_a_missing_folder(self, folder: Folder) -> None:
        folder.root.rmdir()
        for action in (folder.open, lambda: probe(folder.root)):
            with pytest.raises(LabError, match="No such file") as failure:
                action()
            assert "<class>" in str(failure.value.expected)

    def test_a_file_instead_of_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(LabError, match="Not a directory"):
            probe(picture(tmp_path / "picture.png"))

    def test_no_pictures(self, folder: Folder) -> None:
        picture(folder.root / "loose.png")
        with pytest.raises(LabError, match="no training pictures") as failure:
            folder.open()
        assert "1 files beside the folders" in str(failure.value.got)

    def test_test_without_train(self, folder: Folder) -> None:
        pictures(folder.root / "test", 2)
        with pytest.raises(LabError, match="no training pictures"):
            folder.open()

    def test_one_class(self, folder: Folder) -> None:
        pictures(folder.root, 5, "cat")
        with pytest.raises(LabError, match="only one class"):
            folder.open()

    def test_a_class_that_only_test_has(self, folder: Folder) -> None:
        pictures(folder.root / "train", 5)
        pictures(folder.root / "test", 5, "cat dog eel")
        with pytest.raises(LabError, match="test has classes that train lacks") as failure:
            folder.open()
        assert failure.value.got == "eel"

    def test_two_folders_for_validation(self, folder: Folder) -> None:
        for name in ("train", "val", "dev"):
            pictures(folder.root / name, 2)
        with pytest.raises(LabError, match="two folders for val"):
            folder.open()

    @pytest.mark.parametrize("count", [1, 2])
    def test_too_few_to_split(self, folder: Folder, count: int) -> None:
        pictures(folder.root, count)
        with pytest.raises(LabError, match="too few pictures"):
            folder.open()


class TestBroken:
    @pytest.fixture
    def broken(self, folder: Folder) -> Folder:
        pictures(folder.root, 10)
        (folder.root / "cat" / "text.png").write_text("no picture")
        (folder.root / "cat" / "empty.jpg").write_bytes(b"")
        (folder.root / "dog" / "gone.png").symlink_to("nowhere")
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder.root / "dog" / "cut.jpg")
        content = (folder.root / "dog" / "cut.jpg").read_bytes()
        (folder.root / "dog" / "cut.jpg").write_bytes(content[: len(content) // 2])
        return folder

    def test_refused_by_name_with_the_way_out(self, broken: Folder) -> None:
        with pytest.raises(LabError) as failure:
            broken.open()
        assert failure.value.title.startswith("4 of the pictures")
        for name in ("cat/text.png", "cat/empty.jpg", "dog/gone.png", "dog/cut.jpg"):
            assert name in str(failure.value.got)
        assert "--set broken=skip" in str(failure.value.hint)

    def test_skipped_and_listed_if_the_user_says_so(self, broken: Folder) -> None:
        data = broken.open(broken="skip")
        assert sum(data.counts.values()) == 20
        assert sorted(name.split(":")[0] for name in data.broken) == [
            "cat/empty.jpg",
            "cat/text.png",
            "dog/cut.jpg",
            "dog/gone.png",
        ]
        assert sum(line.startswith("skipped: ") for line in broken.said) == 4
        assert len([line for line in broken.check() if line.startswith("broken: ")]) == 4

    def test_many_are_counted_and_the_first_named(self, folder: Folder) -> None:
        pictures(folder.root, 3)
        for number in range(30):
            (folder.root / "cat" / f"broken{number:02}.png").write_text(str(number))
        with pytest.raises(LabError, match="30 of the pictures") as failure:
            folder.open()
        assert "broken07" not in str(failure.value.got) or "more" in str(failure.value.got)
        assert len(str(failure.value.got)) < 1_000

    def test_a_class_with_nothing_else_is_refused_even_then(self, folder: Folder) -> None:
        pictures(folder.root, 5)
        for number in range(5):
            (folder.root / "cat" / f"{number}.png").write_text(str(number))
        with pytest.raises(LabError, match="cat in "):
            folder.open(broken="skip")

    def test_a_decompression_bomb_is_not_unpacked(self, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        pictures(folder.root, 5)
        picture(folder.root / "cat" / "large.png", size=(100, 100))
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 9_000)
        assert "too many pixels" in folder.open(broken="skip").broken[0]

    def test_a_picture_that_changes_while_the_folder_is_read(
        self, folder: Folder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pictures(folder.root, 5)
        hash_all = decoding.hash_all

        def hash_then_change(*arguments: object) -> list[str]:
            found = hash_all(*arguments)  # type: ignore[arg-type]
            picture(folder.root / "cat" / "0.png", (1, 2, 3))
            return found

        monkeypatch.setattr(module, "hash_all", hash_then_change)
        with pytest.raises(LabError, match="changed while"):
            folder.open()


class TestFitting:
    @pytest.mark.parametrize(
        ("side", "expected"), [((32, 32), 32), ((64, 64), 64), ((65, 65), 256), ((32, 24), 256), ((500, 400), 256)]
    )
    def test_tiny_square_pictures_keep_their_size_and_others_become_256(
        self, folder: Folder, side: tuple[int, int], expected: int
    ) -> None:
        for name in ("cat/1.png", "cat/2.png", "cat/3.png", "dog/1.png", "dog/2.png", "dog/3.png"):
            picture(folder.root / name, size=side)
        assert probe(folder.root) == {"image_size": expected}
        data = folder.open()
        assert data.split("train").images.shape[1:] == (expected, expected, 3)
        assert folder.open(image_size=48).split("train").images.shape[1:] == (48, 48, 3)

    def test_a_picture_of_the_size_is_not_touched(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / "noise.png")
        assert np.array_equal(decode((tmp_path / "noise.png").read_bytes(), 32), noise)

    def test_the_shorter_side_is_scaled_and_the_centre_kept(self, tmp_path: Path) -> None:
        wide = np.zeros((40, 120, 3), dtype=np.uint8)
        wide[:, 40:80] = 200
        Image.fromarray(wide).save(tmp_path / "wide.png")
        assert decode((tmp_path / "wide.png").read_bytes(), 20).min() > 150

    def test_a_photograph_is_turned_upright(self, tmp_path: Path) -> None:
        top = np.zeros((64, 64, 3), dtype=np.uint8)
        top[:32] = 255
        exif = Image.Exif()
        exif[0x0112] = 6  # stored turned left: what is stored at the top belongs to the right
        Image.fromarray(top).save(tmp_path / "turned.jpg", exif=exif, quality=95)
        upright = decode((tmp_path / "turned.jpg").read_bytes(), 64)
        assert upright[:, 48:].mean() > 240
        assert upright[:, :16].mean() < 15

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "PGM"])
    def test_every_mode_becomes_rgb(self, tmp_path: Path, mode: str) -> None:
        path = tmp_path / ("picture.tif" if mode == "CMYK" else "picture.png")
        if mode == "PGM":  # of 16 bits: Pillow hands it over as 32
            path.write_bytes(b"P5 8 8 65535\n" + b"\x80\0" * 64)
        elif mode == "I;16":
            Image.fromarray(np.full((8, 8), 128 * 256, dtype=np.uint16)).save(path)
        else:
            Image.new("RGB", (8, 8), (128, 128, 128)).convert(mode).save(path)
        found = decode(path.read_bytes(), 8)
        assert found.shape == (8, 8, 3)
        assert mode == "1" or abs(int(found.mean()) - 128) <= 2


class TestCache:
    def test_an_unchanged_folder_is_neither_read_nor_decoded_again(
        self, folder: Folder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pictures(folder.root, 5)
        first = folder.open()

        def hash_none(root: Path, some: list[str]) -> list[str]:
            assert some == []
            return []

        monkeypatch.setattr(module, "hash_all", hash_none)
        monkeypatch.setattr(module, "decode_all", None)
        assert folder.open().fingerprint == first.fingerprint

    def test_the_fingerprint_follows_content_names_and_size_but_not_the_place(
        self, folder: Folder, tmp_path: Path
    ) -> None:
        pictures(folder.root, 5)
        seen = [folder.open().fingerprint]
        picture(folder.root / "cat" / "0.png", (7, 7, 7))
        seen.append(folder.open().fingerprint)
        seen.append(folder.open(image_size=8).fingerprint)
        (folder.root / "cat").rename(folder.root / "tomcat")
        seen.append(folder.open().fingerprint)
        (folder.root / "dog" / "0.png").unlink()
        seen.append(folder.open().fingerprint)
        assert len(set(seen)) == 5
        folder.root.rename(tmp_path / "moved")
        folder.root = tmp_path / "moved"
        assert folder.open().fingerprint == seen[-1]

    def test_training_never_notices_a_test_split_that_cannot_be_read(self, folder: Folder) -> None:
        for split in ("train", "test"):
            pictures(folder.root / split, 5)
        folder.open()
        (stored,) = folder.cache.glob("*/test.npy")
        stored.unlink()
        stored.mkdir()
        data = folder.open()
        assert len(data.split("train").load()) == 8
        assert len(data.split("val").load()) == 2


def test_the_same_picture_in_train_and_test_is_found(folder: Folder) -> None:
    for split in ("train", "test"):
        pictures(folder.root / split, 4)
    picture(folder.root / "test" / "cat" / "new.png", (77, 7, 7))
    findings = folder.check()
    assert "the same content in train and test: 8 pictures" in findings
    assert "sizes: 16x16 to 16x16 pixels, in 17 looked at" in findings
    assert findings[:2] == ["2 classes: cat, dog", "folders for train, test, fitted to 16x16"]


def test_unbalanced_classes_are_found(folder: Folder) -> None:
    pictures(folder.root, 2, "cat")
    pictures(folder.root, 40, "dog")
    assert any("unbalanced" in line for line in folder.check())


def test_parallel_keeps_the_order_and_passes_errors_on() -> None:
    assert list(parallel(lambda n: n * n, range(50))) == [n * n for n in range(50)]
    with pytest.raises(ZeroDivisionError):
        list(parallel(lambda n: 1 // (n - 7), range(50)))
