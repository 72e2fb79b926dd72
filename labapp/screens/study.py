"""A whole study: which one, on what, with which settings and seeds; the foot says what would be trained; F5 launches.

Opened from New (F4) and from a study in the list of runs (d). What takes time is planned in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.widgets import Static

from engine.errors import LabError
from labapp.actions import STUDY
from labapp.cycle import after
from labapp.messages import (
    Done,
    LookedAround,
    Refused,
    Snapshot,
    StudiesFound,
    StudyLaunched,
    StudyPlanned,
)
from labapp.screens.base import bindings_of
from labapp.screens.draft import DraftScreen
from labapp.screens.study_scouts import StudyScouts
from labapp.widgets.form import Form

if TYPE_CHECKING:
    from engine.studies.definition import Study
    from labapp.form.studies import StudyDraft
    from sessions.study.launching import Planned

SETTLE = 0.3  # seconds without a key before it is planned
LEAST_ABOUT = 5  # lines


class StudyScreen(DraftScreen):
    """Choose, change and launch a study."""

    where = STUDY
    DEFAULT_CSS = """
    StudyScreen #choices { height: 9; max-height: 50%; }
    StudyScreen #command, StudyScreen.wide.tall #command { display: block; height: 1fr; color: $foreground; }
    StudyScreen #command { text-wrap: nowrap; text-overflow: ellipsis; border-top: solid $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(STUDY), Binding("escape", "leave", show=False)]

    def __init__(self, study_id: str = "") -> None:
        super().__init__()
        self.study_id = study_id
        self.planner = StudyScouts(self)
        self.studies: Mapping[str, Study] = {}
        self.chosen: StudyDraft | None = None
        self.wanted: Study | None = None  # what would be launched; None while something is wrong
        self.planned: tuple[Planned, ...] | None = None  # of what is wanted; None while it is being planned
        self.problem = ""  # what is wrong with what was chosen
        self.unplanned = ""  # why it cannot be planned
        self.launching = False
        self._number = 0  # of the latest plan asked for
        self._asked: tuple[Any, ...] = ()  # what it was of
        self._statuses: frozenset[tuple[str, str]] = frozenset()

    def on_mount(self) -> None:
        self.planner.studies(self.study_id)

    # -- what is known of the world

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.scouts.around()

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """A run ended, perhaps: what is there is another now."""
        statuses = frozenset((row.id, row.status) for row in snapshot.rows)
        if self.is_current and self.chosen is not None and not self.launching and statuses != self._statuses:
            self._plan_soon(anew=True)
        self._statuses = statuses

    def on_looked_around(self, message: LookedAround) -> None:
        if message.around is None:
            self._say(message.problem, wrong=True)
            return
        # No preference of the user's has a say in a study: it is the same for everybody.
        self.around = replace(message.around, layers=None, problem="")
        self._begin()

    def on_studies_found(self, message: StudiesFound) -> None:
        self.studies = message.studies
        for error in message.problems[:3]:
            self.app.post_message(Refused(error))
        self._begin()

    def _begin(self) -> None:
        from labapp.form.studies import study_draft

        if not self.studies or self.around is None:
            return
        if self.chosen is not None:
            self.refresh_all()
            self._plan_soon(anew=bool(self.unplanned))  # the reason may be gone
            return
        name = self.study_id if self.study_id in self.studies else next(iter(self.studies))
        self.take(study_draft(name, self.studies[name]))
        if not self.settings.active:
            self.choices.focus()

    # -- the draft

    def take(self, chosen: StudyDraft) -> None:
        """Another draft: check it, show it, plan it."""
        self.chosen, self.draft, self.said = chosen, chosen.draft, ""
        self.look_soon()
        self.refresh_all()

    @on(Form.Edited, "#choices")
    def _chosen(self, message: Form.Edited) -> None:
        from labapp.form.studies import with_choice

        if self.chosen is not None:
            self.take(with_choice(self.chosen, message.key, message.text, self.studies))

    @on(Form.Edited, "#settings")
    def _typed(self, message: Form.Edited) -> None:
        if self.chosen is not None:
            self.typing = message.key
            self._take_draft(message.key, message.text)

    def _take_draft(self, key: str, text: str | None) -> None:
        if self.chosen is not None:
            self.take(replace(self.chosen, draft=self.chosen.draft.with_override(key, text)))

    # -- what it shows

    def refresh_all(self) -> None:
        if self.chosen is None or self.around is None:
            return
        from labapp.form.checking import check
        from labapp.form.lines import settings_title
        from labapp.form.studies import own_lines, study_lines, wrong_with

        self.checked = checked = check(self.chosen.draft, self.around, self.look)
        self.choices.title = "which study"
        choices = study_lines(self.chosen, checked, self.around, self.studies)
        self.choices.styles.height = len(choices) + 1  # with the title
        self.choices.show(choices)
        lines = own_lines(self.chosen, checked, self.find, self.only_changed, self.typing)
        self.settings.show(lines)
        shown = sum(bool(line.key) for line in lines)
        self.settings.title = f"of all its runs: {settings_title(checked, shown, self.find, self.only_changed)}"
        self.wanted, self.problem = None, next(iter(wrong_with(self.chosen).values()), "")
        if checked.sound and not self.problem:
            try:
                self.wanted = self.chosen.wanted()
            except LabError as error:
                self.problem = f"{error.title}: {error.got or error.expected}"
        self._plan_soon()
        self._help()
        self._about()
        self._foot()

    def _plan_soon(self, *, anew: bool = False) -> None:
        """Plan what is wanted, when nothing has been typed for a moment."""
        asked = (self.wanted, self.chosen.seeds, self.chosen.only) if self.chosen and self.wanted else ()
        if asked == self._asked and not (anew and (self.planned is not None or self.unplanned)):
            return
        if asked != self._asked:
            self.planned, self.unplanned = None, ""
            self._number += 1  # an answer to what was asked before is none to this
        self._asked = asked
        self.settling.calm("plan")
        if asked:
            self.settling.later("plan", self._plan, SETTLE)

    def _plan(self) -> None:
        from labapp.form.studies import seeds_in

        if self.wanted is not None and self.chosen is not None:
            self._number += 1
            seeds = seeds_in(self.chosen.seeds) if self.chosen.seeds.strip() else []
            self.planner.plan(self._number, self.wanted, seeds, self.chosen.cells())

    def on_study_planned(self, message: StudyPlanned) -> None:
        if message.number != self._number:
            return
        error = message.error
        self.planned = message.planned
        self.unplanned = f"{error.title}: {error.got or error.hint}" if error is not None else ""
        self._about()
        self._foot()

    def _about(self) -> None:
        from labapp.form.studies import about_study

        if self.chosen is None:
            return
        pane = self.query_one("#command", Static)
        question, rest = about_study(
            self.chosen, self.planned, pane.size.width or 78, max(LEAST_ABOUT, pane.size.height)
        )
        text = Text("\n".join(question), style="bold").append("\n" + "\n".join(rest), "not bold")
        pane.update(text, layout=False)

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._about)

    def _foot(self) -> None:
        from labapp.form.studies import study_sentence

        checked = self.checked
        if self.chosen is None or checked is None or self.around is None:
            return
        if self.said:
            self._say(self.said)
        elif not checked.sound and not (checked.pending and not checked.reason().count(":")):
            self._say(f"cannot be launched yet. {checked.reason()}", wrong=True)
        elif self.problem or self.unplanned:
            self._say(f"cannot be launched yet. {self.problem or self.unplanned}", wrong=True)
        elif self.planned is None:
            self._say("looking at what is there already...")
        else:
            self._say(study_sentence(self.chosen, checked, self.around, self.planned))

    # -- actions

    def action_launch(self) -> None:
        from labapp.form.studies import seeds_in

        if self.launching or self.chosen is None or self.checked is None:
            return
        if self.wanted is None or self.problem or self.unplanned:
            self._foot()
            if key := self.checked.first_wrong():
                self.show_pane(self.settings)
                self.settings.go(key)
            return
        self.launching = True
        self._say("launching...")
        seeds = seeds_in(self.chosen.seeds) if self.chosen.seeds.strip() else []
        self.planner.launch(self.wanted, seeds, self.chosen.cells(), self.chosen.draft.gpu)

    def on_study_launched(self, message: StudyLaunched) -> None:
        self.launching = False
        for error in message.refused[:3]:
            self.app.post_message(Refused(error))
        if not message.study_id:
            self._say(f"not launched. {message.refused[0].title}: {message.refused[0].got or ''}", wrong=True)
            return
        self.app.post_message(Done(f"study {message.study_id} is in the queue"))
        self.lab.watcher.look()
        if self.is_current:
            self.lab.action_go("runs")
            runs: Any = self.app.screen
            if hasattr(runs, "select_when_shown"):
                runs.select_when_shown(message.study_id)

    def action_next_study(self) -> None:
        from labapp.form.studies import with_choice

        if self.chosen is not None:
            names = list(self.studies)
            self.take(with_choice(self.chosen, "study", after(self.chosen.name, names), self.studies))
            self.show_pane(self.choices)

    def action_next_recipe(self) -> None:
        if self.chosen is not None and self.checked is not None:
            names = list(self.chosen.draft.row.recipes)
            draft = self.chosen.draft.with_choice("recipe", after(self.checked.recipe, names))
            self.take(replace(self.chosen, draft=draft))
            self.settings.take_value()

    def action_defaults(self) -> None:
        from labapp.form.studies import study_draft

        if self.chosen is not None:
            fresh = study_draft(self.chosen.name, self.chosen.study).draft
            draft = replace(self.chosen.draft, overrides=fresh.overrides, recipe=fresh.recipe)
            self.take(replace(self.chosen, draft=draft))
            self.settings.take_value()

    def action_reset_field(self) -> None:
        from labapp.form.drafts import shown

        line = self.settings.line
        if self.chosen is not None and line is not None and self.settings.active:
            own = self.chosen.study.settings
            self._take_draft(line.key, shown(own[line.key]) if line.key in own else None)
            self.settings.take_value()
