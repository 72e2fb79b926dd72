"""New: choices on the left become one form on the right; the foot says what will happen; F5 launches.

The screen holds a draft (`labapp.screens.draft` draws it). Every key gives another one; what takes time (a folder on a
disk far away, the GPUs, the queue, earlier runs, the launch itself) is done in threads that post what they found.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from labapp.actions import NEW
from labapp.cycle import after
from labapp.messages import Done, Filled, FillFrom, Launched, LookedAround, Refused, Snapshot
from labapp.screens.base import bindings_of
from labapp.screens.draft import DraftScreen
from labapp.widgets.form import Form

if TYPE_CHECKING:  # they import pydantic: only in a thread, when the screen is first shown
    from labapp.form.checking import Checked
    from labapp.form.drafts import Draft

LOOK_EVERY = 3.0  # seconds at least between looks around


class NewScreen(DraftScreen):
    """Configure and launch."""

    where = NEW
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(NEW), Binding("escape", "leave", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self.launching = False
        self.launched: Draft | None = None  # the same again needs a second, deliberate press
        self.deliberate = False
        self._wanted = ""  # the run the form is being filled with
        self._looked = 0.0

    # -- what is known of the world

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.look_around()
        self.look_again()  # the folder may have changed meanwhile

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """The queue or a run is different now."""
        if self.is_current and self.around is not None and time.monotonic() - self._looked > LOOK_EVERY:
            self.look_around()

    def look_around(self) -> None:
        self._looked = time.monotonic()
        self.scouts.around()

    def on_looked_around(self, message: LookedAround) -> None:
        if message.around is None:
            self._say(message.problem, wrong=True)
            return
        first, self.around = self.around is None, message.around
        if self._wanted and first:
            self.scouts.read(self._wanted)
        elif first:
            self._begin()
        else:
            self.refresh_all()

    def _begin(self) -> None:
        """The form as it is before anything was chosen."""
        from labapp.form.drafts import first_draft

        self.take(first_draft())
        if not self.settings.active:  # whoever was quick is there already
            self.choices.focus()

    # -- the draft

    def take(self, draft: Draft) -> None:
        """Another draft: check it and show what came of it."""
        self.draft = draft
        self.deliberate, self.said = False, ""
        self.look_soon()
        self.refresh_all()

    @on(Form.Edited, "#choices")
    def _chosen(self, message: Form.Edited) -> None:
        if self.draft is not None:
            self.take(self.draft.with_choice(message.key, message.text))

    @on(Form.Edited, "#settings")
    def _typed(self, message: Form.Edited) -> None:
        if self.draft is None or self.around is None:
            return
        from labapp.form.checking import check

        self.typing = message.key
        draft, without = (self.draft.with_override(message.key, text) for text in (message.text, None))
        now, before = (check(each, self.around, self.look).values[message.key] for each in (draft, without))
        # What is there anyway is not held fast: it goes on following the recipe.
        self.take(without if now.text == before.text and not (now.error or before.error) else draft)

    # -- again with changes

    def on_fill_from(self, message: FillFrom) -> None:
        self.fill(message.run_id)

    def fill(self, run_id: str) -> None:
        """Fill the form with a run's settings; until it has been read, nothing is launched."""
        self._wanted = run_id
        self._say(f"reading run {run_id}...")
        if self.around is not None:
            self.scouts.read(run_id)

    def on_filled(self, message: Filled) -> None:
        if message.run_id == self._wanted:
            self._wanted = ""
        if message.config is None:
            if message.error is not None:
                self.app.post_message(Refused(message.error))
            self.refresh_all() if self.draft is not None else self._begin()
            return
        from labapp.form.drafts import draft_from

        self.only_changed, self.find = False, ""
        self.take(draft_from(message.config, message.run_id))
        self.show_pane(self.settings)

    # -- actions

    def action_launch(self) -> None:
        draft, checked, around = self.draft, self.checked, self.around
        if draft is None or checked is None or around is None or around.layers is None:
            return
        if self.launching or self._wanted:
            return
        if not checked.sound:
            self._foot()
            self._go_to_wrong(checked)
            return
        if draft == self.launched and not self.deliberate:
            self.deliberate = True
            self.said = "this has just been launched; press again to launch it once more, or change something"
            self._foot()
            return
        self.launching = True
        self._say("launching...")
        self.scouts.launch(draft, around.layers)

    def on_launched(self, message: Launched) -> None:
        self.launching = False
        if message.error is not None:
            self._say(f"not launched. {message.error.title}: {message.error.got or ''}", wrong=True)
            self.app.post_message(Refused(message.error))
            return
        self.launched = self.draft
        self.deliberate, self.said = False, ""
        self._foot()
        ids = message.run_ids
        self.app.post_message(Done(f"launched {ids[0]}" + (f" and {len(ids) - 1} more" if len(ids) > 1 else "")))
        self.lab.watcher.look()
        if self.is_current:
            self.lab.action_go("runs")
            runs: Any = self.app.screen
            if hasattr(runs, "select_when_shown"):
                runs.select_when_shown(ids[0])

    def _go_to_wrong(self, checked: Checked) -> None:
        """Put the cursor on the first field that is wrong."""
        if checked.wrong:
            self.show_pane(self.choices)
            self.choices.go(next(iter(checked.wrong)))
        elif key := checked.first_wrong():
            self.find, self.only_changed = "", False
            self.refresh_all()
            self.show_pane(self.settings)
            self.settings.go(key)

    def action_study(self) -> None:
        self.lab.new_study()

    def action_next_recipe(self) -> None:
        """The next recipe; a run that was repeated is let go of."""
        if self.draft is None or self.checked is None:
            return
        names = list(self.draft.row.recipes)
        base = self.draft.base_run
        self.take(self.draft.with_choice("recipe", after(self.checked.recipe, names)))
        self.settings.take_value()
        gone = f", no longer as run {base}" if base else ""
        self.post_message(Done(f"recipe {self.checked.recipe}{gone}"))

    def action_defaults(self) -> None:
        if self.draft is not None:
            plain = replace(self.draft, overrides={})
            self.take(plain.with_choice("recipe", plain.base.recipe) if plain.base is not None else plain)
            self.settings.take_value()

    def action_reset_field(self) -> None:
        line = self.settings.line
        if self.draft is not None and line is not None and self.settings.active:
            self.take(self.draft.with_override(line.key, None))
            self.settings.take_value()
