"""A draft on the screen: choices on the left, its settings on the right, help for one of them, what will happen.

Draws whatever draft it holds and moves between the panes; what a draft becomes is decided in `labapp.screens.new`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widgets import Input, Static

from labapp.messages import LookedAt
from labapp.output import clean
from labapp.screens.base import LabScreen
from labapp.screens.scouts import Scouts
from labapp.screens.settling import Settling
from labapp.widgets.form import Editor, Form

if TYPE_CHECKING:  # they import pydantic: only in a thread, when the screen is first shown
    from labapp.form.checking import Checked
    from labapp.form.drafts import Draft
    from labapp.form.surroundings import Around, Look

WIDE = 120  # columns from which choices and form stand side by side
PATH = 0.25  # seconds without a key before a path is looked at
TALL = 32  # lines from which there is room for the command below the choices


class DraftScreen(LabScreen):
    """Two forms, the help of one field, and the foot."""

    DEFAULT_CSS = """
    DraftScreen #panes { height: 1fr; }
    DraftScreen #what { width: 1fr; }
    DraftScreen #right { width: 1fr; height: 1fr; display: none; }
    DraftScreen #find { display: none; }
    DraftScreen #help { height: 2; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
    DraftScreen #will { height: 2; padding: 0 1; background: $panel; }
    DraftScreen #command { height: 7; padding: 0 1; color: $text-muted; display: none; }
    DraftScreen.forming #what { display: none; }
    DraftScreen.forming #right { display: block; }
    DraftScreen.wide #what { display: block; width: 2fr; }
    DraftScreen.wide.tall #command { display: block; }
    DraftScreen.wide #right { display: block; width: 3fr; border-left: solid $panel; }
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
        self.settling = Settling(self)
        self.scouts = Scouts(self)

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

    # -- the path of the data

    def look_soon(self) -> None:
        """Look at a path that is not the one known; it may be typed further."""
        draft = self.draft
        if draft is None or draft.data or not draft.source or (self.look is not None and is_of(self.look, draft)):
            self.settling.calm("look")
        else:
            self.settling.later("look", self.look_again, PATH)

    def look_again(self) -> None:
        """Look at the path as it is now, even where it is known: the folder may have changed meanwhile."""
        draft = self.draft
        if draft is not None and not draft.data and draft.source:
            self.scouts.at(draft)

    def on_looked_at(self, message: LookedAt) -> None:
        if self.draft is not None and is_of(message.look, self.draft):
            self.look = message.look
            self.refresh_all()

    # -- what it shows

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

    # -- between the panes

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


def is_of(look: Look, draft: Draft) -> bool:
    """Whether a look was at the path of this draft."""
    return (look.task, look.source) == (draft.task, draft.source)


class FindBox(Editor):
    """Where the name of a setting is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down,tab", "screen.found", show=False)]
