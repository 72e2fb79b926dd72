"""Definitions of studies: ours all load; a user's are checked, and what is wrong is named with its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import LabError, UsageError
from engine.studies.cells import cells_of
from engine.studies.definition import find_study, our_studies, own_studies, read_study, study_of
from engine.studies.repeating import study_command
from tests.studies import toy

OURS = ["batch-size", "features", "grad-cam", "norms", "ner-ladder", "beam-size", "teacher-forcing", "text2math"]


class TestOurs:
    def test_those_that_the_assignments_ask_for_are_there(self) -> None:
        assert list(our_studies()) == OURS

    @pytest.mark.parametrize("name", OURS)
    @pytest.mark.parametrize("recipe", ["seed", "best"])
    def test_every_cell_resolves_under_every_recipe(self, name: str, recipe: str) -> None:
        study = our_studies()[name].changed(recipe=recipe)
        assert study.title
        assert study.question
        assert study.source
        for cell in cells_of(study):
            config = cell.config(study, 3)
            assert (config.variant, config.settings.seed, config.recipe) == (cell.variant, 3, recipe)


def written(folder: Path, name: str, content: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(content)
    return path


PLAIN = 'task = "toy"\nvariants = ["line"]\nmetric = "loss"\n'


class TestAUsersOwn:
    def test_is_named_by_its_file_and_found_by_name_and_path(self, tmp_path: Path) -> None:
        path = written(tmp_path, "mine", PLAIN)
        assert find_study("mine", tmp_path) == find_study(str(path), tmp_path / "elsewhere")
        assert find_study("mine", tmp_path).name == "mine"

    def test_comes_before_one_of_ours(self, tmp_path: Path) -> None:
        written(tmp_path, "norms", PLAIN)
        assert find_study("norms", tmp_path).variants == ["line"]

    def test_a_name_that_nobody_has_is_answered_with_the_nearest(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as caught:
            find_study("norm", tmp_path)
        assert "norms" in (caught.value.hint or "")

    @pytest.mark.parametrize(
        ("line", "near"),
        [
            ('qestion = "why?"', "question"),
            ("settings = { epoch = 3 }", "epochs"),
            ('axes = [{ setting = "epochs", valuess = [1] }]', "values"),
            ('axes = [{ setting = "epoch", values = [1] }]', "epochs"),
            ('recipe = "bests"', "best"),
            ('agree = ["line", "lines"]', "line"),
        ],
    )
    def test_an_unknown_key_names_the_file_and_the_nearest_key(self, tmp_path: Path, line: str, near: str) -> None:
        path = written(tmp_path, "mine", PLAIN + line)
        with pytest.raises(UsageError) as caught:
            read_study(path)
        assert str(path) in str(caught.value)
        assert repr(near) in (caught.value.hint or "")

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff\xfe",
            b"task = ",
            b"x = " + b"[" * 100_000,
            b"#" * 1_000_000,
            PLAIN.encode() + b'title = "' + b"x" * 5_000 + b'"',
            PLAIN.encode() + b"settings = 3",
            PLAIN.encode() + b"settings = { seed = 3 }",
            PLAIN.encode() + b"settings = { lr = nan }",
            PLAIN.encode() + b"v = 99",
            PLAIN.encode().replace(b'"line"', b'"line", "line"'),
            PLAIN.encode() + b'axes = [{ setting = "points", values = [8, "8"] }]',
            PLAIN.encode() + b'axes = [{ setting = "lr", values = [1] }, { setting = "lr", values = [2] }]',
            PLAIN.encode() + b'axes = [{ setting = "points", values = %a }]' % list(range(1, 500)),
            PLAIN.encode() + b'name = "../../etc"',
            PLAIN.encode() + b'sections = ["everything"]',
        ],
    )  # fmt: skip
    def test_what_is_no_study_or_too_large_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "mine.toml"
        path.write_bytes(content)
        with pytest.raises(LabError) as caught:
            read_study(path)
        assert len(str(caught.value)) < 3_000
        assert "mine" in str(caught.value)

    def test_one_that_cannot_be_read_does_not_hide_the_others(self, tmp_path: Path) -> None:
        written(tmp_path, "good", PLAIN)
        written(tmp_path, "bad", "task = ")
        written(tmp_path, "Not A Name", PLAIN)
        found, problems = own_studies(tmp_path)
        assert list(found) == ["good"]
        assert ["bad.toml" in str(each) or "Not A Name" in str(each) for each in problems] == [True, True]

    def test_there_may_be_no_folder(self, tmp_path: Path) -> None:
        assert own_studies(tmp_path / "nowhere") == ({}, [])


class TestWhatItIs:
    def test_the_digest_is_of_what_is_trained_and_not_of_what_is_shown(self) -> None:
        plain = toy(settings={"epochs": 2})
        assert plain.digest == toy(settings={"epochs": "2"}, title="another", sections=["curves"]).digest
        assert plain.digest != toy(settings={"epochs": 3}).digest
        assert plain.digest != toy(settings={"epochs": 2}, recipe="seed").digest

    def test_it_comes_back_from_what_it_is_stored_as(self) -> None:
        study = toy(axes=[{"setting": "lr", "values": [0.1, "0.3"]}], settings={"epochs": "2"})
        again = study_of(study.as_dict(), "again")
        assert (again, again.digest) == (study, study.digest)
        assert study.axes[0].values == [0.1, 0.3]

    def test_a_change_is_checked(self) -> None:
        with pytest.raises(UsageError, match="'epochs' cannot be"):
            toy().changed(settings={"epochs": -1})


class TestSettingsOfOneVariant:
    def test_stand_over_those_of_all_and_touch_no_other(self) -> None:
        study = toy(settings={"epochs": 2, "lr": 0.1}, own={"slope": {"epochs": "5"}})
        epochs = {cell.variant: cell.config(study, 1).settings.epochs for cell in cells_of(study)}
        assert epochs == {"line": 2, "slope": 5}
        assert {cell.config(study, 1).settings.lr for cell in cells_of(study)} == {0.1}

    def test_make_another_study_and_come_back_from_what_it_is_stored_as(self) -> None:
        study = toy(own={"slope": {"epochs": 5}})
        assert study.digest != toy().digest
        assert study_of(study.as_dict(), "again") == study
        assert study_command(study, [1]).endswith("--set slope/epochs=5 --as toys --seeds 1")

    @pytest.mark.parametrize(
        ("own", "expected"),
        [
            ({"slop": {"epochs": 5}}, "unknown variant of this study 'slop'"),
            ({"slope": {"epoch": 5}}, "unknown setting 'epoch'"),
            ({"slope": {"epochs": -1}}, "'epochs' cannot be"),
            ({"slope": {"seed": 3}}, "seed is no setting of one variant"),
            ({"slope": {"points": 3}}, "points is no setting of one variant"),
        ],
    )
    def test_what_cannot_be_is_refused(self, own: dict[str, dict[str, object]], expected: str) -> None:
        with pytest.raises(UsageError, match=expected):
            toy(own=own, axes=[{"setting": "points", "values": [8, 16]}])

    def test_what_means_nothing_for_the_variant_is_refused(self) -> None:
        with pytest.raises(UsageError, match="encoder means nothing for attention"):
            our_studies()["text2math"].changed(own={"attention": {"encoder": "somewhere"}})
