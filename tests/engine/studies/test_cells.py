"""From a study to its cells: labels, grids, and what makes two trainings one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.errors import UsageError
from engine.studies.cells import cells_of, grid, key_of
from tests.conftest import configured
from tests.studies import toy


def labels(**more: Any) -> list[str]:
    return [cell.label for cell in cells_of(toy(**more))]


class TestLabels:
    def test_say_what_tells_a_cell_from_the_others_and_no_more(self) -> None:
        lr = {"setting": "lr", "values": [0.1, 1e-7]}
        points = {"setting": "points", "values": [8, 64]}
        assert labels() == ["line", "slope"]
        assert labels(variants=["line"]) == ["line"]
        assert labels(variants=["line"], axes=[lr]) == ["lr=0.1", "lr=1e-07"]
        assert labels(axes=[points]) == ["line points=8", "line points=64", "slope points=8", "slope points=64"]
        assert len(labels(axes=[lr, points])) == 8

    def test_values_that_are_nearly_the_same_are_told_apart(self) -> None:
        close = {"setting": "lr", "values": [0.1, 0.10000001]}
        assert labels(variants=["line"], axes=[close]) == ["lr=0.1", "lr=0.10000001"]


class TestAGrid:
    def test_values_are_of_the_settings_type_and_each_stands_once(self) -> None:
        (axis,) = grid(toy(), ["lr=0.10, 0.1,3e-2"])
        assert (axis.setting, axis.values) == ("lr", [0.1, 0.03])
        (axis,) = grid(toy(), ["nesterov=true,false"])
        assert axis.values == [True, False]

    def test_several_multiply_and_one_of_a_setting_that_there_is_replaces_it(self) -> None:
        study = toy(axes=[{"setting": "points", "values": [8, 16]}])
        assert [axis.values for axis in grid(study, ["points=4", "lr=1,2"])] == [[4], [1.0, 2.0]]

    @pytest.mark.parametrize("text", ["lr", "lr=", "=3", "lr=1,,2", "lrr=1", "lr=much", "epochs=1.5"])
    def test_what_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(UsageError):
            grid(toy(), [text])

    @pytest.mark.parametrize("texts", [["lr=1", "lr=2"], ["points=" + ",".join(map(str, range(1, 70)))]])
    def test_an_axis_twice_or_too_long_is_refused(self, texts: list[str]) -> None:
        with pytest.raises(UsageError, match=r"axes|too many"):
            grid(toy(), texts)


class TestAKey:
    def test_is_of_what_is_trained_not_of_where_nor_on_which_path(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            (tmp_path / name).write_text("0.1\n0.2\n0.3\n0.4\n")
        plain = configured("toy/line", epochs=2)
        assert key_of(plain) == key_of(configured("toy/line", epochs=2, device="cpu", checkpoint_minutes=3))
        assert key_of(plain) != key_of(configured("toy/line", epochs=2, seed=2))
        assert key_of(plain) != key_of(configured("toy/slope", epochs=2))
        assert key_of(configured("toy/line", str(tmp_path / "one"))) == key_of(
            configured("toy/line", str(tmp_path / "two"))
        )

    def test_every_cell_and_seed_has_its_own(self) -> None:
        study = toy(axes=[{"setting": "points", "values": [8, 16]}])
        keys = [key_of(cell.config(study, seed)) for cell in cells_of(study) for seed in (1, 2)]
        assert len(set(keys)) == 8

    def test_no_preference_of_the_users_has_a_say(self, monkeypatch: pytest.MonkeyPatch) -> None:
        cell = cells_of(toy())[0]
        before = cell.config(toy(), 1)
        monkeypatch.setenv("LABAPP_EPOCHS", "77")
        assert cell.config(toy(), 1) == before
