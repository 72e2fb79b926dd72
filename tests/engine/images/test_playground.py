"""What can be asked of a trained image run: its pictures, one of them explained, Grad-CAM pictures in a folder."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image

from engine.errors import LabError, UsageError
from engine.images.data import PictureData, PictureSplit
from engine.images.explain import Explained
from engine.images.figures import contact_sheet, harmless
from engine.images.playground import explain, gradcam, pictures
from engine.images.task import ImageTask
from engine.jobs import TrainedModel
from engine.learner import TorchLearner
from engine.task import Split
from tests.engine.images.conftest import coloured, settings

pytestmark = pytest.mark.filterwarnings("default")  # the grad-cam package's imports are not ours

CLASSES = ("red", "green/../..", "[b]blue\x1b[31m")  # names come from folders, and anybody can name a folder
SIDE = 16


class Loaded:
    """A model as the inference process holds it, with a network that always says the first class."""

    def __init__(self, masks: bool = False):
        self.settings = settings()
        self.splits = {name: coloured(30, side=SIDE, seed=seed) for seed, name in enumerate(("train", "val", "test"))}
        if masks:
            columns = np.arange(SIDE)[None, None, :]  # the object of picture i covers columns 0 to i // 2
            whole = np.broadcast_to(columns <= np.arange(30)[:, None, None] // 2, (30, SIDE, SIDE))
            self.splits = {
                name: PictureSplit(each.images, each.labels, each.names, whole) for name, each in self.splits.items()
            }
        self.data = PictureData(CLASSES, "f" * 64, SIDE, dict.fromkeys(("train", "val", "test"), (10,) * 3), self.open)
        self.task = ImageTask({"norm": "bn"})
        self.artifacts = self.task.prepare(self.data, self.settings)
        self.learner = TorchLearner(self.settings)
        self.learner.build(self.task, self.artifacts)
        self.memory: dict[Any, Any] = {}
        self.opened = 0
        with torch.no_grad():
            linear = cast(Any, self.learner.evaluation_model()).linear
            linear.bias[0] = 5.0

    def open(self, split: Split) -> PictureSplit:
        return self.splits[split]

    def attach_own_data(self, chosen: Any, cache: Path, say: Any) -> None:
        self.opened += 1
        self.task.attach(self.data, chosen, self.artifacts, self.learner.device)


@pytest.fixture
def model() -> TrainedModel:
    return cast(TrainedModel, Loaded())


def ask(operation: Any, model: TrainedModel, **args: Any) -> Any:
    return operation(model, args, Path("/nowhere"), lambda message: None)


def pixels(image: dict[str, Any]) -> np.ndarray:  # type: ignore[type-arg]
    raw = np.frombuffer(base64.b64decode(image["rgb"]), np.uint8)
    return raw.reshape(image["height"], image["width"], 3)


class TestPictures:
    def test_counts_every_class(self, model: TrainedModel) -> None:
        found = ask(pictures, model)
        assert found["classes"] == [
            {"name": CLASSES[0], "right": 10, "wrong": 0},
            {"name": CLASSES[1], "right": 0, "wrong": 10},
            {"name": CLASSES[2], "right": 0, "wrong": 10},
        ]
        assert found["pictures"] == []
        assert found["default_layer"] in found["layers"]

    def test_shows_some_of_a_class_small(self, model: TrainedModel) -> None:
        found = ask(pictures, model, **{"class": "red"}, right=3, wrong=2, side=8)["pictures"]
        assert [each["correct"] for each in found] == [True] * 3, "none of this class is wrong"
        assert all(each["class"] == each["predicted"] == "red" for each in found)
        assert pixels(found[0]["image"]).shape == (8, 8, 3)

    def test_sends_the_pixels_as_they_are_when_there_is_room(self, model: TrainedModel) -> None:
        (one,) = ask(pictures, model, **{"class": "red"}, right=1, wrong=0, side=99)["pictures"]
        expected = cast(Any, model).splits["val"].images[one["index"]]
        np.testing.assert_array_equal(pixels(one["image"]), expected)

    def test_one_that_is_named_comes_first_and_once_if_it_is_of_the_class(self, model: TrainedModel) -> None:
        usual = ask(pictures, model, **{"class": "red"}, right=3, wrong=2)["pictures"]
        everything = ask(pictures, model, **{"class": "red"}, right=10, wrong=0)["pictures"]
        other = next(each for each in everything if each["index"] not in [one["index"] for one in usual])
        named = [
            each["index"]
            for each in ask(pictures, model, **{"class": "red"}, right=3, wrong=2, name=other["name"])["pictures"]
        ]
        assert named == [other["index"], *(each["index"] for each in usual)]
        for name, class_name, count in (
            (usual[1]["name"], "red", 3),
            (other["name"], CLASSES[1], 0),
            ("gone", "red", 3),
        ):
            assert len(ask(pictures, model, **{"class": class_name}, right=3, wrong=0, name=name)["pictures"]) == count

    @pytest.mark.parametrize(("order", "sign"), [("surest", -1), ("least", 1)])
    def test_ranks_by_confidence(self, model: TrainedModel, order: str, sign: int) -> None:
        found = ask(pictures, model, **{"class": "red"}, right=10, wrong=0, order=order)["pictures"]
        ranked = [sign * each["confidence"] for each in found]
        assert ranked == sorted(ranked)

    def test_at_random_means_the_same_pictures_every_time_and_for_every_run(self, model: TrainedModel) -> None:
        again = cast(TrainedModel, Loaded())
        first, second = (
            [each["index"] for each in ask(pictures, each, **{"class": "red"}, right=4)["pictures"]]
            for each in (model, again)
        )
        assert first == second
        assert first != sorted(first)

    def test_classifies_a_split_once(self, model: TrainedModel) -> None:
        for _ in range(3):
            ask(pictures, model, **{"class": "red"})
        assert cast(Any, model).opened == 1

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            ({"class": "rde"}, "unknown class"),
            ({"split": "dev"}, "unknown split"),
            ({"class": "red", "order": "best"}, "unknown order"),
            ({"class": "red", "side": 0}, "side must be a whole number from 1"),
            ({"class": "red", "right": "many"}, "right must be a whole number"),
        ],
    )
    def test_refuses_what_it_does_not_know(self, model: TrainedModel, args: dict[str, Any], message: str) -> None:
        with pytest.raises(UsageError, match=message):
            ask(pictures, model, **args)


class TestExplain:
    def test_a_picture_of_a_split_for_its_own_class(self, model: TrainedModel) -> None:
        found = ask(explain, model, index=4, side=64)
        assert (found["class"], found["predicted"], found["correct"]) == (CLASSES[1], "red", False)
        assert found["target"] == CLASSES[1], "the evidence for what it is, not for what was said"
        assert found["probabilities"][0]["class"] == "red"
        assert [pixels(found[name]).shape for name in ("image", "overlay")] == [(SIDE, SIDE, 3)] * 2
        assert pixels(found["heat"]).shape == (64, 64, 3)
        assert found["inside"] is None

    def test_for_another_class_and_layer(self, model: TrainedModel) -> None:
        one = ask(explain, model, index=4)
        other = ask(explain, model, index=4, target="red", layer="stage1.0.relu1")
        assert (other["target"], other["layer"]) == ("red", "stage1.0.relu1")
        assert one["heat"] != other["heat"]

    def test_ones_own_picture_for_what_it_is_taken_for(self, model: TrainedModel, tmp_path: Path) -> None:
        Image.new("RGB", (40, 90), (200, 0, 0)).save(tmp_path / "mine.png")
        found = ask(explain, model, picture=str(tmp_path / "mine.png"))
        assert (found["name"], found["class"], found["correct"]) == ("mine.png", None, None)
        assert found["target"] == found["predicted"] == "red"
        assert cast(Any, model).opened == 0, "the dataset is not needed"

    def test_measures_the_heat_where_the_object_is_known(self) -> None:
        model = cast(TrainedModel, Loaded(masks=True))
        small, large = (ask(explain, model, index=index) for index in (2, 29))
        assert [small["covered"], large["covered"]] == [2 / SIDE, 15 / SIDE]
        assert 0 <= small["inside"] < large["inside"] <= 1

    @pytest.mark.parametrize("kind", ["text", "postscript", "missing", "pipe", "folder"])
    def test_refuses_what_is_no_picture(self, model: TrainedModel, tmp_path: Path, kind: str) -> None:
        path = tmp_path / "odd.png"
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        elif kind != "missing":
            path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n" if kind == "postscript" else b"no")
        with pytest.raises(UsageError, match=r"cannot be read|no file") as refusal:
            ask(explain, model, picture=str(path))
        assert "odd.png" in str(refusal.value.got)

    def test_refuses_a_position_beyond_the_split(self, model: TrainedModel) -> None:
        with pytest.raises(UsageError, match="no such picture") as refusal:
            ask(explain, model, index=30)
        assert refusal.value.expected == "0 to 29"


class TestExport:
    def test_writes_single_pictures_and_a_sheet_for_every_class(self, model: TrainedModel, tmp_path: Path) -> None:
        found = ask(gradcam, model, out=str(tmp_path / "new" / "out"), per_class=2)
        assert [(each["class"], each["correct"]) for each in found["files"]] == [
            *[(CLASSES[0], True)] * 2, *[(CLASSES[1], False)] * 2, *[(CLASSES[2], False)] * 2,
        ]  # fmt: skip
        assert len(found["sheets"]) == 3
        written = {str(each) for each in (tmp_path / "new" / "out").iterdir()}
        assert written == {*found["sheets"], *(each["path"] for each in found["files"])}
        for path in written:
            Image.open(path).verify()

    def test_says_where_there_are_fewer_than_wanted(self, model: TrainedModel, tmp_path: Path) -> None:
        found = ask(gradcam, model, out=str(tmp_path), per_class=2, classes=["red"])
        assert found["notes"] == ["red: only 0 of 2 wanted were classified wrongly in val"]

    def test_names_say_class_prediction_and_confidence(self, model: TrainedModel, tmp_path: Path) -> None:
        found = ask(gradcam, model, out=str(tmp_path), indices=[0], target=CLASSES[2], layer="stage2")
        (one,) = found["files"]
        assert Path(one["path"]).name == f"red_as_red_{one['confidence']:.2f}_val-00000_for_b-blue-31m_stage2.png"
        assert found["sheets"] == []

    def test_no_class_name_leaves_the_folder(self, model: TrainedModel, tmp_path: Path) -> None:
        found = ask(gradcam, model, out=str(tmp_path / "out"), per_class=1)
        assert all(Path(each["path"]).parent == tmp_path / "out" for each in found["files"])
        assert harmless("../../etc/passwd") == "etc-passwd"
        assert harmless("...") == "unnamed"
        assert harmless("héron cendré") == "héron-cendré"
        assert len(harmless("鳥" * 300).encode()) <= 48

    def test_ones_own_pictures_that_are_called_alike_do_not_overwrite_each_other(
        self, model: TrainedModel, tmp_path: Path
    ) -> None:
        for folder in ("one", "two"):
            (tmp_path / folder).mkdir()
            Image.new("RGB", (20, 20), (200, 0, 0)).save(tmp_path / folder / "bird.png")
        files = [str(tmp_path / folder / "bird.png") for folder in ("one", "two")]
        found = ask(gradcam, model, out=str(tmp_path / "out"), pictures=files)
        assert len({each["path"] for each in found["files"]}) == 2
        assert len(list((tmp_path / "out").iterdir())) == 2

    def test_adds_up_how_much_of_the_heat_is_on_the_objects(self, tmp_path: Path) -> None:
        model = cast(TrainedModel, Loaded(masks=True))
        found = ask(gradcam, model, out=str(tmp_path), indices=[1, 3, 29])
        assert found["heat"]["covered"] == pytest.approx((1 + 2 + 15) / (3 * SIDE))
        shares = [ask(explain, model, index=index)["inside"] for index in (1, 3, 29)]
        assert found["heat"]["inside"] == pytest.approx(np.mean(shares))
        assert found["heat"]["pictures"] == 3

    def test_pictures_of_the_data_and_ones_own_together(self, model: TrainedModel, tmp_path: Path) -> None:
        Image.new("RGB", (20, 20), (200, 0, 0)).save(tmp_path / "bird.png")
        found = ask(gradcam, model, out=str(tmp_path / "out"), indices=[3, 5], pictures=[str(tmp_path / "bird.png")])
        assert [each["index"] for each in found["files"]] == [3, 5, None]

    def test_exports_of_another_split_or_order_leave_those_before(self, model: TrainedModel, tmp_path: Path) -> None:
        for how in ({}, {"split": "test"}, {"order": "surest"}):
            ask(gradcam, model, out=str(tmp_path), per_class=1, classes=["red"], **how)
        assert {each.name for each in tmp_path.glob("sheet*")} == {
            "sheet_red_val.png", "sheet_red_test.png", "sheet_red_val-surest.png",
        }  # fmt: skip

    def test_a_sheet_of_many_pictures_has_several_rows(self) -> None:
        picture, heat = np.zeros((300, 300, 3), np.uint8), np.zeros((300, 300), np.float32)
        one = Explained(picture, heat, "x", 0, "val", "cat", "cat", 1.0, "cat", "stage3", (("cat", 1.0),))
        few, many = (contact_sheet("cat", [one] * count, []) for count in (10, 25))
        assert many.width == few.width < 2_200
        assert many.height > 2 * few.height

    def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(self, model: TrainedModel, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(LabError) as refusal:
            ask(gradcam, model, out=str(tmp_path / "file" / "out"))
        assert "file" in str(refusal.value.got)

    @pytest.mark.parametrize(
        "args",
        [
            {"classes": ["red", "ble"]},
            {"target": "ble"},
            {"layer": "stage4"},
            {"split": "dev"},
            {"order": "best"},
            {"per_class": 0},
        ],
    )
    def test_what_is_not_known_is_refused_before_anything_is_written(
        self, model: TrainedModel, tmp_path: Path, args: dict[str, Any]
    ) -> None:
        with pytest.raises(UsageError, match=r"unknown|whole number"):
            ask(gradcam, model, out=str(tmp_path / "out"), **args)
        assert not (tmp_path / "out").exists()
