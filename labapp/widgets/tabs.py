"""The names of a screen's tabs in one line; a click chooses one."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.message import Message

from labapp.widgets.parts import Parts


class TabLine(Parts):
    """Which tabs there are, and which one is shown."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tab-line--tab", "tab-line--current", "tab-line--trouble"}
    DEFAULT_CSS = """
    TabLine {
        height: 1; background: $surface;
        & > .tab-line--tab { color: $foreground 70%; }
        & > .tab-line--current { color: $foreground; background: $primary 45%; text-style: bold; }
        & > .tab-line--trouble { color: $error; text-style: bold; }
    }
    """

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, name: str):
            super().__init__()
            self.name = name

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self.names: tuple[str, ...] = ()
        self.current = ""
        self.trouble: frozenset[str] = frozenset()

    def show(self, names: tuple[str, ...], current: str, trouble: frozenset[str] = frozenset()) -> None:
        if (names, current, trouble) != (self.names, self.current, self.trouble):
            self.names, self.current, self.trouble = names, current, trouble
            self.refresh()

    def render(self) -> RenderResult:
        text = Text(no_wrap=True, end="")
        for name in self.names:
            kind = "current" if name == self.current else "trouble" if name in self.trouble else "tab"
            label = f"[{name}]" if name == self.current else f" {name} "  # can be told without colours
            text.append(label, self.part(f"tab-line--{kind}"))
            text.append(" ")
        return text

    def on_click(self, event: events.Click) -> None:
        left = 0
        for name in self.names:
            right = left + len(name) + 2
            if left <= event.x < right:
                self.post_message(self.Chosen(name))
                return
            left = right + 1
