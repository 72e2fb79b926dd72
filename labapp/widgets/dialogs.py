"""Small questions over a screen: yes or no, a few lines of text, a choice of many. Escape always means no."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from engine.errors import LabError
from labapp.output import clean

Answer = TypeVar("Answer")


def plain(text: str) -> Content:
    """Text not written by us: no markup in it is one, no control character acts."""
    return Content("\n".join(clean(line) for line in text.split("\n")))


class Dialog(ModalScreen[Answer | None]):
    """A box in the middle of the screen."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > Vertical {
        width: 72; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; background: $surface;
        border: round $primary;
    }
    Dialog .question { text-style: bold; width: 100%; }
    Dialog .field { margin-top: 1; color: $text-muted; }
    Dialog .hint { color: $text-muted; margin-top: 1; width: 100%; }
    Dialog Input { border: none; background: $panel; height: 1; padding: 0 1; }
    Dialog #wrong { color: $error; width: 100%; }
    Dialog Input:focus { background: $primary 30%; }
    Dialog OptionList, Dialog OptionList:focus { border: none; background: $surface; }
    Dialog OptionList { height: auto; max-height: 20; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,ctrl+c", "no", show=False)]

    def on_mount(self) -> None:
        self.app.clear_notifications()  # what was said before must not cover the question

    def action_no(self) -> None:
        self.dismiss(None)


class Confirm(Dialog[bool]):
    """Asks before something is done that cannot simply be taken back. Only `y` does it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "yes", show=False), Binding("n,enter", "no", show=False)]

    def __init__(self, question: str, details: Sequence[str] = (), hint: str = ""):
        super().__init__()
        self.question, self.details, self.hint = question, details, hint

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(plain(self.question), classes="question")
            if self.details:
                yield Label(plain("\n".join(self.details)))
            yield Label(plain((f"{self.hint}\n" if self.hint else "") + "y yes   n no"), classes="hint")

    def action_yes(self) -> None:
        self.dismiss(True)


class Ask(Dialog[dict[str, str]]):
    """Asks for a few lines of text; enter goes to the next, and from the last one takes them."""

    def __init__(
        self, question: str, fields: Mapping[str, str], hint: str = "",
        check: Callable[[dict[str, str]], object] = lambda fields: None,
    ):  # fmt: skip
        """`check` raises a LabError when the fields cannot be taken; then they stay to be mended."""
        super().__init__()
        self.question, self.fields, self.hint, self.check = question, fields, hint, check

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(plain(self.question), classes="question")
            for number, (name, value) in enumerate(self.fields.items()):
                yield Label(plain(name), classes="field")
                yield Input(clean(value), id=f"field-{number}", select_on_focus=False)
            yield Label("", id="wrong")
            yield Label(plain((f"{self.hint}\n" if self.hint else "") + "enter take   esc leave"), classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        inputs = list(self.query(Input))
        if event.input is not inputs[-1]:
            self.focus_next()
            return
        found = dict(zip(self.fields, (each.value for each in inputs), strict=True))
        try:
            self.check(found)
        except LabError as error:
            self.query_one("#wrong", Label).update(plain(f"{error.title}: {error.expected or error.got}"))
        else:
            self.dismiss(found)


class Choose(Dialog[list[str]]):
    """Asks which of several to have. On and off are written, so that it can be read without colour."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", priority=True, show=False),
        Binding("space", "flip", priority=True, show=False),
    ]

    def __init__(self, question: str, choices: Mapping[str, str], chosen: Sequence[str]):
        super().__init__()
        self.question, self.choices, self.chosen = question, choices, set(chosen)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(plain(self.question), classes="question")
            yield OptionList(*(Option(self._line(name), name) for name in self.choices))
            yield Label("space on or off   enter take   esc leave", classes="hint")

    def _line(self, name: str) -> Content:
        return plain(f"[{'x' if name in self.chosen else ' '}] {self.choices[name]}")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click."""
        self._flip(event.option_index)

    def action_flip(self) -> None:
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self._flip(highlighted)

    def _flip(self, index: int) -> None:
        name = list(self.choices)[index]
        self.chosen ^= {name}
        self.query_one(OptionList).replace_option_prompt_at_index(index, self._line(name))

    def action_take(self) -> None:
        self.dismiss([name for name in self.choices if name in self.chosen])
