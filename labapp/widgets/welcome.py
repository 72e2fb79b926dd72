"""What an empty home shows: what this is, and one key that ends the first minute with a live curve."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

WORDS = """\
Welcome to labapp.

There is no run here yet.

  enter   train a small network on the embedded sample now
          (about a minute on two idle CPU cores, no download)
  2 or n  choose a task, data and settings yourself
  ?       all keys

Runs go on when you leave. Come back whenever you like.\
"""


class Welcome(Static, can_focus=True):
    """Takes the place of the list while there is nothing to list."""

    DEFAULT_CSS = "Welcome { padding: 1 3; height: 1fr; width: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,t", "sample", show=False)]

    class SampleWanted(Message):
        """The one key was pressed."""

    def __init__(self) -> None:
        super().__init__(WORDS, markup=False)

    def action_sample(self) -> None:
        self.post_message(self.SampleWanted())
