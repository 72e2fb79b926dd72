"""What the numbered screens share: bars, bindings from the table of actions, acting on runs without blocking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine.errors import LabError
from labapp.actions import CHARTS, actions_of, all_actions
from labapp.live.rows import RunRow
from labapp.messages import Done, Refused, Snapshot
from labapp.output import clean
from labapp.widgets.bars import KeyBar, TopBar
from labapp.widgets.dialogs import Ask, Confirm
from sessions.run.status import ALIVE, RESUMABLE, UNDECIDED

if TYPE_CHECKING:
    from labapp.app import LabApp

MOST_NAMED = 6  # runs named in a question
OBEYS = {
    "stop": ALIVE | {"paused"},
    "pause": ALIVE,
    "resume": RESUMABLE | {"remote"},
}  # the statuses in which a run does


def bindings_of(where: str) -> list[BindingType]:
    """The bindings of a screen; their ids are the actions' names, so that a user's keymap finds them."""
    return [
        Binding(action.keys, action.name, action.help, id=action.name, show=action.footer)
        for action in actions_of(where)
    ]


def chart_bindings() -> list[BindingType]:
    """The keys of the charts, for a screen that has some."""
    return [
        Binding(action.keys, f"chart('{action.name}')", action.help, id=action.name, show=False)
        for action in all_actions()
        if action.where == CHARTS
    ]


class LabScreen(Screen[None]):
    """One screen with its bars."""

    where: ClassVar[str] = ""
    AUTO_FOCUS = ""

    @property
    def lab(self) -> LabApp:
        from labapp.app import LabApp

        assert isinstance(self.app, LabApp)
        return self.app

    def compose(self) -> ComposeResult:
        yield TopBar(self.where)
        yield from self.content()
        yield KeyBar(self.where, dict(self.lab.face.keys))

    def content(self) -> ComposeResult:
        """What stands between the bars."""
        raise NotImplementedError

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Something about some run is different now. Called for the screen on top, and when it comes back."""

    def arrive(self) -> None:
        """Somebody chose this screen: the keyboard goes where it is wanted."""

    def on_screen_resume(self) -> None:
        self.lab.watcher.watch(self.watched())
        self.take_snapshot(self.lab.snapshot)
        self.show_machine_line()

    def show_machine_line(self) -> None:
        for bar in self.query(TopBar):
            bar.machine = self.lab.machine_line

    def watched(self) -> frozenset[str]:
        """The runs whose curves this screen shows."""
        return frozenset()

    def action_chart(self, name: str) -> None:
        """A chart's key acts on the chart that has the focus, else on the first."""
        charts = [chart for chart in self.query("Chart") if chart.region]
        focused = [chart for chart in charts if chart.has_focus]
        for chart in (focused or charts)[:1]:
            getattr(chart, f"action_{name}")()

    def on_chart_file_wanted(self, message: Any) -> None:
        """A chart's points as a file, in a thread; where it is and how to fetch it is said."""

        def work() -> None:
            from labapp.charts.points import said, write_points

            self.app.post_message(Done(said(write_points(self.lab.home, message.title, message.curves)), lasting=True))

        self.lab.in_thread(work)

    # -- acting on runs: which ones is the screen's affair

    def meant(self) -> list[RunRow]:
        """The runs that keys would act on now."""
        return []

    def targets(self) -> list[RunRow]:
        """The runs that a key acts on; where there are none for a reason, it is said."""
        return self.meant()

    def say_keys(self) -> None:
        """The bar below leaves out the keys that none of these runs would obey: there is room for others."""
        statuses = {row.status for row in self.meant()}
        for bar in self.query(KeyBar):
            bar.leave_out({name for name, fitting in OBEYS.items() if not statuses & fitting})

    def act(
        self, verb: str, action: Callable[[Any, Any], object], *, question: str = "", hint: str = "",
        rows: Sequence[RunRow] | None = None,
    ) -> None:  # fmt: skip
        """Do something to the targets (or these) in a thread; asks first when there is a question."""
        rows = self.targets() if rows is None else rows
        if not rows:
            self.post_message(Done("no run is here to act on"))
            return
        if not question:
            self._carry_out(verb, action, rows)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._carry_out(verb, action, rows)

        self.app.push_screen(Confirm(question.format(named(rows)), details(rows), hint), answered)

    def _carry_out(self, verb: str, action: Callable[[Any, Any], object], rows: Sequence[RunRow]) -> None:
        self.lab.in_thread(lambda: self._each(verb, action, rows))

    def _each(self, verb: str, action: Callable[[Any, Any], object], rows: Sequence[RunRow]) -> None:
        """In a thread: one that refuses does not keep the others from it."""
        store, done = self.lab.new_store(), []
        refused: list[LabError] = []
        for row in rows:
            try:
                action(store, store.read(row.id))
                done.append(row)
            except LabError as error:
                refused.append(error)
        if refused:
            self.app.post_message(Refused(refused[0] if len(refused) == 1 else together(refused, len(rows))))
        if done:
            self.app.post_message(Done(f"{verb} {named(done)}"))
        self.lab.watcher.look()

    def action_stop(self) -> None:
        from sessions import control

        self.act("stopping", lambda store, run: control.stop(run))

    def action_pause(self) -> None:
        from sessions import control

        self.act("pausing", lambda store, run: control.pause(run))

    def action_resume(self) -> None:
        from sessions import control

        stale = [row for row in self.targets() if row.status == "remote"]
        self.act(
            "resuming",
            lambda store, run: control.resume(store, run, take_over=bool(stale)),
            question="Take over {} from another host?" if stale else "",
            hint="Only when that host is gone: two workers on one run would spoil it." if stale else "",
        )

    def action_kill(self) -> None:
        from sessions import control

        rows = self.targets()
        alive = [row for row in rows if row.status in UNDECIDED]
        if rows and not alive:
            self.post_message(Done(f"nothing to kill: {named(rows)} {'is' if len(rows) == 1 else 'are'} over"))
            return
        hint = "It can be resumed from its last checkpoint. S stops it gently instead."
        self.act("killed", lambda store, run: control.kill(run), question="Kill {} now?", hint=hint, rows=alive)

    def action_delete(self) -> None:
        from sessions import control

        hint = "labapp restore brings it back until labapp clean."
        self.act("in the trash:", control.delete, question="Move {} to the trash?", hint=hint)

    def action_label(self) -> None:
        rows = self.targets()
        if not rows:
            return
        row = rows[0]

        def answered(fields: dict[str, str] | None) -> None:
            if fields is not None:
                self._carry_out("labelled", labelling(fields, row), [row])

        self.app.push_screen(
            Ask(f"Label {row.id}", fields_of(row), "tags are words with spaces between", checked), answered
        )

    def action_copy(self) -> None:
        rows = self.targets()
        if rows:
            self.lab.copy(" ".join(row.id for row in rows))


def labelling(fields: dict[str, str], row: RunRow) -> Callable[[Any, Any], object]:
    from sessions import control

    before = fields_of(row)
    changed = {name: value for name, value in fields.items() if value != before[name]}  # what was only shown stays
    tags = set(fields["tags"].split()) if "tags" in changed else set(row.tags)

    def action(store: Any, run: Any) -> object:
        return control.label(
            store, run, name=changed.get("name"), add=tags - set(row.tags), drop=set(row.tags) - tags,
            note=changed.get("note"),
        )  # fmt: skip

    return action


def fields_of(row: RunRow) -> dict[str, str]:
    """What can be labelled, as it is shown: on one line, without what would act on a terminal."""
    return {"name": row.name, "tags": " ".join(row.tags), "note": row.note}


def together(refused: Sequence[LabError], of: int) -> LabError:
    """Many refusals as one: what they say that is different, once."""
    reasons = list(dict.fromkeys(error.title.split(" is ", 1)[-1] for error in refused))
    hint = "labapp runs lists what each of them does"
    return LabError(f"{len(refused)} of {of} runs cannot do this", got=", ".join(reasons[:MOST_NAMED]), hint=hint)


def checked(fields: dict[str, str]) -> None:
    """Refuse a name or a tag that cannot be one."""
    from sessions.run.store import check_spelling, check_tags

    check_spelling(fields["name"])
    check_tags(fields["tags"].split())


def named(rows: Sequence[RunRow]) -> str:
    """The runs as a sentence names them."""
    if len(rows) == 1:
        return clean(rows[0].name or rows[0].id)
    return f"{len(rows)} runs"


def details(rows: Sequence[RunRow]) -> list[str]:
    lines = [f"{row.id}  {row.label}  {row.status}" for row in rows[:MOST_NAMED]]
    return lines + ([f"and {len(rows) - MOST_NAMED} more"] if len(rows) > MOST_NAMED else [])
