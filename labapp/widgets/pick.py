"""A question with one answer out of several."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from labapp.widgets.dialogs import Dialog, plain


class Pick(Dialog[str]):
    """Asks which one to have; escape leaves everything as it is."""

    DEFAULT_CSS = """
    Pick OptionList, Pick OptionList:focus { border: none; padding: 0; background: $surface; }
    Pick OptionList { height: auto; max-height: 20; }
    """

    def __init__(self, question: str, choices: Mapping[str, str], chosen: str):
        super().__init__()
        self.question, self.choices, self.chosen = question, dict(choices), chosen

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(plain(self.question), classes="question")
            yield OptionList(*(Option(plain(title)) for title in self.choices.values()))
            yield Label("enter take   esc leave", classes="hint")

    def on_mount(self) -> None:
        names = list(self.choices)
        options = self.query_one(OptionList)
        options.highlighted = names.index(self.chosen) if self.chosen in names else 0
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(list(self.choices)[event.option_index])
