"""The lines of a form, drawn one by one: labels, values, notes, what is changed and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Protocol, cast

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.scroll_view import ScrollView
from textual.strip import Strip

from labapp.fit import fit
from labapp.output import clean
from labapp.widgets.parts import Parts

MARKS = 2  # cells before the label: what is wrong or changed, and the cursor
LONGEST_LABEL = 24
WIDEST_VALUE = 34  # cells
LONGEST_SHOWN = 400  # characters of a value that are drawn: more than any terminal has columns


@dataclass(frozen=True)
class Line:
    """One field, or the heading of some (without a key)."""

    key: str
    label: str
    kind: str = "text"  # text, choice or switch
    value: str = ""
    choices: tuple[str, ...] = ()
    titles: dict[str, str] = field(default_factory=dict, hash=False)  # what a choice is called
    note: str = ""  # behind the value
    wrong: str = ""  # why it cannot be so
    changed: bool = False
    hint: str = ""  # in an empty text box
    wide: bool = False  # the value takes the place of the note too; what is wrong with it is said elsewhere

    @property
    def text(self) -> bool:
        return self.kind == "text"

    def title(self, choice: str) -> str:
        return self.titles.get(choice, choice)


class Owner(Protocol):
    """The form they are the lines of."""

    @property
    def active(self) -> bool: ...

    def choose_by_letter(self, letter: str) -> bool: ...

    def clicked(self, number: int, on_value: bool) -> None: ...

    def scrolled(self) -> None: ...

    def resized(self) -> None: ...


class Lines(Parts, ScrollView, can_focus=True, inherit_bindings=False):  # the form moves the cursor, and that scrolls
    """Draws the lines. Has the focus while the cursor is on a field that is no text."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"lines--{name}" for name in (
        "title", "head", "cursor", "wrong", "changed", "note", "value")}  # fmt: skip
    DEFAULT_CSS = """
    Lines { height: 1fr; width: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }
    Lines > .lines--title { text-style: bold underline; }
    Lines > .lines--head { color: $secondary; text-style: bold; }
    Lines > .lines--cursor { background: $panel; text-style: bold; }
    Lines > .lines--wrong { color: $error; }
    Lines > .lines--changed { color: $accent; text-style: bold; }
    Lines > .lines--note { text-style: dim; }
    Lines > .lines--value { color: $foreground; }
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.lines: tuple[Line, ...] = ()
        self.cursor = 0
        self.title = ""
        self.share = share

    @property
    def owner(self) -> Owner:
        return cast("Owner", self.parent)

    def columns(self, line: Line | None = None) -> tuple[int, int, int]:
        """Width of labels, values and notes."""
        width = max(20, self.size.width - 1 - MARKS)  # the scrollbar must not make lines jump
        label = min(LONGEST_LABEL, max((len(line.label) for line in self.lines if line.key), default=0)) + 2
        label = min(label, width // 2)
        value = max(8, min(WIDEST_VALUE, int((width - label) * self.share)))
        note = max(0, width - label - value - 1)
        return (label, value + note, 0) if line is not None and line.wide else (label, value, note)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:  # stays while the rest scrolls
            style = self._part("title")
            return Strip([Segment(fit(f" {self.title}", width, False), style)], width)
        number = y + self.scroll_offset.y - 1
        if not 0 <= number < len(self.lines):
            return Strip.blank(width, self.rich_style)
        line = self.lines[number]
        if not line.key:
            segments = [Segment(f" {line.label}  ", self._part("head")), Segment(line.note, self._part("note"))]
        else:
            segments = self._field(line, number == self.cursor)
        return Strip(segments).adjust_cell_length(width, segments[-1].style)

    def _field(self, line: Line, here: bool) -> list[Segment]:
        base = self.rich_style
        if here and self.owner.active:
            base += self.part("lines--cursor")
        label, value, note = self.columns(line)
        look = "wrong" if line.wrong else "changed" if line.changed else "value"
        mark = "!" if line.wrong else "*" if line.changed else " "
        behind = clean((line.wrong or line.note)[:LONGEST_SHOWN])
        look_of_value = look if line.value or not line.text else "note"  # else it is the hint
        calm = Style.null() if look == "value" else self._partial(look)
        return [
            Segment(mark, base + self._partial(look)),
            Segment(">" if here else " ", base),
            Segment(fit(line.label, label, False), base + calm),
            Segment(fit(self._shown(line, here), value, False), base + self._partial(look_of_value)),
            Segment(" " + fit(behind, note, False), base + self._partial("wrong" if line.wrong else "note")),
        ]

    def _shown(self, line: Line, here: bool) -> str:
        text = clean(line.title(line.value)[:LONGEST_SHOWN])
        if line.kind == "switch":
            return f"[{'x' if line.value == 'true' else ' '}] {text}"
        if line.kind == "choice" and here:
            return f"< {text} >"
        return text or line.hint

    def _part(self, name: str) -> Style:
        return self.rich_style + self._partial(name)

    def _partial(self, name: str) -> Style:
        return self.part(f"lines--{name}")

    def on_key(self, event: events.Key) -> None:
        """A letter goes to the next choice that begins with it. None of them is anything else in a form."""
        if event.character is None or not event.is_printable or event.key == "space":
            return
        taken = self.owner.choose_by_letter(event.character)
        if taken or event.character.isalpha():
            event.stop()
            event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        number = event.y + self.scroll_offset.y - 1
        if event.y == 0 or not 0 <= number < len(self.lines) or not self.lines[number].key:
            return
        label, value, _ = self.columns(self.lines[number])
        self.owner.clicked(number, MARKS + label <= event.x < MARKS + label + value)

    def watch_scroll_y(self, old: float, new: float) -> None:
        super().watch_scroll_y(old, new)
        if self.is_mounted:
            self.owner.scrolled()

    def on_resize(self) -> None:
        self.owner.resized()
