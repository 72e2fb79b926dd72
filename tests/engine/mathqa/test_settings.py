"""Settings and recipes of the math lab: they resolve, they have bounds, and what cannot be is refused at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.catalogue import task_row
from engine.config import Config, Layer, parse_assignment, resolve
from engine.errors import UsageError
from engine.mathqa.settings import WIDEST, MathSettings
from tests.engine.mathqa.solvers import VARIANTS, config, written

ROW = task_row("mathqa")
RANDOM: dict[str, Any] = {"vectors": "random", "encoder": "scratch"}


def set_to(data: str = "sample", variant: str = "attention", **values: Any) -> Config:
    return resolve(ROW, variant, data, "best", [Layer("the test", values)])


@pytest.mark.parametrize("recipe", ["seed", "best"])
@pytest.mark.parametrize("variant", VARIANTS)
class TestRecipes:
    def test_every_shipped_configuration_resolves(self, variant: str, recipe: str, tmp_path: Path) -> None:
        for data in ("sample", str(written(tmp_path))):
            chosen = resolve(ROW, variant, data, recipe, [Layer("the test", RANDOM)])
            assert chosen.settings.monitor == "exact_match"
            assert chosen.settings.clip_norm > 0  # an LSTM's gradients grow

    def test_the_seed_is_the_assignments(self, variant: str, recipe: str, tmp_path: Path) -> None:
        """004 2.3.1: teacher forcing 0.6, ten beams; of a grammar it knows nothing."""
        found = config(variant, tmp_path, "seed").settings
        assert isinstance(found, MathSettings)
        plain = resolve(ROW, variant, str(written(tmp_path)), "seed", [Layer("the test", RANDOM)]).settings
        assert isinstance(plain, MathSettings)
        assert (plain.teacher_forcing, plain.forcing_schedule, plain.forcing_per) == (0.6, "constant", "token")
        assert (plain.beam, plain.grammar, plain.length_penalty) == (10, False, 0.0)

    def test_a_fine_tuned_encoder_learns_slower_than_the_rest_and_warms_up(
        self, variant: str, recipe: str, tmp_path: Path
    ) -> None:
        found = resolve(ROW, variant, str(written(tmp_path)), recipe, [Layer("the test", RANDOM)]).settings
        assert isinstance(found, MathSettings)
        assert found.rates() == {"encoder.encoder.": found.encoder_lr}
        if variant == "bert-finetuned":
            assert found.encoder_lr <= found.lr / 10
            assert found.warmup_epochs > 0


@pytest.mark.parametrize(
    "values",
    [
        {"beam": 0}, {"beam": WIDEST + 1}, {"beams": (0,)}, {"beams": (1, WIDEST + 1)}, {"teacher_forcing": 1.1},
        {"teacher_forcing": -0.1}, {"forcing_final": 2}, {"forcing_per": "problem"}, {"forcing_schedule": "cosine"},
        {"label_smoothing": 1.0}, {"dropout": 1.0}, {"max_program": 1}, {"max_words": 7}, {"length_penalty": -1},
        {"encoder_lr": 0}, {"hidden": 0}, {"layers": 0}, {"monitor": "bleu"}, {"broken": "mend"},
        {"validation_fraction": 0.5, "test_fraction": 0.5}, {"beam_width": 3},
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        set_to(**values)


class TestBeams:
    def test_are_widths_each_measured_once(self) -> None:
        found = set_to(beams=(20, 1, 20)).settings
        assert isinstance(found, MathSettings)
        assert found.beams == (20, 1)

    @pytest.mark.parametrize(("typed", "beams"), [("1,10,20", (1, 10, 20)), ("5", (5,)), ("", ())])
    def test_can_be_typed(self, typed: str, beams: tuple[int, ...]) -> None:
        found = set_to(**dict([parse_assignment(f"beams={typed}", MathSettings)])).settings
        assert isinstance(found, MathSettings)
        assert found.beams == beams

    def test_make_no_other_training_of_it(self) -> None:
        one, other = set_to(), set_to(beams=(1, 20))
        assert one.identity("data", "fp32", {}) == other.identity("data", "fp32", {})
        assert one.identity("data", "fp32", {}) != set_to(beam=5).identity("data", "fp32", {})


class TestSources:
    def test_vectors_are_needed_and_can_be_random(self, tmp_path: Path) -> None:
        data = str(written(tmp_path))
        for variant in ("seq2seq", "attention"):
            with pytest.raises(UsageError, match="pretrained word vectors") as caught:
                set_to(data, variant)
            assert "vectors=random" in str(caught.value.hint)
            with pytest.raises(UsageError, match="no such file of word vectors"):
                set_to(data, variant, vectors=str(tmp_path / "none.txt"))
            assert set_to(data, variant, vectors="random")
        assert set_to("sample")

    @pytest.mark.parametrize("variant", ["bert-frozen", "bert-finetuned"])
    def test_an_encoders_folder_must_be_there(self, variant: str, tmp_path: Path) -> None:
        data = str(written(tmp_path))
        assert set_to(data, variant)  # from the hub
        with pytest.raises(UsageError, match="no such encoder"):
            set_to(data, variant, encoder="./none")
        found = set_to(data, variant, encoder=str(tmp_path)).settings
        assert isinstance(found, MathSettings)
        assert found.encoder == str(tmp_path)

    def test_a_folder_that_is_written_like_a_name_on_the_hub_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = str(written(tmp_path))
        monkeypatch.chdir(tmp_path)
        for folder in ("models/minilm", "scratch"):
            Path(folder).mkdir(parents=True)
        with pytest.raises(UsageError, match="on the hub, or the folder") as caught:
            set_to(data, "bert-frozen", encoder="models/minilm")
        assert "write ./models/minilm" in str(caught.value.hint)
        for encoder in ("./models/minilm", "models/minibert", "scratch", ""):
            assert set_to(data, "bert-frozen", encoder=encoder)

    def test_where_they_lie_is_no_part_of_the_identity_but_what_they_are(self, tmp_path: Path) -> None:
        for name in ("one.txt", "other.txt"):
            (tmp_path / name).write_text("a 1 0 0 0\n")
        one, other = (config("attention", tmp_path, vectors=str(tmp_path / name)) for name in ("one.txt", "other.txt"))
        assert one.identity("data", "fp32", {"vectors": "a"}) == other.identity("data", "fp32", {"vectors": "a"})
        assert one.identity("data", "fp32", {"vectors": "a"}) != one.identity("data", "fp32", {"vectors": "b"})
