"""What the screens share that use a trained run on texts: a field to type in, examples of the run's data, asking.

What is shown follows from the answers that came; what is shown stays until the next one is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.widgets import Input, Static

from engine.errors import LabError
from labapp.cycle import after
from labapp.messages import Answered, Done, Example, Snapshot
from labapp.play.asker import Asker
from labapp.play.examples import EXAMPLES, SPLITS, Place
from labapp.play.words import error_text, work_line
from labapp.screens.settling import Settling
from labapp.screens.trying import BEGIN, Trying
from labapp.widgets.field import Field

TYPING = 0.04  # seconds of rest before what was typed is asked for
TICK = 0.25  # seconds between looks at what is being done
WORTH = 0.4  # seconds that something takes before it is said


class TryingText(Trying):
    """A screen with a field `#text`, words `#words` where there is nothing to show, and a line `#foot`.

    `orders` are those of the examples, with their words; `work` are the words of what is done; `typed_answers` and
    `kept` are for the `Asker`. What the field does not take is for the command line, as `too_long` says.
    """

    orders: ClassVar[Mapping[str, str]]
    work: ClassVar[Mapping[str, str]]
    typed_answers: ClassVar[Mapping[str, Callable[[Any], Any]]]
    kept: ClassVar[Mapping[str, int]]
    too_long: ClassVar[str]
    looking: ClassVar[str]  # said while runs are looked for
    empty: ClassVar[str]  # and where there is none
    AUTO_FOCUS = "#text"

    def __init__(self) -> None:
        super().__init__()
        self.first = ""  # the run that is asked
        self.place: Place | None = None  # the example that is shown; None = what was typed
        self.place_before = Place()
        self.total = 0  # examples there are
        self.example: Any = None  # the one that is shown, once it is known
        self.errors: dict[str, LabError] = {}  # by lane
        self.settling = Settling(self)
        self._foot = ""

    # -- for the screen to fill in

    def ask(self) -> None:
        """Ask for what is to be shown."""
        raise NotImplementedError

    def take(self, lane: str, found: Any) -> None:
        """An answer is there, or the error that came instead."""
        raise NotImplementedError

    def draw(self) -> None:
        """Show what is known now."""
        raise NotImplementedError

    def say_head(self) -> None:
        """Whose answers one sees."""
        raise NotImplementedError

    def summary(self) -> str:
        """What is said at the foot while nothing takes long."""
        raise NotImplementedError

    def text_of_example(self) -> str:
        """What is taken into the field."""
        raise NotImplementedError

    def leave_field(self) -> None:
        """To where plain keys are keys."""
        raise NotImplementedError

    def gone_on(self, snapshot: Snapshot) -> bool:
        """Take what is new of the runs; whether one of them has other weights by now."""
        raise NotImplementedError

    # -- which run

    def on_mount(self) -> None:
        self.asker = Asker(self.lab.playground, self.post_message, self.typed_answers, self.kept)
        self.say_words(Text(self.looking))
        self.set_interval(TICK, self.tick)

    @property
    def run_id(self) -> str:
        return self.first

    def show_none(self) -> None:
        self.say_words(Text(self.empty))
        self.set_focus(None)  # nothing can be asked: plain keys are keys, and lead away

    def take_snapshot(self, snapshot: Snapshot) -> None:
        if not self.is_mounted:
            return
        if self.first:
            if self.gone_on(snapshot):
                self.asker.forget_known()
            self.say_head()
        elif snapshot.complete:
            self.find_runs(BEGIN)

    # -- asking

    @property
    def field(self) -> Input:
        return self.query_one("#text", Input)

    @on(Input.Changed, "#text")
    def _typed(self, message: Input.Changed) -> None:
        message.stop()
        self.place, self.example = None, None
        self.asker.forget(EXAMPLES)
        self.say_head()
        if message.value.strip():
            self.settling.later("text", self.ask, TYPING)
        else:
            self.settling.calm("text")
            self.ask()

    def arrive(self) -> None:
        """Ready to type, unless one left among the examples."""
        if self.is_mounted and self.first and self.place is None:
            self.field.focus()

    def begin_with(self, example: Example) -> None:
        if not example.text:
            return
        self.field.value = example.text
        self.field.action_end()
        self.look_at(None)

    @on(Field.Cut)
    def _cut(self, message: Field.Cut) -> None:
        message.stop()
        self.post_message(Done(f"this is more than the field takes; {self.too_long}"))

    def look_at(self, place: Place | None) -> None:
        """An example, or what was typed again."""
        self.settling.calm("text")
        if place is not None:
            before, self.place_before = self.place_before, place
            if (place.split, place.order) != (before.split, before.order):
                self.total = 0
        self.place = place
        self.example = None
        self.ask()

    def ask_for(self, lane: str, operation: str, args: Mapping[str, Any]) -> None:
        """Ask, unless the answer is known."""
        found = self.asker.known(operation, args)
        if found is not None:
            self.asker.forget(lane)
            self.take(lane, found)
        else:
            self.asker.ask(operation, args, lane)

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        message.stop()
        found = self.asker.take(message)
        if found is not None:
            self.take(message.lane, found)
        self.tick()

    @property
    def busy(self) -> bool:
        """Whether what is on screen will be another in a moment."""
        return self.settling.busy or self.asker.waiting

    # -- what is shown

    def say_words(self, words: Text | None) -> None:
        """Words in the place of what there is to show; None brings it back."""
        self.set_class(words is not None, "wordy")
        self.query_one("#words", Static).update(words or "")

    def trouble(self, error: LabError) -> Text:
        """An error in the place of what there is to show, and what can be done."""
        said = error_text(error, self.app.get_css_variables()["error"])
        return said.append("\n\nf5 asks again, ctrl+r chooses another run", "not bold")

    def tick(self) -> None:
        """Say what is being done, as far as it takes long enough for a word; else what is known."""
        doing = self.lab.playground.doing
        said = self.summary()
        if doing is not None and (doing.starting or time.monotonic() - doing.since > WORTH):
            said = work_line(doing, self.work)
        if said != self._foot:
            self._foot = said
            self.query_one("#foot", Static).update(Text(said))

    # -- keys

    def action_next_example(self) -> None:
        self._step(1)

    def action_previous_example(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        if self.place is None:
            self.look_at(self.place_before)
        elif self.place.number + by < 0:
            self.post_message(Done("this is the first one"))
        elif self.total and self.place.number + by >= self.total:
            self.post_message(Done("this is the last one"))
        elif self.total or by < 0:
            self.look_at(replace(self.place, number=self.place.number + by))

    def action_order(self) -> None:
        place = self.place_before
        self.look_at(replace(place, order=after(place.order, tuple(self.orders)), number=0))

    def action_split(self) -> None:
        place = self.place_before
        self.look_at(replace(place, split=after(place.split, SPLITS), number=0))

    def action_edit(self) -> None:
        """What is shown becomes what is typed."""
        if self.place is not None and self.example is not None:
            self.field.value = self.text_of_example()
            self.field.action_end()
            self.look_at(None)
        self.action_write()

    def action_write(self) -> None:
        self.field.focus()

    def action_refresh(self) -> None:
        """Ask once more for what is on screen."""
        if not self.run_id:
            self.find_runs(BEGIN)
        else:
            self.asker.forget_known()
            self.ask()

    async def action_leave(self) -> None:
        """Escape: out of the field, from the examples to what was typed, else back to where one came from."""
        if self.field.has_focus:
            self.leave_field()
        elif self.place is not None:
            self.look_at(None)
        else:
            await self.app.run_action("app.back")
