"""What a study is, and the cells it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import LabError, UsageError
from engine.studies.cells import cells_of, grid, key_of
from engine.studies.definition import Study, find_study, our_studies, study_of

RAW = {"name": "mine", "task": "images", "variants": ["bn", "gn"], "metric": "accuracy"}


def made(**changes: object) -> Study:
    return study_of({**RAW, **changes}, "a test")


@pytest.mark.parametrize("study", our_studies().values(), ids=lambda study: study.name)
def test_every_study_of_ours_has_cells_that_can_be_configured(study: Study) -> None:
    cells = cells_of(study)
    assert len({cell.label for cell in cells}) == len(cells)
    if study.task == "images":  # the others need files: word vectors, encoders
        keys = {key_of(cell.config(study, seed)) for cell in cells for seed in (1, 2)}
        assert len(keys) == 2 * len(cells)


class TestADefinition:
    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ({"variants": ["bm"]}, "bn"),
            ({"settings": {"epocs": 3}}, "epochs"),
            ({"settings": {"seed": 3}}, "--seeds"),
            ({"variants": ["bn", "bn"]}, "twice"),
            ({"axes": [{"setting": "lr", "values": [0.1] * 201}]}, "values"),
            ({"titel": "x"}, "title"),
            ({"agree": ["bn", "ln"]}, "ln"),
        ],
    )
    def test_that_is_wrong_is_refused_with_what_would_be_right(self, wrong: dict[str, object], named: str) -> None:
        with pytest.raises(UsageError) as caught:
            made(**wrong)
        assert named in str(caught.value.as_dict())

    def test_of_a_newer_labapp_is_not_guessed_at(self) -> None:
        with pytest.raises(LabError, match="newer"):
            made(v=99)

    def test_is_one_with_another_that_trains_the_same(self) -> None:
        assert made(settings={"epochs": "20"}).digest == made(settings={"epochs": 20}, title="x").digest
        assert made(settings={"epochs": 20}).digest != made(settings={"epochs": 21}).digest

    def test_of_ones_own_comes_before_ours(self, tmp_path: Path) -> None:
        (tmp_path / "norms.toml").write_text('task = "images"\nvariants = ["bn"]\nmetric = "accuracy"\n')
        assert find_study("norms", tmp_path).variants == ["bn"]
        with pytest.raises(UsageError, match="study"):
            find_study("nroms", tmp_path)


class TestCells:
    def test_are_every_variant_with_every_value_labelled_by_what_tells_them_apart(self) -> None:
        study = made(axes=[{"setting": "batch_size", "values": [8, 128]}])
        assert [cell.label for cell in cells_of(study)] == [
            "bn batch_size=8", "bn batch_size=128", "gn batch_size=8", "gn batch_size=128"
        ]  # fmt: skip
        alone = made(variants=["bn"], axes=[{"setting": "lr", "values": [0.1, 0.03]}])
        assert [cell.label for cell in cells_of(alone)] == ["lr=0.1", "lr=0.03"]

    def test_a_grid_is_read_as_the_settings_type_has_it(self) -> None:
        (axis,) = grid(made(), ["lr=0.10,1e-2"])
        assert axis.values == [0.1, 0.01]
        for wrong in ("lr", "lr=", "=1", "lr=1,,2", "batch_size=x"):
            with pytest.raises(UsageError):
                grid(made(), [wrong])

    def test_where_it_runs_is_no_part_of_what_is_trained(self) -> None:
        cell = cells_of(made())[0]
        assert key_of(cell.config(made(), 1)) == key_of(cell.config(made(settings={"device": "cpu"}), 1))
        assert key_of(cell.config(made(), 1)) != key_of(cell.config(made(settings={"lr": 0.05}), 1))
