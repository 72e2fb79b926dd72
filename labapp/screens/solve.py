"""Solve: the programs that a trained run finds for a word problem, each worked out, and where it looked for them."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Resize
from textual.widgets import Input, Static

from engine.errors import LabError
from engine.mathqa.numbers import read
from labapp.actions import SOLVE
from labapp.fit import tidy
from labapp.live.rows import RunRow
from labapp.messages import Snapshot
from labapp.output import clean
from labapp.play.examples import EXAMPLES
from labapp.screens.base import bindings_of
from labapp.screens.solve_actions import SolveActions
from labapp.screens.trying import CHOOSE, name_of
from labapp.screens.trying_text import TYPING
from labapp.solve.asking import (
    ATTEND,
    KEPT,
    ORDERS,
    TYPED,
    Search,
    attend_args,
    problem_args,
    program_args,
)
from labapp.solve.asking import SOLVE as SOLVING
from labapp.solve.beams import YOU, Row, rows_of, verdict
from labapp.solve.replies import Attending, Example, Examples, Settings, Solved, Solving, Word
from labapp.solve.words import EMPTY, HINT, NO_EXAMPLE, NO_WORD, WORK, example_line, head_line, summary
from labapp.widgets.beam_table import BeamTable
from labapp.widgets.blocks import plain
from labapp.widgets.field import Field
from labapp.widgets.problem_text import ProblemText
from labapp.widgets.table import Table
from labapp.widgets.worked import Worked

LOW = 20  # lines below which nothing is blank
SCORE = "score"  # the lane of the program one types


class SolveScreen(SolveActions):
    """A field, the problem, its beams, one of them worked out. What is shown follows from the answers that came."""

    where = SOLVE
    operation = SOLVING
    orders, work, typed_answers, kept, empty = ORDERS, WORK, TYPED, KEPT, EMPTY
    too_long = "labapp solve --file takes problems of any number"
    looking = "looking for trained solvers..."
    questions: ClassVar[dict[str, str]] = {CHOOSE: "Which run solves?"}
    no_other = "no other solver has a checkpoint"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(SOLVE),
        Binding("escape", "leave", show=False),
        Binding("up", "beam_up", show=False),
        Binding("down", "beam_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
    ]
    DEFAULT_CSS = """
    SolveScreen {
        & > #head { height: 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #program { display: none; }
        & > #example { height: 1; display: none; color: $foreground 80%; }
        & > #problem { max-height: 40%; margin: 0 0 1 0; }
        & > #body { height: 1fr; }
        & #words { height: 1fr; padding: 0 2; display: none; }
        & #beams { height: auto; max-height: 50%; }
        & #worked { border-top: solid $panel; border-title-align: right; border-title-color: $foreground 60%; }
        & > #foot { height: auto; min-height: 1; max-height: 2; padding: 0 1; background: $surface; }
        &.programming > #program { display: block; }
        &.placed > #example { display: block; }
        &.wordy #beams, &.wordy #worked { display: none; }
        &.wordy #words { display: block; }
        &.small > #problem { margin: 0; }
        &.low > #problem { max-height: 2; }
        &.low #beams { min-height: 3; max-height: 60%; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.row: RunRow | None = None
        self.example: Example | None = None
        self.search = Search()
        self.settings: Settings | None = None  # of the answer that is shown
        self.solved: Solved | None = None  # what is shown
        self.unknown: set[str] = set()  # words that the run was seen not to know
        self.scored: Solved | None = None  # the program one typed, scored
        self.attending: Attending | None = None
        self._attended = "", ""  # the problem and the program it is of
        self._typing_program = False  # so the cursor goes to it once it is scored

    def content(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield Field("type a word problem", id="text")
        yield Field("type a program: add(n0,n1)|divide(#0,const_2)", id="program")
        yield Static(id="example", markup=False)
        yield ProblemText(id="problem")
        with Vertical(id="body"):
            yield Static(id="words", markup=False)
            yield BeamTable(id="beams")
            yield Worked(id="worked")
        yield Static(id="foot", markup=False)

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.height < 30, "small")
        self.set_class(event.size.height < LOW, "low")

    @property
    def table(self) -> BeamTable:
        return self.query_one("#beams", BeamTable)

    @property
    def worked(self) -> Worked:
        return self.query_one("#worked", Worked)

    @property
    def program_field(self) -> Input:
        return self.query_one("#program", Input)

    # -- which run

    def gone_on(self, snapshot: Snapshot) -> bool:
        before, self.row = self.row, snapshot.row(self.first) or self.row
        return bool(before and self.row and before.epoch != self.row.epoch)

    def show_run(self, run_id: str) -> None:
        if run_id == self.first:
            return
        if not self.first:
            self.field.focus()
        self.first, self.row = run_id, self.row_of(run_id)
        self.asker.forget(SOLVING, EXAMPLES, SCORE, ATTEND)
        self.solved, self.scored, self.attending, self.settings = None, None, None, None
        self.example, self.total = None, 0
        self.unknown.clear()
        self.errors.clear()
        self.draw()
        self.ask()

    # -- asking

    @property
    def beam(self) -> int | None:
        """How wide the beam is that is wanted; None while nobody knows what the run's own is."""
        own = self.settings.beam if self.settings else self._setting("beam")
        return self.search.beam or (own if isinstance(own, int) else None)

    @property
    def grammar(self) -> bool | None:
        own = self.settings.grammar if self.settings else self._setting("grammar")
        return self.search.grammar if self.search.grammar is not None else own if isinstance(own, bool) else None

    def _setting(self, name: str) -> object:
        return self.row.settings.get(name) if self.row else None

    @property
    def problem(self) -> str:
        """The problem that is to be solved; nothing while it is not known yet."""
        if self.place is not None:
            return self.example.solved.problem if self.example else ""
        return self.field.value.strip()

    def ask(self) -> None:
        """Ask for the beams of what is to be shown; what is shown stays until they come."""
        if not self.first:
            return
        if self.place is not None:
            self.asker.forget(SOLVING)
            self.ask_for(EXAMPLES, EXAMPLES, self.place.args(self.first))
        else:
            self.asker.forget(EXAMPLES)
            self._ask_beams()
        if self.solved is None or not self.asker.waiting:  # else what is shown stays until the answer comes
            self.draw()
        self._show_problem()
        self.say_head()
        self.tick()

    def _ask_beams(self) -> None:
        problem = self.problem
        if problem:
            self.ask_for(SOLVING, SOLVING, problem_args(self.first, problem, self.search))
        else:
            self.asker.forget(SOLVING, ATTEND)
            self.solved, self.attending = None, None
            self.errors.clear()
        self._ask_score()

    def _ask_score(self) -> None:
        """The score of the program one types."""
        problem, program = self.problem, self.program_field.value.strip()
        if self.first and problem and program:
            search = Search(1, self.search.grammar)  # its beams are not wanted: the narrowest costs least
            self.ask_for(SCORE, SOLVING, program_args(self.first, problem, program, search))
        else:
            self.asker.forget(SCORE)
            self.scored = None
            self.errors.pop(SCORE, None)

    @on(Input.Changed, "#program")
    def _program_typed(self, message: Input.Changed) -> None:
        message.stop()
        self._typing_program = True
        self.settling.later(SCORE, self._score, TYPING)

    def _score(self) -> None:
        self._ask_score()
        if not self.asker.waits(SCORE):
            self.draw()

    def _ask_attention(self) -> None:
        """Where it looked, for the program under the cursor."""
        row = self.table.row
        if row is None or self.solved is None or not row.beam.steps:
            self.asker.forget(ATTEND)
        elif self.settings is None or self.settings.attention:
            if self._attended != (self.solved.problem, row.beam.program):
                self._attended, self.attending = (self.solved.problem, row.beam.program), None
            self.ask_for(ATTEND, ATTEND, attend_args(self.first, *self._attended))

    # -- answers

    def take(self, lane: str, found: Solving | Examples | Attending | LabError) -> None:
        self.errors.pop(lane, None)
        if lane == ATTEND:  # shown beside what is there: nothing else changes, nothing is asked for again
            self.attending = found if isinstance(found, Attending) else None
            if isinstance(found, LabError):
                self.errors[lane] = found
            self._show_worked()
            return
        if isinstance(found, LabError):
            self._take_error(lane, found)
        elif isinstance(found, Examples):
            self._take_examples(found)
        elif lane == SCORE and isinstance(found, Solving):
            self.scored = found.problems[0] if found.problems else None
        elif isinstance(found, Solving):
            self.settings = found.settings
            self.solved = found.problems[0] if found.problems else None
        self.draw()
        if lane == SCORE and self._typing_program and self.program_field.has_focus:
            self.call_after_refresh(self.table.select, YOU)  # once there is a line for it

    def _take_error(self, lane: str, error: LabError) -> None:
        self.errors[lane] = error
        if lane == SCORE:
            self.scored = None
        else:
            self.solved, self.example = None, None

    def _take_examples(self, found: Examples) -> None:
        assert self.place is not None
        self._typing_program = False
        self.total = found.total
        here = self.place.number - self.place.start
        self.example = found.examples[here] if here < len(found.examples) else None
        if self.search.own or self.example is None:
            self.settings = found.settings or self.settings
            self.solved = self.example.solved if self.example else None
            self._ask_score()
        else:  # the search is not as the run has it
            self._ask_beams()

    @property
    def shown_example(self) -> Example | None:
        """The example, if what is shown is its problem: while another search goes on, that is the one before."""
        example = self.example
        return example if example and self.solved and self.solved.problem == example.solved.problem else None

    # -- what is shown

    def draw(self) -> None:
        """Show what is known now."""
        self.say_head()
        self._show_problem()
        if self.solved is None or not self.solved.words:
            self.say_words(self._why_nothing())
        else:
            self.say_words(None)
            self.table.show_rows(self.solved.problem, self._rows())
            self._show_worked()
            self.settling.later(ATTEND, self._ask_attention)
        self.tick()

    def _rows(self) -> list[Row]:
        assert self.solved is not None
        example, scored = self.shown_example, self.scored
        gold, answer = (example.gold, example.answer) if example else (None, None)
        typed = scored.typed if scored and scored.problem == self.solved.problem else None
        return rows_of(self.solved.beams, typed=typed, gold=gold, answer=answer)

    def _show_problem(self) -> None:
        """As it is typed, before anybody has answered: numbers are found without a network."""
        text = self.problem
        if self.solved is not None and (self.solved.problem == text or (self.place and not text)):
            text, words = self.solved.problem, self.solved.words
            self.unknown |= {word.text for word in words if not word.known}
        else:
            words = tuple(Word(**vars(word), known=word.text not in self.unknown) for word in read(text).words)
        above = self.field.value if self.place is None else ""
        self.query_one(ProblemText).show(text, words, above.rstrip())

    @on(Table.Moved, "#beams")
    def _moved(self, message: Table.Moved) -> None:
        message.stop()
        self._show_worked()
        self.settling.later(ATTEND, self._ask_attention)

    def _show_worked(self) -> None:
        row = self.table.row
        if row is None or self.solved is None:
            self.worked.show(None, None, None)
            return
        attending = self.attending if self._attended == (self.solved.problem, row.beam.program) else None
        attention = attending.attention if attending else None
        self.worked.border_title = self._about(attention)
        self.worked.show(attending.solved if attending else self.solved, row.beam, attention)

    def _about(self, attention: object) -> str:
        """What is seen beside the steps."""
        if self.settings is not None and not self.settings.attention:
            return "this variant has no attention"
        return (
            ""
            if attention is None
            else "in brackets: where it looked"
            if plain(self.app)
            else "shaded: where it looked"
        )

    def _why_nothing(self) -> Text:
        if error := self.errors.get(EXAMPLES if self.place is not None else SOLVING) or self.errors.get(SOLVING):
            return self.trouble(error)
        if self.asker.waiting:
            return Text("asking...")
        if self.place is not None:
            return Text(NO_EXAMPLE)
        return Text(HINT) if not self.field.value.strip() else Text(NO_WORD)

    def say_head(self) -> None:
        self.set_class(self.place is not None, "placed")
        if not self.first:
            return
        told = head_line(name_of(self.row, self.first), self.beam, self.grammar, ascii=self.lab.ascii)
        self.query_one("#head", Static).update(told, layout=False)
        if self.place is not None:
            example = self.shown_example
            right = verdict(self.solved.beams, example.answer) if example and self.solved else None
            told = example_line(self.place, self.total, example, right)
            self.query_one("#example", Static).update(told, layout=False)

    def summary(self) -> str:
        if error := self.errors.get(SCORE):
            return tidy(f"your program: {error.got or error.title}")
        if self.scored and self.scored.typed and self.scored.typed.error:
            return tidy(f"your program: {self.scored.typed.error}")
        if self.scored and self.scored.typed and self.scored.typed.unknown:
            return tidy(f"your program: training never saw {', '.join(self.scored.typed.unknown)}")
        if error := self.errors.get(ATTEND):
            return tidy(f"no attention: {error.got or error.title}")
        return summary(self.solved.beams) if self.solved else ""

    def text_of_example(self) -> str:
        return " ".join(clean(self.example.solved.problem).split()) if self.example else ""

    def leave_field(self) -> None:
        """To the beams, where plain keys are keys."""
        if self.table.display and self.table.region:
            self.table.focus()
        else:
            self.set_focus(None)
