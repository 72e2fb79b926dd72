"""The Log tab: what happened in the attempts, and what the worker printed, followed as it grows and searched."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.events import Resize
from textual.widgets import Input, Static

from labapp.output import size, when
from labapp.screens.run_tabs.pane import Pane, Seen
from labapp.screens.run_tabs.tail import MOST_LINES, Tail
from labapp.widgets.log_view import LogView
from labapp.widgets.table import Column, Line, Table
from sessions.run.history import History
from sessions.run.records import OUTPUT, table_of, text_of

MOST_EVENTS = 500
FEW, MANY = 4, 8  # lines of events in a low and in a high terminal
HIGH = 30  # rows of the tab
STYLES = {"warning": "mark", "error": "trouble"}


class LogPane(Pane):
    """Events above, the log below, what is found and what is not shown in the last line."""

    DEFAULT_CSS: ClassVar[str] = """
    LogPane > #events { height: 4; border-bottom: solid $panel; }
    LogPane > #log-state { height: 1; padding: 0 1; color: $text-muted; }
    LogPane > #search { display: none; }
    """

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self._tail: Tail | None = None

    def compose(self) -> ComposeResult:
        columns = (Column("when", 14), Column("step", 0, right=True), Column("what"), Column("", flexible=True))
        yield Table(*columns, header=False, id="events")
        yield LogView(id="log")
        yield Static(id="log-state", markup=False)
        yield Input(placeholder="search: enter finds, N goes on, esc leaves", id="search")

    @property
    def view(self) -> LogView:
        return self.query_one("#log", LogView)

    def arrive(self) -> None:
        if not self.query_one("#search").display:
            self.view.focus()

    def take(self, seen: Seen) -> None:
        super().take(seen)
        if self._tail is None:
            self._tail = Tail(seen.path / OUTPUT)
            self.look()

    def take_history(self, history: History) -> None:
        super().take_history(history)
        table = self.query_one("#events", Table)
        at_end = table.cursor >= len(table.lines) - 1
        table.show(events_of(history))
        self._fit_events()
        if at_end:
            table.move_to(len(table.lines) - 1)

    def on_resize(self, event: Resize) -> None:
        self._fit_events()

    def _fit_events(self) -> None:
        table = self.query_one("#events", Table)
        table.styles.height = min(MANY if self.size.height >= HIGH else FEW, max(1, len(table.lines))) + 1

    # -- reading

    def look(self) -> None:
        tail = self._tail
        if tail is not None:
            self.read_on(lambda: list(tail.lines) if tail.read() else None, lambda found: self._show(tail, found))

    def _show(self, tail: Tail, found: list[str] | None) -> None:
        if found is not None:
            self.view.show(found, tail.dropped, tail.generation)
        elif not tail.exists:
            self._say_state()

    # -- what is said of it

    @on(LogView.Moved)
    def _say_state(self) -> None:
        tail, view = self._tail, self.view
        text = Text(no_wrap=True, overflow="ellipsis")
        if view.needle:
            count = len(view.matches)
            words = f"{view.place or '-'} of {count}" if count else "no line"
            text.append(f"{words} with {view.needle!r}" + ("  N next" if count else ""), "bold").append("   ")
        if tail is not None and not tail.exists:
            text.append("there is no log: nothing was printed yet")
        elif view.follow:
            text.append("at the end, following")
        else:
            text.append(f"{view.unseen:,} new lines below, end follows" if view.unseen else "end follows")
        if tail is not None and tail.skipped:
            text.append(f"   the first {size(tail.skipped)} are not shown")
        elif tail is not None and tail.dropped:
            text.append(f"   the last {MOST_LINES:,} lines")
        self.query_one("#log-state", Static).update(text)

    # -- searching

    def search(self) -> None:
        box = self.query_one("#search", Input)
        box.display = True
        box.focus()

    def next_match(self) -> None:
        if self.view.needle:
            self.view.next_match()
        else:
            self.search()

    @on(Input.Changed, "#search")
    def _searched(self, event: Input.Changed) -> None:
        event.stop()
        self.view.search(event.value)

    @on(Input.Submitted, "#search")
    def _found(self, event: Input.Submitted) -> None:
        event.stop()
        event.input.display = False
        self.view.focus()
        self.view.next_match()

    def leave(self) -> bool:
        """Escape: out of the field, then away with the marks. False when there was neither."""
        box = self.query_one("#search", Input)
        if not box.display and not self.view.needle:
            return False
        box.display = False
        box.value = ""
        self.view.search("")
        self.view.focus()
        return True


def events_of(history: History) -> list[Line]:
    """Starts, resumes, warnings, errors, ends and checkpoints in order; checkpoints in a row are one line."""
    told = [(float(event.get("time", 0.0)), event) for event in list(history.messages)[-MOST_EVENTS:]]
    told += [(time, {"type": "saved", "step": step}) for step, time in list(history.saved)]
    lines: list[Line] = []
    saved = 0
    for time, event in sorted(told, key=lambda each: each[0]):
        kind, step = str(event["type"]), f"{int(event.get('step', 0)):,}"
        words = what(event)
        saved = saved + 1 if kind == "saved" else 0
        if saved > 1:
            lines.pop()
            words = f"the last of {saved}"
        lines.append(Line((when(time)[5:], f"step {step}", kind, words), STYLES.get(kind, "")))
    return lines[-MOST_EVENTS:]


def what(event: dict[str, Any]) -> str:
    """An event in words."""
    kind, attempt = event["type"], event.get("attempt", 1)
    if kind in ("start", "resume"):
        return f"attempt {attempt}" + (f", {event['total_steps']:,} steps in all" if event.get("total_steps") else "")
    if kind == "error":
        error = table_of(event, "error")
        return ": ".join(text for text in (text_of(error, "title"), text_of(error, "got")) if text)
    if kind == "end":
        return text_of(event, "status")
    return text_of(event, "message")
