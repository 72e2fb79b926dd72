"""The Report tab: final metrics of all splits, the per-class table, the confusion matrix, the examples behind a cell.

The table of metrics is also the switch between splits. Where there is no room for all, `v` changes what is shown.
"""

from __future__ import annotations

import math
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import DescendantFocus, Resize
from textual.widget import Widget
from textual.widgets import Static

from engine.task import SPLITS
from labapp.fit import tidy
from labapp.live.curves import NOT_MEASURES, QUANTILES
from labapp.live.rows import SHORT
from labapp.messages import Done
from labapp.output import duration, number
from labapp.screens.run_tabs.examples import example_lines, program_words
from labapp.screens.run_tabs.pane import Pane, Seen
from labapp.screens.run_tabs.reports import ClassScores, Mistake, Report, read_all
from labapp.screens.run_tabs.searches import lines_of
from labapp.widgets.confusion import Confusion
from labapp.widgets.table import Column, Line, Table
from sessions.run.history import History
from sessions.run.records import number_of, table_of
from sessions.run.status import GOING_ON

WIDE, HIGH = 120, 40  # from where everything stands side by side, or one above the other
SPARE, ROOMY = "novel/loss", 90  # the metric of the splits that is left out where there is little room
NOT_HERE = "novel/token_accuracy"  # among the metrics of the splits: it stands in the table of searches
BAR = 8  # cells


class ReportPane(Pane):
    """Reads the files in a thread when the result is another one."""

    DEFAULT_CSS: ClassVar[str] = """
    ReportPane {
        & > #metrics { max-height: 6; }
        & > #searches { height: auto; max-height: 60%; border-top: solid $panel; }
        & > #so-far { height: auto; padding: 0 1; color: $text-muted; }
        & > #body { height: 1fr; }
        & #per-class { width: 1fr; border-top: solid $panel; }
        & #behind { width: 1fr; height: 1fr; border-top: solid $panel; }
        & #matrix { max-height: 75%; }
        & #cell { height: auto; max-height: 9; padding: 0 1; background: $surface; }
        & #examples { height: 1fr; min-height: 3; }
        & #rest { height: auto; max-height: 50%; padding: 0 1; border-top: solid $panel; }
        &.narrow > #body { layout: vertical; }
        &.wide #per-class { width: 62; }
        &.wide #behind { border-left: solid $panel; }
        &.wide.alone #behind { border-left: none; }
    }
    """

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self.reports: dict[str, Report] = {}
        self.split = ""
        self.worst_first = True
        self.one_at_a_time = False
        self.matrix_first = False
        self._read_of: object = None  # the result the reports were read from
        self._wanted_error = False
        self._errors: list[tuple[tuple[int, int] | None, Mistake | None]] = []  # where `e` goes, in order
        self._error = -1

    def compose(self) -> ComposeResult:
        yield Table(id="metrics")
        yield Static(id="so-far", markup=False)
        yield Table(id="searches")
        with Horizontal(id="body"):
            yield Table(id="per-class")
            with Vertical(id="behind"):
                yield Confusion(id="matrix")
                yield Static(id="cell", markup=False)
                yield Table(id="examples")
        with VerticalScroll(id="rest"):
            yield Static(id="rest-lines", markup=False)

    def on_mount(self) -> None:
        self._show_report()

    def on_resize(self, event: Resize) -> None:
        wide = event.size.width >= WIDE
        self.set_class(wide, "wide")
        self.set_class(not wide, "narrow")
        self.one_at_a_time = not wide and event.size.height < HIGH
        self._show_metrics()
        self._show_report()

    def arrive(self, *, again: bool = False) -> None:
        """The keyboard goes where the examples are picked, unless one of them has it."""
        ways = [self.query_one(name) for name in ("#matrix", "#per-class", "#examples", "#metrics")]
        if again or not any(each.has_focus and self._is_shown(each) for each in ways):
            next((each for each in ways if self._is_shown(each)), self).focus()

    @on(DescendantFocus)
    def _keep_in_sight(self) -> None:
        if any(each.has_focus and not self._is_shown(each) for each in self.query(Widget)):
            self.arrive(again=True)

    def _is_shown(self, widget: Widget) -> bool:
        return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))

    def _arrange(self) -> None:
        """Show what there is; where there is no room, the classes or what is behind them."""
        report, one = self.report, self.one_at_a_time
        classes, behind = bool(report.classes), bool(report.confusion or report.mistakes)
        searches = bool(report.searches)
        matrix_first = self.matrix_first or not (classes or searches)
        self.query_one("#per-class").display = classes and not (one and behind and matrix_first)
        self.query_one("#behind").display = behind and not (one and (classes or searches) and not matrix_first)
        self.query_one("#body").display = classes or self.query_one("#behind").display
        hidden = one and behind and matrix_first and not classes  # what else there would be
        self.set_class(not classes, "alone")
        self.query_one("#matrix").display = bool(report.confusion)
        self.query_one("#cell").display = bool(report.confusion or report.searches)
        self.query_one("#matrix").styles.height = len(report.confusion) + 1
        folded = one and self.query_one("#behind").display and bool(report.confusion)
        self.query_one("#metrics").styles.height = 2 if folded else 1 + len(self._splits())  # the others are at `s`
        self.query_one("#rest").display = bool(report.rest) and not (searches and hidden)
        self.query_one("#searches").display = searches and not hidden
        self._keep_in_sight()

    @property
    def report(self) -> Report:
        return self.reports.get(self.split, Report())

    # -- what is known

    def take(self, seen: Seen) -> None:
        before = self.seen
        super().take(seen)
        self._show_metrics()
        if before is None or before.record is not seen.record:
            path, result = seen.path, seen.record.result
            if result is not None or self._read_of is not None:
                self._read_of = result
                self.fetch(lambda: read_all(path), self._take_reports)

    def take_history(self, history: History) -> None:
        super().take_history(history)
        self._show_metrics()

    def _take_reports(self, reports: dict[str, Report]) -> None:
        if reports != self.reports:
            first, self.reports = not self.reports, reports
            self._choose(self.split if self.split in reports else "")
            if first and self.display and self.query_one("#metrics").has_focus:
                self.arrive(again=True)
        if self._wanted_error:
            self._wanted_error = False
            self.next_error()

    def _splits(self) -> list[str]:
        known = {**self.reports, **self._metrics()}
        return [split for split in SPLITS if split in known] + sorted(set(known) - set(SPLITS))

    def _metrics(self) -> dict[str, dict[str, float]]:
        """By split: the final ones, else the latest."""
        final = table_of(self.seen.record.result, "metrics") if self.seen else {}
        found = {split: table_of(final, split) for split in final}
        if not any(found.values()) and self.history is not None:
            found = {split: self.history.latest(split, whole=split != "train") for split in SPLITS}
        return {
            split: {name: number_of(values, name, math.nan) for name in values if shown(name)}
            for split, values in found.items()
            if values
        }

    def _show_metrics(self) -> None:
        metrics = self._metrics()
        names = list(dict.fromkeys(name for values in metrics.values() for name in values))
        names = [name for name in names if name != SPARE or self.size.width >= ROOMY]
        final = bool(self.seen and table_of(self.seen.record.result, "metrics"))
        counts = table_of(self.seen.record.result, "examples") if self.seen else {}
        columns = [Column("final" if final else "so far", 9)]
        columns += [Column(SHORT.get(name, name), right=True, most=12) for name in names]
        columns += [Column("examples", right=True)] if counts else []
        lines = []
        for split in self._splits():
            cells = [split, *(number(metrics.get(split, {}).get(name)) for name in names)]
            cells += [f"{int(number_of(counts, split)):,}"] if counts else []
            lines.append(Line(tuple(cells), "live" if split == self.split else "", key=split))
        self.query_one("#metrics", Table).show(lines, columns)
        self.query_one("#metrics").display = bool(lines)
        self._say_so_far()
        if not self.split and self._splits():
            self._choose("")

    def _say_so_far(self) -> None:
        line = self.query_one("#so-far", Static)
        line.display = not self.reports
        if self.seen is None or self.reports:
            return
        row, words = self.seen.row, "There is no report: the result has none."
        if row.status in GOING_ON:
            left = f", in about {duration(row.left)} and the time to evaluate" if row.left else ""
            words = f"Metrics of all splits, and what is behind them, come when the training ends{left}."
        elif not self.seen.ended:
            words = f"There is no report: the run is {row.status}. R resumes it."
        elif row.status == "failed":
            words = "There is no report: the run failed before it was evaluated."
        line.update(words)

    # -- a split

    def _choose(self, split: str) -> None:
        """Show a split; none is the last one there is, which nobody trained or chose on."""
        splits = self._splits()
        preferred = [name for name in reversed(SPLITS) if name in (self.reports or splits)]
        self.split = split or next(iter(preferred), splits[-1] if splits else "")
        self._errors, self._error = self._order_of_errors(), -1
        self._show_metrics()
        self.query_one("#metrics", Table).select(self.split)
        self._show_report()

    def next_split(self) -> None:
        splits = self._splits()
        if splits:
            here = splits.index(self.split) if self.split in splits else -1
            self._choose(splits[(here + 1) % len(splits)])

    @on(Table.Moved, "#metrics")
    def _split_moved(self, event: Table.Moved) -> None:
        event.stop()
        line = event.table.line  # where the cursor is now: the message may be about an earlier place
        if line is not None and line.key != self.split and event.table.has_focus:
            self._choose(str(line.key))

    def _show_report(self) -> None:
        report = self.report
        self._show_classes()
        self.query_one("#searches", Table).show(*lines_of(report.searches, self.size.width))
        self.query_one("#rest-lines", Static).update(Text("\n".join(tidy(line) for line in report.rest)))
        matrix = self.query_one("#matrix", Confusion)
        matrix.show(report.names, report.confusion)
        self._show_cell()
        self._arrange()

    # -- classes

    def _show_classes(self) -> None:
        classes = list(self.report.classes)
        if self.worst_first:
            classes.sort(key=lambda each: (each.support == 0, each.f1 if not math.isnan(each.f1) else -1.0))
        up = "^" if self.lab.ascii else "↑"
        columns = [Column("class" if self.worst_first else f"class {up}", flexible=True)]
        columns += [Column(name, right=True) for name in ("precision", "recall")]
        columns += [Column(f"F1 {up}" if self.worst_first else "F1", 7, right=True), Column("support", right=True)]
        columns += [Column("", BAR)]
        self.query_one("#per-class", Table).show([self._class_line(each) for each in classes], columns)

    def _class_line(self, each: ClassScores) -> Line:
        filled = round(min(max(each.f1, 0.0), 1.0) * BAR) if not math.isnan(each.f1) else 0
        bar = ("#" if self.lab.ascii else "━") * filled
        scores = (number(value) for value in (each.precision, each.recall, each.f1))
        return Line((each.name, *scores, f"{each.support:,}", bar), "dim" if not each.support else "", key=each.name)

    def toggle_order(self) -> None:
        self.worst_first = not self.worst_first
        self._show_classes()
        self.query_one("#per-class", Table).move_to(0)

    @on(Table.HeaderClicked, "#per-class")
    def _header_clicked(self, event: Table.HeaderClicked) -> None:
        event.stop()
        self.toggle_order()

    @on(Table.Opened, "#per-class")
    def _class_opened(self, event: Table.Opened) -> None:
        """To the class's fullest mistake."""
        event.stop()
        report = self.report
        if event.line.key in report.names:
            row = report.names.index(event.line.key)
            counts = report.confusion[row]
            column = max((n for n in range(len(counts)) if n != row), key=lambda n: counts[n], default=row)
            self._go_to((row, column), None)

    def toggle_view(self) -> None:
        """In a small terminal: the classes, or the confusion matrix with its examples."""
        self.matrix_first = not self.matrix_first
        self._arrange()
        self.arrive()

    # -- the matrix and what is behind a cell

    @on(Confusion.Moved)
    def _cell_moved(self, event: Confusion.Moved) -> None:
        event.stop()
        self._show_cell()

    def _show_cell(self) -> None:
        report, matrix = self.report, self.query_one("#matrix", Confusion)
        row, column = matrix.row, matrix.column
        examples = report.behind(row, column) if report.confusion else list(report.mistakes)
        self.query_one("#examples", Table).show(*example_lines(examples, self.size.width))
        if report.confusion:
            self.query_one("#cell", Static).update(cell_words(report, row, column, len(examples)))
        else:
            self._say_example()

    @on(Table.Moved, "#examples")
    def _example_moved(self, event: Table.Moved) -> None:
        event.stop()
        if not self.report.confusion:
            self._say_example()

    @on(Table.Opened, "#examples")
    def _example_opened(self, event: Table.Opened) -> None:
        event.stop()
        self._try_out(event.line)

    @on(Confusion.Opened)
    def _cell_opened(self, event: Confusion.Opened) -> None:
        """The example that the cursor is on in the list behind the cell."""
        event.stop()
        if line := self.query_one("#examples", Table).line:
            self._try_out(line)

    def _try_out(self, line: Line) -> None:
        """To the screen where the network is tried, with this picture, sentence or problem."""
        if self.seen is not None and not self.seen.gone:
            mistake = self._mistake_of(line)
            self.lab.try_out(self.seen.row, mistake.as_example(self.split) if mistake else None)

    def _mistake_of(self, line: Line | None) -> Mistake | None:
        return next((each for each in self.report.mistakes if line and each.number == line.key), None)

    def _say_example(self) -> None:
        """The whole of an example whose class is a program."""
        mistake = self._mistake_of(self.query_one("#examples", Table).line)
        self.query_one("#cell", Static).update(program_words(mistake) if mistake else "")

    def _order_of_errors(self) -> list[tuple[tuple[int, int] | None, Mistake | None]]:
        """The surest mistakes first, then the cells of which no example is kept, the fullest first."""
        report = self.report
        known: list[tuple[tuple[int, int] | None, Mistake | None]] = [
            (report.cell_of(mistake), mistake) for mistake in report.mistakes
        ]
        seen = {cell for cell, _ in known}
        return known + [(cell, None) for cell in report.cells_wrong() if cell not in seen]

    def next_error(self) -> None:
        if not self.reports and self._read_of is not None and self.workers_busy:
            self._wanted_error = True
            return
        if not self._errors:
            words = f"no mistake on {self.split} is known" if self.reports else "there is no report yet"
            self.post_message(Done(words))
            return
        self._error = (self._error + 1) % len(self._errors)
        self._go_to(*self._errors[self._error])

    @property
    def workers_busy(self) -> bool:
        return any(worker.node is self and not worker.is_finished for worker in self.app.workers)

    def _go_to(self, cell: tuple[int, int] | None, mistake: Mistake | None) -> None:
        self.matrix_first = True
        self._arrange()
        if cell is not None:
            self.query_one("#matrix", Confusion).jump(*cell)
        self._show_cell()
        if mistake is not None:
            self.query_one("#examples", Table).select(mistake.number)
        self.query_one("#matrix" if self.report.confusion else "#examples").focus()


def shown(metric: str) -> bool:
    return not metric.startswith(QUANTILES) and metric not in NOT_MEASURES and metric != NOT_HERE


def cell_words(report: Report, row: int, column: int, examples: int) -> Text:
    """The cell under the cursor in a sentence."""
    true, predicted = tidy(report.names[row]), tidy(report.names[column])
    count, total = report.confusion[row][column], sum(report.confusion[row])
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(true, "bold")
    text.append(" recognised" if row == column else " taken for ")
    if row != column:
        text.append(predicted, "bold")
    text.append(f": {count:,} of {total:,}")
    if total:
        text.append(f" ({count / total:.3f})")
    if examples:
        kept = "mistakes of this class" if row == column else "of them"
        text.append(f"   the {examples} surest {kept}:" if examples > 1 else f"   the surest {kept}:")
    elif row != column and count:
        text.append("   none of them is among the surest mistakes that are kept", "dim")
    return text
