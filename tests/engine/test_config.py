"""Configurations: layers, bounds, names, identity, and that every recipe in the catalogue is sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalogue import TaskRow, parse_target, task_row, tasks
from engine.config import Layer, describe_settings, parse_assignment, read_config, resolve, settings_class
from engine.errors import LabError, UsageError
from engine.settings import idle_settings

IMAGES = task_row("images")


def images(variant: str = "bn", data: str | None = None, recipe: str = "best", **settings: object):  # type: ignore[no-untyped-def]
    return resolve(IMAGES, variant, data, recipe, [Layer("the test", settings)])


@pytest.mark.parametrize("recipe", ["seed", "best"])
@pytest.mark.parametrize("data", [*IMAGES.datasets])
@pytest.mark.parametrize("variant", [*IMAGES.variants])
def test_every_recipe_loads_for_every_variant_and_dataset(variant: str, data: str, recipe: str) -> None:
    config = images(variant, data, recipe)
    assert config.settings.epochs >= 1
    assert (config.recipe, config.recipe_version) == (recipe, IMAGES.recipe_version)


class TestSeedRecipe:
    """The assignments' hyper-parameters to the letter."""

    def test_cifar10(self) -> None:
        found = images(data="cifar10", recipe="seed").settings
        assert (found.batch_size, found.epochs, found.optimizer, found.lr) == (128, 100, "sgd", 0.1)

    def test_256x256_birds(self) -> None:
        found = images(data="cifar10", recipe="seed", image_size=256).settings
        assert (found.batch_size, found.epochs, found.optimizer, found.lr) == (32, 50, "sgd", 1e-4)

    @pytest.mark.parametrize("variant", [*IMAGES.variants])
    def test_every_variant_has_the_same(self, variant: str) -> None:
        assert images(variant, "cifar10", "seed").settings == images("bn", "cifar10", "seed").settings


def test_best_trains_as_many_epochs_as_seed() -> None:
    for variant in IMAGES.variants:
        assert images(variant, "cifar10").settings.epochs == images(variant, "cifar10", "seed").settings.epochs


class TestLayers:
    def test_the_strongest_layer_wins_and_the_recipe_is_the_weakest(self) -> None:
        layers = [Layer("command line", {"lr": 0.5}), Layer("user", {"lr": 0.1, "momentum": 0.5})]
        found = resolve(IMAGES, "bn", "cifar10", "seed", layers).settings
        assert (found.lr, found.momentum, found.batch_size) == (0.5, 0.5, 128)

    def test_an_unknown_setting_is_answered_with_the_nearest_and_where_it_stands(self) -> None:
        layer = Layer("labapp.toml", {"label_smooting": 0.1}, {"label_smooting": 7})
        with pytest.raises(UsageError) as refusal:
            resolve(IMAGES, "bn", None, "best", [layer])
        assert "'label_smoothing'" in str(refusal.value.hint)
        assert "labapp.toml, line 7" in str(refusal.value.got)

    @pytest.mark.parametrize(
        ("key", "value"),
        [("lr", "fast"), ("lr", -1), ("epochs", 0), ("optimizer", "sdg"), ("n", 1.5), ("lr", "inf"), ("groups", 3)],
    )
    def test_a_value_out_of_bounds_says_what_was_got_and_what_may_be(self, key: str, value: object) -> None:
        with pytest.raises(UsageError) as refusal:
            images(**{key: value})
        assert str(value) in str(refusal.value.got)
        assert "the test" in str(refusal.value.got)
        assert describe_settings(settings_class(IMAGES))[key]["help"] in str(refusal.value.expected)

    @pytest.mark.parametrize("key", ["epochs", "image_size"])
    def test_what_a_recipe_computes_with_is_checked_before(self, key: str) -> None:
        with pytest.raises(UsageError, match=key):
            images(**{key: "abc"})

    def test_settings_that_do_not_go_together_are_refused_before_the_launch(self) -> None:
        with pytest.raises(UsageError, match="do not go together") as refusal:
            images(momentum=0)  # the best recipe has nesterov
        assert "nesterov=false" in str(refusal.value.got)

    def test_pictures_too_small_for_the_network_are_refused(self) -> None:
        with pytest.raises(UsageError, match="image_size"):
            images(image_size=4)

    def test_lists_are_given_with_commas(self) -> None:
        key, value = parse_assignment("milestones=.3,.6", settings_class(IMAGES))
        assert images(**{key: value}).settings.milestones == (0.3, 0.6)

    @pytest.mark.parametrize("text", ["lr", "=3", ""])
    def test_an_assignment_needs_a_key_and_a_value(self, text: str) -> None:
        with pytest.raises(UsageError, match="key=value"):
            parse_assignment(text, settings_class(IMAGES))


class TestNames:
    @pytest.mark.parametrize(
        ("target", "nearest"), [("imags/bn", "images"), ("images/nb", "images/bn"), ("images", "images/")]
    )
    def test_unknown_targets_are_answered_with_the_nearest(self, target: str, nearest: str) -> None:
        with pytest.raises(UsageError) as refusal:
            parse_target(target)
        assert nearest in f"{refusal.value.hint} {refusal.value.expected}"

    def test_an_unknown_dataset_is_answered_with_the_nearest(self) -> None:
        with pytest.raises(UsageError) as refusal:
            images(data="cifar")
        assert "'cifar10'" in str(refusal.value.hint)

    @pytest.mark.parametrize("data", ["/nowhere/at/all", "./nothing", "x" * 5000, "y/" * 3000])
    def test_a_path_that_is_not_there_is_wrong_usage(self, data: str) -> None:
        with pytest.raises(UsageError):
            images(data=data)

    def test_a_datasets_name_wins_over_a_folder_of_that_name(self, tmp_path: Path) -> None:
        (tmp_path / "sample").mkdir()
        assert images(data="sample").data == "sample"

    def test_an_unknown_recipe_is_refused(self) -> None:
        with pytest.raises(UsageError, match="recipe"):
            images(recipe="bets")


class TestIdentity:
    def test_it_ignores_where_and_counts_what(self) -> None:
        base = images().identity("data", "bf16")
        for place in ({"device": "cpu"}, {"checkpoint_minutes": 1}, {"residency": "stream"}, {"precision": "bf16"}):
            assert images(**place).identity("data", "bf16") == base, place
        assert images().identity("data", "fp32") != base
        assert images(seed=2).identity("data", "bf16") != base
        assert images("gn").identity("data", "bf16") != base
        assert images().identity("other data", "bf16") != base
        assert images().identity("data", "bf16", {"vectors": "a"}) != images().identity(
            "data", "bf16", {"vectors": "b"}
        )

    def test_every_setting_but_those_of_place_counts(self) -> None:
        other = {"epochs": 7, "optimizer": "adam", "milestones": (0.1,), "broken": "skip", "compile": "on"}
        for key, value in other.items():
            assert images(**{key: value}).identity("data", "fp32") != images().identity("data", "fp32"), key


@pytest.mark.parametrize(("typed", "meant"), [("true", "on"), (False, "off"), ("auto", "auto")])
def test_a_switch_that_became_a_choice_is_still_understood(typed: object, meant: str) -> None:
    assert images(compile=typed).settings.compile == meant


def test_a_configuration_survives_its_file(tmp_path: Path) -> None:
    config = images(milestones=(0.2, 0.4), lr=1e-7)
    (tmp_path / "config.toml").write_text(config.to_toml())
    assert read_config(tmp_path / "config.toml") == config


@pytest.mark.parametrize("text", ["", "v = 1", "garbage", 'v = 1\ntask = "images"\n[settings]\nlr = "x"', "v = 99"])
def test_a_damaged_configuration_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(LabError) as refusal:
        read_config(tmp_path / "config.toml")
    assert "config.toml" in str(refusal.value.got)


def test_every_setting_of_every_task_says_what_it_is() -> None:
    for row in tasks().values():
        for key, entry in describe_settings(settings_class(row)).items():
            assert entry["help"], key
            assert entry["default"] is not None, key


@pytest.mark.parametrize("reference", ["tests.toy:NOTHING", "os:path", ":", "nowhere", "no.where:ROW"])
def test_a_plugin_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch, reference: str) -> None:
    monkeypatch.setenv("LABAPP_PLUGINS", reference)
    tasks.cache_clear()
    with pytest.raises(UsageError, match="plug-in") as refusal:
        tasks()
    assert f"LABAPP_PLUGINS={reference}" in str(refusal.value.got)


def test_a_choice_of_numbers_can_be_given_as_text() -> None:
    key, value = parse_assignment("groups=4", settings_class(IMAGES))
    assert images("gn", **{key: value}).settings.groups == 4


@pytest.mark.parametrize("path", ["~nobody-of-this-name/x", "/a\0b", "/" + "x" * 5000, "/tmp/p\udcff"])
def test_a_path_that_can_be_none_is_no_path(path: str) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        images(data=path)


class TestSettingsThatMeanNothing:
    """A setting that is without effect is not ignored in silence."""

    def test_asked_for_they_are_refused_and_it_is_said_whose_they_are(self) -> None:
        row = task_row("ner")
        with pytest.raises(UsageError, match="means nothing for ner/bilstm") as refusal:
            resolve(row, "bilstm", "sample", layers=[Layer("the command line", {"character_dim": 30}, asked=True)])
        assert refusal.value.expected == "it is for bilstm-char, bilstm-ln, bilstm-crf"

    def test_general_preferences_may_have_them(self) -> None:
        config = resolve(task_row("ner"), "bilstm", "sample", layers=[Layer("config.toml", {"character_dim": 30})])
        assert config.settings.model_dump()["character_dim"] == 30

    @pytest.mark.parametrize("row", tasks().values(), ids=lambda row: row.name)
    def test_every_setting_means_something_for_some_variant(self, row: TaskRow) -> None:
        idle = [idle_settings(settings_class(row), variant.options) for variant in row.variants.values()]
        assert frozenset.intersection(*idle) == frozenset()
