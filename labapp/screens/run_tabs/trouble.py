"""What went wrong, before everything else: what happened, what to do, where, and the keys that help."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.checkpoints import Checkpoints
from labapp.output import when
from labapp.screens.run_tabs.pane import Pane, Seen, fact, lines
from labapp.screens.run_tabs.tail import Tail
from sessions.run.records import CHECKPOINTS, OUTPUT, number_of, table_of, text_of

TRACEBACK_LINES = 14
LOG_LINES = 12
LONGEST = 300  # characters of their lines
ERROR_LINES = (("got", "got"), ("expected", "expected"), ("to do", "hint"))


class TroublePane(Pane):
    """Text that scrolls."""

    DEFAULT_CSS: ClassVar[str] = """
    TroublePane > VerticalScroll { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    """

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(id="trouble", markup=False)

    def arrive(self) -> None:
        self.query_one(VerticalScroll).focus()

    def take(self, seen: Seen) -> None:
        if self.seen is not None and self.seen.record is seen.record and self.seen.status.detail == seen.status.detail:
            return
        super().take(seen)
        colours = self.app.get_css_variables()

        def read() -> Text:
            """In a thread: the end of the log, and from where it could go on."""
            tail = Tail(seen.path / OUTPUT)
            tail.read()
            steps = Checkpoints(seen.path / CHECKPOINTS).steps()
            return told_of(seen, tail.lines[-LOG_LINES:], steps, colours["error"], colours["accent"])

        self.fetch(read, self.query_one("#trouble", Static).update)


def told_of(seen: Seen, log: list[str], steps: list[int], error_style: str, key_style: str) -> Text:
    """The whole story, the most useful first."""
    if not seen.troubled:
        return Text("\n").join([Text("Something is wrong with the run's files", f"bold {error_style}"), *files(seen)])
    error = table_of(seen.record.result, "error")
    title = text_of(error, "title") or seen.status.detail or seen.status.name
    parts = [Text(lines(title), f"bold {error_style}")]
    parts += [fact(label, text_of(error, key)) for label, key in ERROR_LINES if text_of(error, key)]
    parts.append(fact("where", where(seen)))
    parts += [Text(), keys(seen, steps, key_style)]
    if traceback := text_of(seen.record.result, "traceback").rstrip():
        parts += [Text(), Text("the traceback's end", "bold"), Text(lines(last(traceback, TRACEBACK_LINES)))]
    elif log:
        parts += [Text(), Text("the log's end", "bold"), Text("\n".join(map(cut, log)))]
    if seen.problems:
        parts += [Text(), Text("its files", "bold"), *files(seen)]
    return Text("\n").join(parts)


def files(seen: Seen) -> list[Text]:
    """What is wrong with which file, and what to do."""
    return [Text(lines(problem)) for problem in seen.problems]


def cut(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def where(seen: Seen) -> str:
    """At which point of the training, when, in which attempt."""
    row, ended = seen.row, number_of(seen.record.result, "ended") or number_of(seen.record.process, "heartbeat")
    words = f"step {row.step:,}, epoch {row.epoch:.2f} of {row.epochs}" if row.step else "before the first step"
    words += f", attempt {seen.attempt}" if seen.attempt > 1 else ""
    return words + (f", {when(ended)}" if ended else "")


def keys(seen: Seen, steps: list[int], style: str) -> Text:
    """What to press."""
    text = Text()
    again = f"go on from the checkpoint at step {steps[0]:,}" if steps else "start again: nothing was saved yet"
    text.append("R", f"bold {style}").append(f"  {again}\n")
    text.append("d", f"bold {style}").append("  a new training with these settings, to change some\n")
    text.append("]", f"bold {style}").append("  the tabs: charts, configuration, log")
    return text


def last(text: str, count: int) -> str:
    """The last lines, and how many are left out."""
    all_lines = text.split("\n")
    left_out = len(all_lines) - count
    return "\n".join(
        ([f"... {left_out} lines before"] if left_out > 0 else []) + [cut(line) for line in all_lines[-count:]]
    )
