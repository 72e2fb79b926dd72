"""A line of text to type in; what is pasted into it becomes one line without what could act on a terminal."""

from __future__ import annotations

import unicodedata

from textual import events
from textual.message import Message
from textual.widgets import Input

from labapp.output import clean

MOST = 5_000  # characters; longer texts are for the command line


class Field(Input):
    """Escape and tab are left to the screen."""

    class Cut(Message):
        """More was pasted than the field takes."""

    def __init__(self, placeholder: str, *, id: str | None = None):
        super().__init__(placeholder=placeholder, max_length=MOST, select_on_focus=False, id=id)

    def validate_value(self, value: str) -> str:
        """What is shown is what is sent: nothing in it acts. Joiners and marks that have no width are left out."""
        return clean("".join(char for char in value if unicodedata.category(char) != "Cf"))

    def on_paste(self, event: events.Paste) -> None:
        """All lines of it, where the base class takes the first."""
        event.prevent_default()
        event.stop()
        text = " ".join(event.text.split())
        room = max(0, MOST - len(self.value) + len(self.selected_text))
        self.replace(text[:room], *sorted(self.selection))
        if len(text) > room:
            self.post_message(self.Cut())
