"""Many fields under one cursor: a list that is drawn line by line, and one text box that stands where the cursor is.

Forty text boxes would take a fifth of a second to build; lines cost nothing until they are seen. The form knows no
settings: it is given lines, and says what was typed or chosen. Whoever listens gives it new lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.input import Selection

from labapp.cycle import after
from labapp.output import clean
from labapp.widgets.lines import MARKS, Line, Lines
from labapp.widgets.pick import Pick

LONGEST_TEXT = 10_000  # characters a text may have; a path has at most 4,096
SMALLEST = 3  # lines of a form that is shown at all


class Editor(Input):
    """The text box. What it does not take, the form does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+f", "screen.find", show=False)]  # else: delete a word

    def __init__(self, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(placeholder=placeholder, id=id, max_length=LONGEST_TEXT, select_on_focus=False)


class Form(Widget):
    """Fields under a cursor."""

    DEFAULT_CSS = """
    Form { layers: lines editor; height: 1fr; width: 1fr; }
    Form > Editor { layer: editor; width: 10; height: 1; border: none; padding: 0 1; display: none; }
    Form > Editor:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,shift+tab", "previous", show=False),
        Binding("down,tab", "next", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("ctrl+home", "first", show=False),
        Binding("ctrl+end", "last", show=False),
        Binding("left", "turn(-1)", show=False),
        Binding("right,space", "turn(1)", show=False),
        Binding("enter", "open", show=False),
    ]
    title: reactive[str] = reactive("")

    class Said(Message):
        """Something happened in a form."""

        def __init__(self, form: Form):
            super().__init__()
            self.form = form

        @property
        def control(self) -> Form:
            return self.form

    class Edited(Said):
        """A field has another text now."""

        def __init__(self, form: Form, key: str, text: str):
            super().__init__(form)
            self.key, self.text = key, text

    class Moved(Said):
        """The cursor is on another field."""

    class Passed(Said):
        """Tab or arrow beyond the last field (forward), or before the first."""

        def __init__(self, form: Form, forward: bool):
            super().__init__(form)
            self.forward = forward

    def __init__(self, *, id: str | None = None, share: float = 0.45):
        """`share` is what the values get of the width beside the labels."""
        super().__init__(id=id)
        self.share = share

    def compose(self) -> ComposeResult:
        yield Lines(self.share)
        yield Editor()

    @property
    def lines(self) -> Lines:
        return self.query_one(Lines)

    @property
    def editor(self) -> Editor:
        return self.query_one(Editor)

    @property
    def line(self) -> Line | None:
        """The field under the cursor."""
        lines = self.lines
        found = lines.lines[lines.cursor] if lines.cursor < len(lines.lines) else None
        return found if found and found.key else None

    def watch_title(self, title: str) -> None:
        if self.is_mounted:
            self.lines.title = title
            self.lines.refresh(Region(0, 0, self.size.width, 1))

    # -- what is shown

    def show(self, lines: Sequence[Line]) -> None:
        """Show these; the cursor stays on its field where that is still there."""
        view, before = self.lines, self.line
        old, view.lines = view.lines, tuple(lines)
        if [line.key for line in old] == [line.key for line in lines]:
            for number, (was, now) in enumerate(zip(old, view.lines, strict=True)):
                if was != now:
                    view.refresh_line(number + 1)
            if before is None or self.line is None or before.kind == self.line.kind:
                self._refill()
                return
        else:
            places = [number for number, line in enumerate(view.lines) if line.key]
            same = [number for number in places if before and view.lines[number].key == before.key]
            view.cursor = (same or [n for n in places if n >= view.cursor] or places[-1:] or [0])[0]
            view.virtual_size = Size(view.size.width, len(lines) + 1)
            view.refresh()
        self._settle(scroll=False)

    def _refill(self) -> None:
        """What is being typed stays as it is typed; another value of the field shows at once."""
        line = self.line
        if line is not None and line.text:
            if self.screen.focused is not self.editor and self.editor.value != line.value:
                self._fill(line)
            self.editor.set_class(bool(line.wrong), "wrong")

    def _fill(self, line: Line) -> None:
        with self.editor.prevent(Input.Changed):
            self.editor.value = clean(line.value[:LONGEST_TEXT])
        self.editor.placeholder = line.hint
        self.editor.selection = Selection(0, len(self.editor.value))  # a key replaces it, an arrow keeps it

    def take_value(self) -> None:
        """Show the field's value in the text box, whatever stood there."""
        if self.line is not None and self.line.text:
            self._fill(self.line)

    # -- moving

    @property
    def active(self) -> bool:
        return self.screen.focused in (self.lines, self.editor)  # `has_focus` is told later

    def focus(self, scroll_visible: bool = True) -> Form:
        """To the field under the cursor."""
        if self.line is None:
            self.move_to(0)
        self._focus()
        return self

    def _focus(self) -> None:
        line = self.line
        # At once: `focus()` would do it later, and where the focus is decides what comes next.
        self.screen.set_focus(self.editor if line is not None and line.text else self.lines, scroll_visible=False)

    def go(self, key: str) -> bool:
        """Put the cursor on a field; False when it is not shown."""
        for number, line in enumerate(self.lines.lines):
            if line.key == key:
                self.move_to(number)
                return True
        return False

    def move_to(self, number: int) -> None:
        """Put the cursor on a line; headings are stepped over."""
        view = self.lines
        places = [place for place, line in enumerate(view.lines) if line.key]
        if not places:
            return
        below = [place for place in places if place >= number]
        above = [place for place in places if place <= number]
        new = (below or above)[0 if below else -1] if number >= view.cursor else (above or below)[-1 if above else 0]
        old, view.cursor = view.cursor, new
        for changed in (old, new):
            view.refresh_line(changed + 1)
        self._settle(scroll=True)
        if self.line is not None:
            self.post_message(self.Moved(self))

    def _settle(self, *, scroll: bool, refill: bool = True) -> None:
        """Bring the text box, the focus and the scroll position to where the cursor is."""
        view, line, active = self.lines, self.line, self.active
        if scroll:
            top = 0 if view.cursor <= 1 else view.cursor  # with the line above it: the title covers one
            view.scroll_to_region(Region(0, top, 1, view.cursor + 2 - top), animate=False, force=True, immediate=True)
        if line is not None and line.text:
            if refill:
                self._fill(line)
            self.editor.set_class(bool(line.wrong), "wrong")
        if active:
            self._focus()
        self.place_editor()  # hidden only when it has the focus no more: Textual would give that to somebody else

    def place_editor(self) -> None:
        """The text box stands over the value of its line, or is not there."""
        view, line, editor = self.lines, self.line, self.editor
        y = view.cursor + 1 - view.scroll_offset.y
        seen = line is not None and line.text and 0 < y < max(2, self.size.height)
        if line is not None and line.text:
            label, value, _ = view.columns(line)
            editor.styles.offset = (MARKS + label - 1, y if seen else -5)  # its padding stands on the column before
            editor.styles.width = value + 2
        editor.display = line is not None and line.text and self.active

    def scrolled(self) -> None:
        self.place_editor()

    def clicked(self, number: int, on_value: bool) -> None:
        """The cursor goes there; a second click on a choice shows all of them, a first one turns a switch."""
        line, again = self.lines.lines[number], number == self.lines.cursor
        self.move_to(number)
        self._focus()
        if on_value and not line.text and (again or line.kind == "switch"):
            self.action_open()

    def resized(self) -> None:
        view = self.lines
        if self.size.height < SMALLEST:  # not shown now
            return
        view.virtual_size = Size(view.size.width, len(view.lines) + 1)
        view.refresh()
        self._settle(scroll=True, refill=False)

    def action_next(self) -> None:
        self._step(1)

    def action_previous(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        view = self.lines
        number = view.cursor + by
        while 0 <= number < len(view.lines) and not view.lines[number].key:
            number += by
        if 0 <= number < len(view.lines):
            self.move_to(number)
        else:
            self.post_message(self.Passed(self, by > 0))

    def action_page(self, by: int) -> None:
        self.move_to(max(0, min(self.lines.cursor + by * max(1, self.size.height - 2), len(self.lines.lines) - 1)))

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(len(self.lines.lines) - 1)

    # -- changing

    def _edit(self, text: str) -> None:
        if self.line is not None:
            self.post_message(self.Edited(self, self.line.key, text))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        line = self.line
        if line is not None and line.text and self.screen.focused is self.editor and event.value != line.value:
            self._edit(event.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_next()

    def action_turn(self, by: int) -> None:
        """The next choice."""
        line = self.line
        if line is not None and not line.text and line.choices:
            here = line.choices.index(line.value) if line.value in line.choices else -1 if by > 0 else 0
            self._edit(line.choices[(here + by) % len(line.choices)])

    def choose_by_letter(self, letter: str) -> bool:
        line = self.line
        if line is None or line.text:
            return False
        fits = [each for each in line.choices if line.title(each).lower().startswith(letter.lower())]
        if fits:
            self._edit(after(line.value, fits))
        return bool(fits)

    def action_open(self) -> None:
        """All choices of the field at once."""
        line = self.line
        if line is None or line.text:
            return
        if line.kind == "switch":
            self.action_turn(1)
            return

        def picked(choice: str | None) -> None:
            if choice is not None:
                self.post_message(self.Edited(self, line.key, choice))

        self.app.push_screen(Pick(line.label, {each: line.title(each) for each in line.choices}, line.value), picked)

    def on_descendant_focus(self, event: Any) -> None:
        self.place_editor()
        self.lines.refresh()

    def on_descendant_blur(self, event: Any) -> None:
        self.place_editor()
        self.lines.refresh()
