"""The list of runs: only the lines on screen are ever drawn, so that ten thousand runs scroll like ten."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from labapp.charts.palette import OKABE_ITO, marker
from labapp.fit import fit
from labapp.live.rows import BY_NAME, DEFAULT_COLUMNS, TROUBLE, Column, RunRow, cell
from labapp.live.studies import StudyRow
from labapp.widgets.moving import MOVING
from labapp.widgets.parts import Parts
from labapp.widgets.run_lines import Line, arrange, going_on, study_with
from labapp.widgets.study_line import study_words

GAP = 1  # cells between columns
MARKS = 3  # cells before the first column: marker, cursor, trouble
NARROWEST_LABEL = 16  # columns are dropped from the right before a run's label gets narrower than this
ALWAYS = 2  # columns that stay in the narrowest terminal
LAST_TO_GO = ("status", "best", "epoch")


class RunList(Parts, ScrollView, can_focus=True):
    """Runs and studies under a cursor, with marks. What it shows is given to it; `run_lines` puts it in order."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "run-list--header", "run-list--head", "run-list--cursor", "run-list--live", "run-list--trouble",
        "run-list--calm", "run-list--mark",
    }  # fmt: skip
    DEFAULT_CSS = """
    RunList {
        & > .run-list--header { color: $text-muted; text-style: underline; }
        & > .run-list--head { color: $secondary; text-style: bold; }
        & > .run-list--cursor { background: $panel; }
        &:focus > .run-list--cursor { background: $primary 45%; text-style: bold; }
        & > .run-list--live { color: $accent; }
        & > .run-list--trouble { color: $error; }
        & > .run-list--calm { color: $foreground; }
        & > .run-list--mark { color: $warning; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = MOVING
    sort_column: reactive[str] = reactive("created")
    reversed: reactive[bool] = reactive(True)
    group_by: reactive[str] = reactive("")
    columns: reactive[tuple[str, ...]] = reactive(DEFAULT_COLUMNS)

    class Selected(Message):
        """The cursor is on another run now, or on none."""

        def __init__(self, run_id: str | None):
            super().__init__()
            self.run_id = run_id

    class Turned(Message):
        """A double click on a study: it is to be unfolded, or folded."""

        def __init__(self, study_id: str):
            super().__init__()
            self.study_id = study_id

    class Opened(Message):
        """Enter or a double click on a run."""

        def __init__(self, run_id: str):
            super().__init__()
            self.run_id = run_id

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self._rows: tuple[RunRow, ...] = ()
        self._studies: tuple[StudyRow, ...] = ()
        self._lines: list[Line] = []
        self.unfolded: list[str] = []  # ids of studies
        self.selected: str | None = None
        self._at = ""  # the key of the line under the cursor
        self.marks: dict[str, int] = {}  # run -> slot: its colour and marker in every chart
        self._cursor = 0

    @property
    def ascii(self) -> bool:
        """Whether the terminal shows no more than ASCII."""
        return bool(getattr(self.app, "ascii", False))

    # -- what is shown

    @property
    def line(self) -> Line | None:
        return self._lines[self._cursor] if self._cursor < len(self._lines) else None

    @property
    def row(self) -> RunRow | None:
        """The run under the cursor."""
        return self.line.row if self.line else None

    @property
    def study(self) -> StudyRow | None:
        """The study under the cursor, when it is not on one of its runs."""
        return self.line.study if self.line and self.line.row is None else None

    @property
    def around(self) -> StudyRow | None:
        """The study under the cursor, or that of the run which stands there."""
        return self.line.study if self.line else None

    def runs_of(self, study: StudyRow) -> list[RunRow]:
        """Those of its runs that the filter shows, in its order."""
        there = {row.id: row for row in self._rows}
        return [there[cell.run] for cell in study.cells if cell.run in there]

    def show(self, rows: Sequence[RunRow], studies: Sequence[StudyRow] = ()) -> None:
        """Show these; the cursor stays on its line, or where its line was."""
        before, self._rows, self._studies = self._lines, tuple(rows), tuple(studies)
        self._lines = self._arranged()
        if [line.key for line in before] != [line.key for line in self._lines]:
            self._place_cursor()
            self.virtual_size = Size(self.size.width, len(self._lines) + 1)
            self.refresh()
            return
        for number, (old, new) in enumerate(zip(before, self._lines, strict=True)):
            if old != new:
                self.refresh_line(number + 1)

    def _arranged(self) -> list[Line]:
        return arrange(
            self._rows, self._studies, frozenset(self.unfolded), group_by=self.group_by,
            sort_column=self.sort_column, reversed=self.reversed,
        )  # fmt: skip

    def turn(self, study_id: str) -> bool:
        """Unfold a study, or fold it, with the cursor on it then. Says whether it is unfolded now."""
        open_ = study_id not in self.unfolded
        self.unfolded = [each for each in self.unfolded if each != study_id] + [study_id] * open_
        self._at = f"+{study_id}"
        self.rearrange()
        return open_

    def _place_cursor(self) -> None:
        places = {line.key: number for number, line in enumerate(self._lines) if line.stops}
        runs = {line.row.id: number for number, line in enumerate(self._lines) if line.row}
        if self._at in places:
            self._cursor = places[self._at]
        elif self.selected in runs:  # it stands elsewhere now
            self._cursor = runs[self.selected]
        elif (study := study_with(self._lines, self.selected)) is not None:  # folded over it
            self._cursor = study
        elif (
            not self._at and (going := going_on(self._lines)) is not None
        ):  # at the beginning, on what is being trained
            self._cursor = going
            self.call_after_refresh(self._show_cursor)
        else:
            self._cursor = min(self._cursor, max(0, len(self._lines) - 1))
            if self.line is not None and not self.line.stops:
                self._cursor = next((n for n in places.values() if n >= self._cursor), next(iter(places.values()), 0))
        self._say_selected()

    def _say_selected(self) -> None:
        line = self.line
        if line is None and self._rows == ():
            return  # it comes back to its run when the runs come back
        found, at = (line.row.id if line and line.row else None), (line.key if line else "")
        if at != self._at or found != self.selected:
            self._at, self.selected = at, found
            self.post_message(self.Selected(found))

    def rearrange(self) -> None:
        self._lines = self._arranged()
        self._place_cursor()
        self.virtual_size = Size(self.size.width, len(self._lines) + 1)
        self._show_cursor()
        self.refresh()

    def watch_sort_column(self) -> None:
        self.rearrange()

    def watch_reversed(self) -> None:
        self.rearrange()

    def watch_group_by(self) -> None:
        self.rearrange()

    def watch_columns(self) -> None:
        self.refresh()

    # -- marks

    def forget(self, there: Collection[str]) -> None:
        """Take the marks of runs away that are not there any more."""
        for gone in self.marks.keys() - set(there):
            del self.marks[gone]

    def toggle_mark(self, run_id: str, slots: int) -> bool:
        """Mark a run, with the first colour that is free, or take its mark away. False when all are taken."""
        if run_id in self.marks:
            del self.marks[run_id]
        else:
            free = next((slot for slot in range(slots) if slot not in self.marks.values()), None)
            if free is None:
                return False
            self.marks[run_id] = free
        self.refresh()
        return True

    # -- moving

    def move_to(self, line: int) -> None:
        """Put the cursor on a line; the head of a group is stepped over."""
        if not self._lines:
            return
        down = line >= self._cursor
        line = max(0, min(line, len(self._lines) - 1))
        while not self._lines[line].stops and 0 <= line + (1 if down else -1) < len(self._lines):
            line += 1 if down else -1
        if not self._lines[line].stops:  # the head of the first group, upwards
            line = self._cursor
        old, self._cursor = self._cursor, line
        self.refresh_line(old + 1)
        self.refresh_line(line + 1)
        self._show_cursor()
        self._say_selected()

    def select(self, run_id: str) -> None:
        """Put the cursor on a run, if it is shown, else on the study it is folded into."""
        places = (number for number, line in enumerate(self._lines) if line.row and line.row.id == run_id)
        number = next(places, study_with(self._lines, run_id))
        if number is not None:
            self.move_to(number)

    def select_study(self, study_id: str) -> None:
        for number, line in enumerate(self._lines):
            if line.key == f"+{study_id}":
                self.move_to(number)

    def _show_cursor(self) -> None:
        top = 0 if self._cursor <= 1 else self._cursor  # with the line above it the header comes back
        self.scroll_to_region(Region(0, top, 1, 2 if top else self._cursor + 2), animate=False, force=True)

    # Bindings, as the actions are, not handlers of keys: those would overtake an action typed just before them.

    def action_step(self, lines: int) -> None:
        self.move_to(self._cursor + lines)

    def action_page(self, pages: int) -> None:
        self.move_to(self._cursor + pages * max(1, self.size.height - 2))

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(len(self._lines) - 1)

    def on_click(self, event: events.Click) -> None:
        line = event.y + self.scroll_offset.y - 1
        if event.y == 0:
            self._sort_at(event.x)
            return
        if not 0 <= line < len(self._lines) or not self._lines[line].stops:
            return
        self.move_to(line)
        if self.study is not None and (event.chain == 2 or event.x <= MARKS):
            self.post_message(self.Turned(self.study.id))
        elif event.chain == 2 and self.row:
            self.post_message(self.Opened(self.row.id))

    def _sort_at(self, x: int) -> None:
        """A click on a column's header sorts by it, a second one the other way round."""
        left = MARKS
        for column, size in self.layout_columns(self.size.width):
            if left <= x < left + size:
                if column.name == self.sort_column:
                    self.reversed = not self.reversed
                else:
                    self.sort_column = column.name
            left += size + GAP

    # -- drawing

    def layout_columns(self, width: int) -> list[tuple[Column, int]]:
        """The columns that fit into a width, and how wide each is; the label takes what is left."""
        shown = [BY_NAME[name] for name in self.columns if name in BY_NAME and name != self.group_by]
        while True:
            taken = sum(column.width + GAP for column in shown if column.width) + MARKS
            left = width - taken
            if left >= NARROWEST_LABEL or len(shown) <= ALWAYS or not any(column.width for column in shown):
                break
            spare = [column for column in shown if column.width and column.name not in LAST_TO_GO]
            shown.remove((spare or [column for column in shown if column.width])[-1])
        return [(column, column.width or max(4, left - GAP)) for column in shown]

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._lines) + 1)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        number = y + self.scroll_offset.y - 1
        if y == 0:
            return self._header(width)  # stays while the rest scrolls
        if not 0 <= number < len(self._lines):
            return Strip.blank(width, self.rich_style)
        line = self._lines[number]
        if line.row is not None:
            return self._row_strip(line, line.row, width, number == self._cursor)
        if line.study is not None:
            return self._study_strip(line, line.study, width, number == self._cursor)
        style = self.rich_style + self.part("run-list--head")
        return Strip([Segment(set_cell_size(f" {line.head}", width), style)], width)

    def _header(self, width: int) -> Strip:
        style = self.rich_style + self.part("run-list--header")
        text = " " * MARKS
        for column, size in self.layout_columns(width):
            arrows = "v^" if self.ascii else "↓↑"
            arrow = arrows[not self.reversed] if column.name == self.sort_column else ""
            text += fit(f"{column.header}{arrow}", size, column.right, self.ascii) + " " * GAP
        return Strip([Segment(set_cell_size(text, width), style)], width)

    def _study_strip(self, line: Line, study: StudyRow, width: int, on_cursor: bool) -> Strip:
        base = self.rich_style
        if on_cursor:
            base += self.part("run-list--cursor")
        marked = any(cell.run in self.marks for cell in study.cells)
        trouble = any(word in study.words for word in TROUBLE)
        title, state = study_words(study, width - MARKS - 1, unfolded=line.unfolded, ascii=self.ascii)
        tone = self._part("live" if study.status == "running" else "trouble" if trouble else "calm")
        segments = [
            Segment("*" if marked else " ", base + self._part("mark")),
            Segment(">" if on_cursor else " ", base),
            Segment("!" if trouble else " ", base + self._part("trouble")),
            Segment(title, base + self._part("head")),
            Segment(state, base + tone),
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _row_strip(self, line: Line, row: RunRow, width: int, on_cursor: bool) -> Strip:
        base = self.rich_style
        if on_cursor:
            base += self.part("run-list--cursor")
        segments = [self._mark(row, base), Segment(">" if on_cursor else " ", base)]
        trouble = row.status in TROUBLE
        segments.append(Segment("!" if trouble else " ", base + self._part("trouble")))
        now, used = time.time(), MARKS
        columns = self.layout_columns(width)
        if line.study:  # its runs have one dataset: what they are called may stand there too
            columns = joined(columns)
        for column, size in columns:
            style = base
            if column.name == "status":
                style = base + self._part("live" if row.live else "trouble" if trouble else "calm")
            text = f"  {line.label}" if line.study and column.name == "label" else cell(row, column.name, now)
            segments.append(Segment(fit(text, size, column.right, self.ascii), style))
            segments.append(Segment(" " * GAP, base))
            used += size + GAP
        strip = Strip(segments, used)
        return strip.adjust_cell_length(width, base)

    def _part(self, name: str) -> Style:
        return self.part(f"run-list--{name}")

    def _mark(self, row: RunRow, base: Style) -> Segment:
        slot = self.marks.get(row.id)
        if slot is None:
            return Segment(" ", base)
        glyph, colour = self.slot_look(slot)
        return Segment(glyph, base + Style(color=colour, bold=True))

    def slot_look(self, slot: int) -> tuple[str, str]:
        """Marker and colour of a slot, as the charts have them."""
        colour = OKABE_ITO.color(slot, dark=self.app.current_theme.dark)
        return marker(slot, ascii=self.ascii), colour


def joined(columns: list[tuple[Column, int]]) -> list[tuple[Column, int]]:
    """With the room of the dataset, where it stands behind the label, given to the label."""
    found: list[tuple[Column, int]] = []
    for column, size in columns:
        if column.name == "data" and found and found[-1][0].name == "label":
            found[-1] = found[-1][0], found[-1][1] + GAP + size
        else:
            found.append((column, size))
    return found
