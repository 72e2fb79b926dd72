"""The line at the top (screens, machine), the line at the bottom (what key to press next), and how keys are written."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.reactive import reactive
from textual.widget import Widget

from labapp.actions import EVERYWHERE, KEY_NAMES, SCREENS, Action, actions_of
from labapp.widgets.parts import Parts


def key_name(key: str) -> str:
    """A key as a person reads it: `?` for question_mark."""
    return "+".join(KEY_NAMES.get(part, part) for part in key.split("+"))


def first_key(action: Action, keymap: dict[str, str]) -> str:
    return key_name(keymap.get(action.name, action.keys).split(",")[0].strip())


class TopBar(Widget):
    """`labapp  1 Runs 2 New 7 Machine            gpu 0 71% ...`"""

    DEFAULT_CSS = "TopBar { dock: top; height: 1; background: $panel; color: $foreground; }"
    machine: reactive[tuple[str, ...]] = reactive(())  # the longest form first: the first that fits is shown

    def __init__(self, current: str):
        super().__init__()
        self.current = current

    def render(self) -> RenderResult:
        accent = Style.parse("bold reverse")
        text = Text(" labapp ", style="bold", no_wrap=True, end="")
        for screen in SCREENS:
            text.append(f" {screen.key} {screen.title} ", accent if screen.name == self.current else Style.null())
        room = self.size.width - text.cell_len - 1
        said = next((form for form in self.machine if cell_len(form) < room), "")
        if said:
            text.append(" " * (room - cell_len(said)) + said)
        return text

    def on_click(self, event: events.Click) -> None:
        """A click on a screen's name goes there."""
        left = len(" labapp ")
        for screen in SCREENS:
            right = left + len(f" {screen.key} {screen.title} ")
            if left <= event.x < right:
                self.app.action_go(screen.name)  # type: ignore[attr-defined]
                return
            left = right


class KeyBar(Parts):
    """The keys of this screen, from the table of actions; help comes first, so that it never falls off."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; background: $panel; color: $foreground; }
    KeyBar > .key-bar--key { color: $accent; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key"}

    def __init__(self, where: str, keymap: dict[str, str]):
        super().__init__()
        shown = [each for each in (*actions_of(EVERYWHERE), *actions_of(where)) if each.footer]
        self.entries = [(first_key(action, keymap), action) for action in shown]
        self._spans: list[tuple[int, int, Action]] = []
        self._without: frozenset[str] = frozenset()

    def leave_out(self, names: Collection[str]) -> None:
        """Not show the keys of these actions, which would do nothing now."""
        if self._without != frozenset(names):
            self._without = frozenset(names)
            self.refresh()

    def render(self) -> RenderResult:
        style = self.part("key-bar--key")
        text = Text(" ", no_wrap=True, end="")
        self._spans = []
        for key, action in self.entries:
            if action.name in self._without:
                continue
            if text.cell_len + len(key) + len(action.label) + 1 > self.size.width:
                break
            begin = text.cell_len
            text.append(key, style).append(f" {action.label}")
            self._spans.append((begin, text.cell_len, action))
            text.append("  ")
        return text

    async def on_click(self, event: events.Click) -> None:
        """Every key shown can be clicked."""
        for begin, end, action in self._spans:
            if begin <= event.x < end:
                namespace = "app" if action.where == EVERYWHERE else "screen"
                await self.run_action(f"{namespace}.{action.name}")
