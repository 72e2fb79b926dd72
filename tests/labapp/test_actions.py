"""The table of actions is the truth: every entry works, no two share a key, none takes what a terminal needs."""

from __future__ import annotations

import pytest

from engine.catalogue import load
from labapp.actions import ACTIONS, CHARTS, COMPARE, EVERYWHERE, NEW, RUN, RUNS, SCREENS, STUDY, Action, all_actions
from labapp.app import LabApp
from labapp.face import TAKEN
from labapp.screens.run import RunScreen
from labapp.screens.study import StudyScreen
from labapp.widgets.chart import Chart

OWNERS = {screen.name: load(screen.load) for screen in SCREENS} | {
    RUN: RunScreen, STUDY: StudyScreen, EVERYWHERE: LabApp, CHARTS: Chart,
}  # fmt: skip


def keys_of(action: Action) -> list[str]:
    return [key.strip() for key in action.keys.split(",")]


@pytest.mark.parametrize("action", all_actions(), ids=lambda action: f"{action.where}.{action.name}")
def test_every_action_is_a_method_of_the_screen_it_belongs_to(action: Action) -> None:
    assert callable(getattr(OWNERS[action.where], f"action_{action.name}"))
    assert action.help[0].isupper() or action.where == CHARTS
    assert len(action.label) <= 16


@pytest.mark.parametrize("where", list(OWNERS))
def test_no_key_means_two_things_on_one_screen(where: str) -> None:
    seen: dict[str, str] = {screen.key: screen.name for screen in SCREENS}
    places = {where, EVERYWHERE} | ({CHARTS} if where in (RUNS, RUN, COMPARE) else set())
    for action in all_actions():
        if action.where in places:
            for key in keys_of(action):
                assert key not in seen, f"{key} is {seen[key]} and {action.name}"
                seen[key] = action.name


@pytest.mark.parametrize("action", all_actions(), ids=lambda action: f"{action.where}.{action.name}")
def test_no_key_is_one_that_terminals_and_tmux_keep_for_themselves(action: Action) -> None:
    assert not set(keys_of(action)) & set(TAKEN)


def test_help_is_first_at_the_foot_so_that_it_never_falls_off() -> None:
    assert next(action for action in ACTIONS if action.footer).name == "help"


def test_where_text_is_typed_actions_are_on_keys_that_type_nothing() -> None:
    for action in ACTIONS:
        if action.where in (NEW, STUDY):
            assert all(key.startswith(("f", "ctrl+")) and len(key) > 1 for key in keys_of(action)), action
