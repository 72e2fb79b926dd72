"""All keys of the screen one came from, from the table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from labapp.actions import CHARTS, EVERYWHERE, SCREENS, WITH_CHARTS, all_actions
from labapp.widgets.bars import key_name

if TYPE_CHECKING:
    from labapp.app import LabApp

LISTS = "Arrows, page up and down, home and end move in lists."
MOUSE = "The mouse works too: click a run, a key at the foot, a screen at the top; wheel and drag in a chart."
NAMES = "The words on the right are the actions' names, for [keys] in config.toml."
FIELDS = "Text fields take every plain key: inside them actions are on ctrl and function keys, and esc leaves."
NAMED = 80  # cells from which there is room for the names of actions


class HelpScreen(ModalScreen[None]):
    """Scrolls; any of its keys closes it again."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,f1", "dismiss", show=False)]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > VerticalScroll {
        width: 108; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; background: $surface;
        border: round $primary; border-title-color: $accent;
    }
    """

    def __init__(self, where: str):
        super().__init__()
        self.where = where

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = "keys (esc closes)"
            yield Static(self.table())

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def table(self) -> Table:
        app: LabApp = self.app  # type: ignore[assignment]
        accent = app.get_css_variables()["accent"]
        built = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0), expand=True)
        built.add_column(no_wrap=True)
        built.add_column(ratio=1)
        built.add_column(no_wrap=True, justify="right")
        named = app.size.width >= NAMED
        groups = [(self.where, f"on {self.where or 'this screen'}")]
        groups += [(CHARTS, "charts")] if self.where in WITH_CHARTS else []
        groups += [(EVERYWHERE, "everywhere")]
        for where, title in groups:
            actions = [action for action in all_actions() if action.where == where]
            if not actions:
                continue
            built.add_row(Text(title, style="bold"))
            for action in actions:
                keys = app.face.keys.get(action.name, action.keys)
                names = "  ".join(key_name(key.strip()) for key in keys.split(","))
                built.add_row(
                    Text(names, style=f"bold {accent}"),
                    Text(action.help),
                    Text(action.name if named else "", style="dim"),
                )
        built.add_row(Text("screens", style="bold"))
        for screen in SCREENS:
            built.add_row(Text(screen.key, style=f"bold {accent}"), Text(f"{screen.title}: {screen.help}"))
        built.add_row()
        built.add_row("", Text(f"{LISTS} {FIELDS} {MOUSE}{f' {NAMES}' if named else ''}", style="dim"))
        return built
