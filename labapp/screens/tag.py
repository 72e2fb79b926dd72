"""Tag: entities in what one types or in sentences of the corpus, as one run or two see them."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widgets import Static

from engine.errors import LabError
from labapp.actions import TAG
from labapp.fit import tidy
from labapp.live.rows import RunRow
from labapp.messages import Snapshot
from labapp.play.examples import EXAMPLES
from labapp.play.words import error_text
from labapp.screens.base import bindings_of
from labapp.screens.tag_actions import COMPARE, TagActions
from labapp.screens.trying import CHOOSE, name_of
from labapp.tag.asking import KEPT, ORDERS, TYPED, text_args, token_args
from labapp.tag.asking import TAG as TAGGING
from labapp.tag.colours import Slots
from labapp.tag.replies import Example, Examples, Sentence, Tagging
from labapp.tag.stack import Stack, stack_of
from labapp.tag.words import EMPTY, HINT, NO_EXAMPLE, WORK, head_line, marks_of, summary
from labapp.widgets.field import Field
from labapp.widgets.tagged import Tagged
from labapp.widgets.token_table import TokenTable
from labapp.widgets.type_legend import TypeLegend

WIDE = 110  # cells from which the table of tokens stands beside the sentence
TOGETHER = 0.3  # seconds that the first run's tags wait for the second's, so that nothing flickers
FIRST, SECOND = "first", "second"  # lanes: each run has its own


class TagScreen(TagActions):
    """A field, the sentence with its entities, its tokens. What is shown follows from the answers that came."""

    where = TAG
    operation = TAGGING
    orders, work, typed_answers, kept, empty = ORDERS, WORK, TYPED, KEPT, EMPTY
    too_long = "labapp tag --file takes texts of any length"
    looking = "looking for trained taggers..."
    questions: ClassVar[dict[str, str]] = {CHOOSE: "Which run tags?", COMPARE: "Which run beside it?"}
    no_other = "no other tagger has a checkpoint"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(TAG), Binding("escape", "leave", show=False)]
    DEFAULT_CSS = """
    TagScreen {
        & > #head { height: 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #text { margin: 0 0 1 0; }
        & > #body { height: 1fr; }
        & #left { width: 1fr; height: 1fr; }
        & #words { height: 1fr; padding: 0 2; display: none; }
        & #trouble { height: auto; max-height: 50%; padding: 1 2 0 2; display: none; }
        & #tokens { display: none; width: 44; border-left: solid $panel; }
        & > #legend { height: auto; max-height: 3; padding: 0 1; margin: 1 0 0 0; }
        & > #foot { height: auto; min-height: 1; max-height: 2; padding: 0 1; background: $surface; }
        &.wide #tokens { display: block; }
        &.wide #tokens.with-gold { width: 52; }
        &.wide #tokens.with-other { width: 58; }
        &.wide #tokens.with-gold.with-other { width: 66; }
        &.wide.flipped #tokens { display: none; }
        &.narrow.flipped #left { display: none; }
        &.narrow.flipped #tokens { display: block; width: 1fr; border-left: none; }
        &.wordy #sentences, &.wordy #tokens, &.wordy > #legend { display: none; }
        &.wordy.narrow.flipped #left { display: block; }
        &.wordy.narrow.flipped #tokens { display: none; }
        &.wordy #words { display: block; }
        &.troubled #trouble { display: block; }
        &.low > #text, &.low > #legend { margin: 0; }
        &.low > #legend { max-height: 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.other_id = ""
        self.row: RunRow | None = None
        self.other_row: RunRow | None = None
        self.example: Example | None = None
        self.sentences: tuple[Sentence, ...] = ()
        self.others: tuple[Sentence, ...] = ()  # the same by the second run
        self.wanted: object = None  # what the tags of are wanted: a text, or tokens
        self.others_of: object = None  # what the second run's are of
        self.with_second = True
        self.slots = Slots()
        self.types: dict[str, tuple[str, ...]] = {}  # that each run knows, by lane

    def content(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield Field("type a sentence", id="text")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Static(id="words", markup=False)
                yield Tagged(self.slots, id="sentences")
                yield Static(id="trouble", markup=False)
            yield TokenTable(id="tokens")
        yield TypeLegend(self.slots, id="legend")
        yield Static(id="foot", markup=False)

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width >= WIDE, "wide")
        self.set_class(event.size.width < WIDE, "narrow")
        self.set_class(event.size.height < 20, "low")
        self.say_head()

    @property
    def tagged(self) -> Tagged:
        return self.query_one("#sentences", Tagged)

    @property
    def table(self) -> TokenTable:
        return self.query_one("#tokens", TokenTable)

    # -- which runs

    def gone_on(self, snapshot: Snapshot) -> bool:
        before = self._rows()
        self.row = snapshot.row(self.first) or self.row
        self.other_row = snapshot.row(self.other_id) or self.other_row
        return any(old and new and old.epoch != new.epoch for old, new in zip(before, self._rows(), strict=True))

    def _rows(self) -> tuple[RunRow | None, RunRow | None]:
        return self.row, self.other_row

    def show_run(self, run_id: str) -> None:
        if run_id == self.first:
            return
        if not self.first:
            self.field.focus()
        self.first, self.row = run_id, self.row_of(run_id)
        if self.other_id == run_id:
            self._forget_other()
        self._forget_first()
        self.draw()
        self.ask()

    def show_other(self, run_id: str) -> None:
        """A second run beside the first; none takes it away."""
        self._forget_other()
        self.other_id, self.other_row = run_id, self.row_of(run_id) if run_id else None
        self.draw()
        self.ask()

    def _forget_first(self) -> None:
        self.asker.forget(FIRST, EXAMPLES)
        self.sentences, self.example, self.total = (), None, 0
        self.errors.pop(FIRST, None)

    def _forget_other(self) -> None:
        self.asker.forget(SECOND)
        self.other_id, self.other_row, self.others = "", None, ()
        self.types.pop(SECOND, None)
        self.errors.pop(SECOND, None)

    # -- asking

    def ask(self) -> None:
        """Ask for the tags of what is to be shown; what is shown stays until they come."""
        if not self.first:
            return
        if self.place is not None:
            self.asker.forget(FIRST, SECOND)
            self.ask_for(EXAMPLES, EXAMPLES, self.place.args(self.first))
        elif text := self.field.value.strip():
            self.asker.forget(EXAMPLES)
            self.wanted = text
            self.ask_for(FIRST, TAGGING, text_args(self.first, text))
            if self.other_id:
                self.ask_for(SECOND, TAGGING, text_args(self.other_id, text))
        else:
            self.asker.forget(FIRST, SECOND, EXAMPLES)
            self.sentences, self.others = (), ()
            self.errors.clear()
        if not self.sentences or not self.asker.waiting:  # else what is shown stays until the answer comes
            self.draw()
        self.say_head()
        self.tick()

    # -- answers

    def take(self, lane: str, found: Tagging | Examples | LabError) -> None:
        mine = FIRST if lane == EXAMPLES else lane
        self.errors.pop(mine, None)
        if isinstance(found, LabError):
            self.errors[mine] = found
            if lane == SECOND:
                self.others = ()
            else:
                self.sentences, self.example = (), None
        elif isinstance(found, Examples):
            self._take_examples(found)
        elif lane == SECOND:
            self.others, self.others_of = found.sentences, self.wanted
            self.types[SECOND] = found.types
        else:
            self.sentences = found.sentences
            self.types[FIRST] = found.types
        if lane != SECOND and self.asker.waits(SECOND):
            self.settling.later("draw", self.draw, TOGETHER)
        else:
            self.draw()

    def _take_examples(self, found: Examples) -> None:
        assert self.place is not None
        self.types[FIRST] = found.types
        self.total = found.total
        here = self.place.number - self.place.start
        self.example = found.examples[here] if here < len(found.examples) else None
        self.sentences = (self.example.sentence,) if self.example else ()
        if self.example is not None:
            self.wanted = self.example.sentence.tokens
            if self.other_id:
                self.ask_for(SECOND, TAGGING, token_args(self.other_id, [self.example.sentence.tokens]))

    # -- what is shown

    def draw(self) -> None:
        """Show what is known now."""
        self.settling.calm("draw")
        self.say_head()
        self._say_trouble()
        if not any(sentence.tokens for sentence in self.sentences):
            self.say_words(self._why_nothing())
        else:
            self.say_words(None)
            stacks = self._stacks()
            types = [*self.types.get(FIRST, ()), *self.types.get(SECOND, ())]
            self.slots.meet(types)
            self.tagged.show(stacks)
            self.query_one(TypeLegend).show(list(dict.fromkeys(types)), marks_of(stacks, ascii=self.lab.ascii))
            gold = self.example.gold if self.example else None
            self.table.show_sentences(self.sentences, gold, self.others if self._paired else ())
        self.tick()

    @property
    def _paired(self) -> bool:
        """Whether both runs speak of the same tokens."""
        return self.others_of == self.wanted and [each.tokens for each in self.sentences] == [
            each.tokens for each in self.others
        ]

    def _stacks(self) -> list[Stack]:
        gold = self.example.gold if self.example else None
        name = "A" if self.other_id else "tags"
        if self._paired:
            pairs = zip(self.sentences, self.others, strict=True)
            return [stack_of(a, name=name, second=self.with_second, gold=gold, other=b) for a, b in pairs]
        stacks = [stack_of(a, name=name, second=self.with_second, gold=gold) for a in self.sentences]
        if self.others_of == self.wanted:  # else these are tags of what was typed before
            stacks += [stack_of(b, name="B", second=self.with_second) for b in self.others]
        return stacks

    def _why_nothing(self) -> Text:
        if error := self.errors.get(FIRST):
            return self.trouble(error)
        if self.asker.waiting:
            return Text("asking...")
        if self.place is not None:
            return Text(NO_EXAMPLE)
        return Text(HINT) if not self.field.value.strip() else Text("there is no word in this text")

    def _say_trouble(self) -> None:
        error = self.errors.get(SECOND)
        self.set_class(error is not None, "troubled")
        said = error_text(error, self.app.get_css_variables()["error"]) if error else Text()
        self.query_one("#trouble", Static).update(Text("B: ").append_text(said) if error else said)

    def say_head(self) -> None:
        if not self.first:
            return
        other = name_of(self.other_row, self.other_id) if self.other_id else ""
        verdict = self.example.correct if self.example else None
        told = head_line(
            name_of(self.row, self.first), other, self.place, self.total, verdict, self.size.width, ascii=self.lab.ascii
        )
        self.query_one("#head", Static).update(told, layout=False)

    def summary(self) -> str:
        return summary(self.sentences)

    def text_of_example(self) -> str:
        return " ".join(map(tidy, self.example.sentence.tokens)) if self.example else ""

    def leave_field(self) -> None:
        """To what can be scrolled, where plain keys are keys."""
        for widget in (self.tagged, self.table):
            if widget.display and widget.region:
                widget.focus()
                return
        self.set_focus(None)
