"""The Textual application: wiring of screens, the watching thread, themes, keys and the ways it can end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel
from textual.screen import Screen

from engine.catalogue import load
from engine.errors import LabError
from labapp.actions import EVERYWHERE, SCREENS, actions_of, actions_of_charts
from labapp.cycle import after
from labapp.face import Face
from labapp.live.rows import RunRow
from labapp.live.sampling import MachineWatch
from labapp.live.watch import LOOK_EVERY, Watcher
from labapp.messages import (
    CurvesGrew,
    Done,
    Example,
    FillFrom,
    MachineSampled,
    QueueChanged,
    Refused,
    RunEnded,
    RunsChanged,
    Snapshot,
    UseRun,
)
from labapp.output import clean
from labapp.state import FaceState
from labapp.themes import THEMES
from labapp.timers import never_skip_the_only_tick
from sessions.home import Home
from sessions.playground import Playground
from sessions.run.store import Store

if TYPE_CHECKING:
    from sessions.machine.sampler import Machine

SAY_AGAIN = 30.0  # seconds before the same fault is said again
LATE = 15.0  # seconds without a look at the runs
SLOW_LOOK = 2.0  # seconds between looks on a slow line
COPY_FILE = "copied.txt"


def _bindings() -> list[BindingType]:
    keys: list[BindingType] = [
        Binding(action.keys, action.name, action.help, id=action.name, show=False) for action in actions_of(EVERYWHERE)
    ]
    return keys + [Binding(screen.key, f"go('{screen.name}')", screen.help, show=False) for screen in SCREENS]


def _screen(reference: str) -> Screen[None]:
    """A screen is imported when it is first gone to."""
    screen: Screen[None] = load(reference)()
    return screen


def load_screens() -> None:
    """Import every screen while nobody waits: an upgrade on disk must not meet an app that is half loaded."""
    for reference in (
        *(screen.load for screen in SCREENS),
        "labapp.screens.run:RunScreen",
        "labapp.screens.help:HelpScreen",
        "labapp.screens.study:StudyScreen",
    ):
        load(reference)


class LabApp(App[None], inherit_bindings=False):
    """labapp in a terminal."""

    TITLE = "labapp"
    CSS_PATH = "style.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = _bindings()
    MODES: ClassVar[dict[str, Any]] = {screen.name: partial(_screen, screen.load) for screen in SCREENS}
    DEFAULT_MODE = "runs"

    def __init__(
        self, home: Home, face: Face | None = None, *, ascii: bool = False, pixels: bool = False, no_pixels: str = ""
    ):
        never_skip_the_only_tick()
        super().__init__()
        self.home = home
        self.face = face or Face()
        self.ascii = ascii
        self.pixels, self.no_pixels = pixels, no_pixels  # whether the terminal shows pictures in its own; why not
        self.snapshot = Snapshot()
        self.state = FaceState.read(home)
        self.away_since = self.state.seen
        every = SLOW_LOOK if self.face.low_bandwidth else LOOK_EVERY
        self.watcher = Watcher(Store(home), self.post_message, every)
        self.machine_watch = MachineWatch(home, self.post_message, slow=self.face.low_bandwidth)
        self.playground = Playground(home)
        self.machine: Machine | None = None
        self.marked: tuple[str, ...] = ()  # runs, in the list of all
        self.to_compare: tuple[str, ...] = ()  # runs that were asked for, until the screen for it takes them
        self.study_to_compare = ""  # the same of a study
        self.machine_line: tuple[str, ...] = ()  # the machine in a line, the longest form first
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.face.theme or self.state.theme or THEMES[0].name
        if self.face.low_bandwidth:
            self.animation_level = "none"
        self.set_class(ascii, "ascii")
        self.loop: asyncio.AbstractEventLoop | None = None  # while it runs: signal handlers must wake it
        self._faults: dict[str, float] = {}  # what was said of them when
        self.insist: Callable[[int], None] = lambda code: None  # ends the process, should leaving take too long

    def on_mount(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.set_keymap(dict(self.face.keys))
        self.watcher.start()
        self.machine_watch.start()
        self.set_timer(1.0, lambda: self.in_thread(load_screens))
        self.set_interval(LATE / 3, self._say_age)
        self.set_interval(60.0, lambda: self.in_thread(self.remember))

    def on_unmount(self) -> None:
        self.playground.close()

    # -- what the watcher says

    def on_runs_changed(self, message: RunsChanged) -> None:
        first, self.snapshot = not self.snapshot.complete, message.snapshot
        for screen in self.lab_screens():
            screen.take_snapshot(self.snapshot)
        if first and self.snapshot.complete:
            self._greet()

    def on_curves_grew(self, message: CurvesGrew) -> None:
        for screen in self.lab_screens():
            if hasattr(screen, "take_curves"):
                screen.take_curves(message.histories)

    def on_machine_sampled(self, message: MachineSampled) -> None:
        from sessions.machine.sampler import summaries

        self.machine = message.machine
        self.machine_line = tuple(map(clean, summaries(message.machine)))
        for screen in self.lab_screens():
            screen.show_machine_line()
            if hasattr(screen, "take_machine"):
                screen.take_machine(message.machine)

    def _say_age(self) -> None:
        """When the runs have not been looked at for long, what is shown may not be so any more."""
        age = time.monotonic() - self.watcher.looked
        if age > LATE:
            self.machine_line = (f"as of {age:.0f} s ago: the home does not answer", f"{age:.0f} s ago")
            for screen in self.lab_screens():
                screen.show_machine_line()

    def on_queue_changed(self, message: QueueChanged) -> None:
        for screen in self.lab_screens():
            if hasattr(screen, "take_queue"):
                screen.take_queue(message.overview, message.problem)

    def lab_screens(self) -> list[Any]:
        """The screens of this mode that show runs, the one on top included."""
        if not self.is_running:  # ending: the screens have lost their widgets already
            return []
        return [screen for screen in self.screen_stack if hasattr(screen, "take_snapshot")]

    def on_run_ended(self, message: RunEnded) -> None:
        row = message.row
        severity: SeverityLevel = "information" if row.status in ("finished", "stopped") else "error"
        words = f"{row.label}: {row.status}" + (f" ({row.detail or row.error})" if row.detail or row.error else "")
        self.notify(clean(words), severity=severity, markup=False)
        if self.face.bell:
            self.bell()

    def _greet(self) -> None:
        """What ended while nobody looked."""
        if sentence := self.state.away(self.snapshot.rows, self.away_since).sentence():
            for screen in self.lab_screens():
                if hasattr(screen, "take_away"):
                    screen.take_away(sentence)
        self.in_thread(self.remember)

    def remember(self) -> None:
        """That everything on screen has been seen; tried again in a minute when it cannot be written."""
        if self.snapshot.complete:
            self.state.seen, self.state.theme = time.time(), self.theme
            with contextlib.suppress(LabError):
                self.state.write(self.home)

    # -- what was asked for

    def on_done(self, message: Done) -> None:
        self.notify(clean_lines(message.words), markup=False, timeout=20 if message.lasting else 3)

    def on_refused(self, message: Refused) -> None:
        error = message.error
        lines = [f"{label}: {value}" for label, value in (("got", error.got), ("do", error.hint)) if value]
        self.notify(
            clean_lines("\n".join(lines)) or " ", title=clean(error.title), severity="error", markup=False, timeout=10
        )

    def in_thread(self, work: Callable[[], object]) -> None:
        """Do something that may take a while, or wait for a lock, off the event loop. Errors become messages."""

        def guarded() -> None:
            try:
                work()
            except LabError as error:
                self.post_message(Refused(error))
            except Exception as error:
                self.fault(error)

        self.run_worker(guarded, thread=True, exit_on_error=False)

    def fault(self, error: Exception, title: str = "this failed unexpectedly") -> None:
        """A fault of ours is said, and is not the end of the app. From any thread; the same one only now and then."""
        got, now = f"{type(error).__name__}: {error}", time.monotonic()
        if now - self._faults.get(got, -SAY_AGAIN) >= SAY_AGAIN:
            self._faults[got] = now
            self.post_message(Refused(LabError(title, got=got)))

    def new_store(self) -> Store:
        """A store for one thread."""
        return Store(self.home)

    def copy(self, text: str) -> None:
        """To the terminal's clipboard where it takes it, and to a file that `cat` shows where it does not."""
        self.copy_to_clipboard(text)

        def keep() -> None:
            path = self.home.root / COPY_FILE
            where = ""
            with contextlib.suppress(OSError):
                path.write_text(text + "\n", encoding="utf-8")
                where = f"  (also in {path})"
            self.post_message(Done(f"copied: {text}{where}"))

        self.in_thread(keep)

    # -- actions of every screen

    def action_go(self, mode: str) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()
        from labapp.screens.base import LabScreen

        self.switch_mode(mode)
        if isinstance(self.screen, LabScreen):
            self.screen.arrive()

    def action_help(self) -> None:
        from labapp.screens.help import HelpScreen

        self.push_screen(HelpScreen(getattr(self.screen, "where", "")))

    def action_palette(self) -> None:
        self.action_command_palette()

    def action_theme(self) -> None:
        names = [theme.name for theme in THEMES]
        self.theme = after(self.theme, names)
        self.notify(f"theme: {self.theme}", timeout=2)

    async def action_back(self) -> None:
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self.current_mode != "runs":
            self.switch_mode("runs")

    async def action_quit(self) -> None:
        self.leave()

    def leave(self, code: int = 0) -> None:
        """End the app; no run is touched."""
        self.insist(code)
        self.remember()
        self.watcher.stop()
        self.machine_watch.stop()
        self.exit(return_code=code)

    def on_welcome_sample_wanted(self) -> None:
        self.launch_sample()

    def launch_sample(self) -> None:
        """The first run of a new home."""
        self.notify("starting a run on the sample...", timeout=3)

        def work() -> None:
            from labapp.form.launching import launch_sample

            launch_sample(self.new_store())
            self.watcher.look()

        self.in_thread(work)

    def new_from(self, run_id: str) -> None:
        """The form, filled with a run's settings."""
        self.action_go("new")
        self.screen.post_message(FillFrom(run_id))

    def compare(self, run_ids: Iterable[str]) -> None:
        """These runs side by side."""
        self.to_compare = tuple(run_ids)
        self.action_go("compare")

    def compare_study(self, study_id: str) -> None:
        """The cells of a study side by side."""
        self.study_to_compare = study_id
        self.action_go("compare")

    def new_study(self, study_id: str = "") -> None:
        """The screen that launches a study; filled with one that was launched here, if there is an id."""
        from labapp.screens.study import StudyScreen

        if not isinstance(self.screen, StudyScreen):
            self.push_screen(StudyScreen(study_id))

    def try_out(self, row: RunRow, example: Example | None = None) -> None:
        """To the screen that uses runs of this kind, and of an example; says why not, where that cannot be."""

        def work() -> None:
            from labapp.play.runs import screen_for

            self.post_message(UseRun(row.id, screen_for(self.home, row).name, example))

        self.in_thread(work)

    def on_use_run(self, message: UseRun) -> None:
        self.action_go(message.screen)
        self.screen.post_message(UseRun(message.run_id, message.screen, message.example))

    def open_run(self, run_id: str) -> None:
        from labapp.screens.run import RunScreen

        self.push_screen(RunScreen(run_id))

    def get_system_commands(self, screen: Screen[Any]) -> Any:
        """The palette: screens, then every action of the screen one is on, then the themes."""
        for row in SCREENS:
            yield SystemCommand(f"go to {row.title}", row.help, lambda name=row.name: self.action_go(name))
        for action in (*actions_of(getattr(screen, "where", "")), *actions_of(EVERYWHERE)):
            owner = self if action.where == EVERYWHERE else screen
            if hasattr(owner, f"action_{action.name}") and action.name != "palette":
                yield SystemCommand(action.label, action.help, getattr(owner, f"action_{action.name}"))
        if screen.query("Chart"):
            for action in actions_of_charts():
                yield SystemCommand(action.label, action.help, partial(screen.action_chart, action.name))  # type: ignore[attr-defined]
        for theme in THEMES:
            yield SystemCommand(f"theme {theme.name}", "", lambda name=theme.name: setattr(self, "theme", name))


def clean_lines(text: str) -> str:
    return "\n".join(clean(line) for line in text.split("\n"))
