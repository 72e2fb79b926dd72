"""New: choices on the left become one form on the right; the foot says what will happen; F5 launches.

The screen holds a draft. Every key gives another draft, which is checked and drawn; what takes time (a folder on a
disk far away, the GPUs, the queue, earlier runs, the launch itself) is done in threads that post what they found.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.timer import Timer
from textual.widgets import Input, Static

from labapp.actions import NEW
from labapp.messages import Done, Filled, FillFrom, Launched, LookedAround, LookedAt, Refused, Snapshot
from labapp.output import clean
from labapp.screens.base import LabScreen, bindings_of
from labapp.screens.scouts import Scouts
from labapp.widgets.form import Editor, Form

if TYPE_CHECKING:  # they import pydantic: only in a thread, when the screen is first shown
    from labapp.form.checking import Checked
    from labapp.form.drafts import Draft
    from labapp.form.surroundings import Around, Look

WIDE = 120  # columns from which choices and form stand side by side
TALL = 32  # lines from which there is room for the command below the choices
SETTLE = 0.25  # seconds without a key before a path is looked at
LOOK_EVERY = 3.0  # seconds at least between looks around


class NewScreen(LabScreen):
    """Configure and launch."""

    where = NEW
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(NEW), Binding("escape", "leave", show=False)]
    DEFAULT_CSS = """
    NewScreen #panes { height: 1fr; }
    NewScreen #what { width: 1fr; }
    NewScreen #right { width: 1fr; height: 1fr; display: none; }
    NewScreen #find { display: none; }
    NewScreen #help { height: 2; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
    NewScreen #will { height: 2; padding: 0 1; background: $panel; }
    NewScreen #command { height: 7; padding: 0 1; color: $text-muted; display: none; }
    NewScreen.forming #what { display: none; }
    NewScreen.forming #right { display: block; }
    NewScreen.wide #what { display: block; width: 2fr; }
    NewScreen.wide.tall #command { display: block; }
    NewScreen.wide #right { display: block; width: 3fr; border-left: solid $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.draft: Draft | None = None
        self.around: Around | None = None
        self.look: Look | None = None
        self.checked: Checked | None = None
        self.only_changed = False
        self.find = ""
        self.typing = ""  # the setting typed last: it must not vanish in the middle of a number
        self.said = ""  # stands at the foot until the draft changes
        self.scouts = Scouts(self)
        self.launching = False
        self.launched: Draft | None = None  # the same again needs a second, deliberate press
        self.deliberate = False
        self._wanted = ""  # the run the form is being filled with
        self._looked = 0.0
        self._asked: tuple[str, str] | None = None  # the path looked at last
        self._timer: Timer | None = None

    def content(self) -> ComposeResult:
        with Horizontal(id="panes"):
            with Vertical(id="what"):
                yield Form(id="choices", share=0.45)
                yield Static(id="command", markup=False)
            with Vertical(id="right"):
                yield FindBox(placeholder="find a setting: part of its name, or a word of its help", id="find")
                yield Form(id="settings")
                yield Static(id="help", markup=False)
        yield Static("reading tasks, preferences and earlier runs...", id="will", markup=False)

    @property
    def choices(self) -> Form:
        return self.query_one("#choices", Form)

    @property
    def settings(self) -> Form:
        return self.query_one("#settings", Form)

    def on_mount(self) -> None:
        self.choices.title, self.settings.title = "what to train", "settings"

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width >= WIDE, "wide")
        self.set_class(event.size.height >= TALL, "tall")

    # -- what is known of the world

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.look_around()
        self._look()  # the folder may have changed meanwhile

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

    def _look_soon(self) -> None:
        """The path may be typed further: it is looked at after a pause."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(SETTLE, self._look)

    def _look(self) -> None:
        draft = self.draft
        if draft is not None and not draft.data and draft.source:
            self.scouts.at(draft)

    def on_looked_at(self, message: LookedAt) -> None:
        draft = self.draft
        if draft is not None and (draft.task, draft.source) == (message.look.task, message.look.source):
            self.look = message.look
            self.refresh_all()

    # -- the draft

    def take(self, draft: Draft) -> None:
        """Another draft: check it and show what came of it."""
        self.draft = draft
        self.deliberate, self.said = False, ""
        if not draft.data and self._asked != (draft.task, draft.source):
            self._asked = draft.task, draft.source
            self._look_soon()
        self.refresh_all()

    def refresh_all(self) -> None:
        """Check the draft and bring everything on the screen up to date."""
        if self.draft is None or self.around is None:
            return
        from engine.catalogue import tasks
        from labapp.form.checking import check
        from labapp.form.lines import choice_lines, command_line, setting_lines, settings_title

        self.checked = checked = check(self.draft, self.around, self.look)
        titles = {name: row.title for name, row in tasks().items()}
        self.choices.show(choice_lines(checked, self.around, titles))
        lines = setting_lines(checked, self.find, self.only_changed, self.typing)
        self.settings.show(lines)
        shown = sum(bool(line.key) for line in lines)
        self.settings.title = settings_title(checked, shown, self.find, self.only_changed)
        self.choices.title = clean(f"{self.draft.task}/{self.draft.variant} on {self.draft.source[-60:] or '?'}")
        if self.has_class("tall"):
            command = Text("The same from a shell:\n", style="dim").append(command_line(checked)[:2000], "not dim")
            self.query_one("#command", Static).update(command, layout=False)
        self._help()
        self._foot()

    def _help(self) -> None:
        from labapp.form.lines import help_of

        line, checked = self.settings.line, self.checked
        if checked is None:
            return
        what, value = help_of(checked, line.key if line is not None else "")
        text = Text(f"{what}\n", style="bold")
        text.append(value, self._error_style if value.startswith("!") else "not bold dim")
        self.query_one("#help", Static).update(text, layout=False)

    def _foot(self) -> None:
        from labapp.form.lines import sentence

        if self.checked is None or self.around is None:
            return
        if self.said:
            self._say(self.said)
        elif self.checked.pending and not self.checked.reason().count(":"):
            self._say("the data is being looked at...")
        elif not self.checked.sound:
            self._say(f"cannot be launched yet. {self.checked.reason()}", wrong=True)
        else:
            self._say(sentence(self.checked, self.around))

    @property
    def _error_style(self) -> str:
        return f"bold {self.app.get_css_variables()['error']}"

    def _say(self, words: str, *, wrong: bool = False) -> None:
        text = Text(clean(words[:1000]), style=self._error_style if wrong else "", overflow="ellipsis")
        self.query_one("#will", Static).update(text, layout=False)

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

    @on(Form.Moved, "#settings")
    def _moved(self) -> None:
        self._help()

    @on(Form.Passed)
    def _passed(self, message: Form.Passed) -> None:
        """From the last choice to the first setting, and round."""
        to = self.settings if message.form is self.choices else self.choices
        self.show_pane(to)
        to.action_first() if message.forward else to.action_last()

    def show_pane(self, pane: Form) -> None:
        self.set_class(pane is self.settings, "forming")
        pane.focus()

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

    def action_seed_recipe(self) -> None:
        """The next recipe; a run that was repeated is let go of."""
        if self.draft is None or self.checked is None:
            return
        names = list(self.draft.row.recipes)
        here = names.index(self.checked.recipe) if self.checked.recipe in names else -1
        base = self.draft.base_run
        self.take(self.draft.with_choice("recipe", names[(here + 1) % len(names)]))
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

    def action_only_changed(self) -> None:
        self.only_changed, self.typing = not self.only_changed, ""
        self.show_pane(self.settings)
        self.refresh_all()

    def action_pane(self) -> None:
        self.show_pane(self.choices if self.settings.active or self.find_box.has_focus else self.settings)

    @property
    def find_box(self) -> Input:
        return self.query_one("#find", Input)

    def action_find(self) -> None:
        self.set_class(True, "forming")
        self.find_box.display = True
        self.find_box.focus()

    @on(Input.Changed, "#find")
    def _find(self, event: Input.Changed) -> None:
        self.find = event.value
        self.refresh_all()

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self.settings.focus()

    def action_found(self) -> None:
        self.settings.focus()

    async def action_leave(self) -> None:
        """Escape: out of the search, from the form to the choices where only one fits, else back."""
        if self.find_box.display:
            self.find_box.value = ""
            self.find_box.display = False
            self.settings.focus()
        elif self.has_class("forming") and not self.has_class("wide"):
            self.show_pane(self.choices)
        else:
            await self.lab.action_back()


class FindBox(Editor):
    """Where the name of a setting is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down,tab", "screen.found", show=False)]
