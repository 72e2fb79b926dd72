"""See: the pictures of a split by class, which of them a run gets right, and where it looks in one of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widgets import Static

from engine.errors import LabError
from labapp.actions import SEE
from labapp.fit import tidy
from labapp.live.rows import RunRow
from labapp.messages import Answered, Done, Example, Refused, Snapshot
from labapp.play.asker import Asker
from labapp.play.words import error_text, work_line
from labapp.screens.base import bindings_of
from labapp.screens.see_actions import SeeActions
from labapp.screens.settling import Settling
from labapp.screens.trying import BEGIN, CHOOSE, name_of
from labapp.see.asking import FOLDER, KEPT, TYPED, View
from labapp.see.replies import Explanation, Exported, Pictures, Thumb
from labapp.see.words import EMPTY, WORK, head_line, thumb_line, written
from labapp.widgets.explained import Explained
from labapp.widgets.gallery import Gallery
from labapp.widgets.table import Column, Line, Table

WIDE = 110, 34  # cells from which the large picture stands below the small ones
TICK = 0.5  # seconds between looks at what is being done
ASKING = "asking for the pictures..."
OWN = ("own", "")  # the key of the user's own pictures among those of the classes, ("class", name)


class SeeScreen(SeeActions):
    """Classes, small pictures, one of them large. What is shown follows from the answers of the inference process."""

    where = SEE
    AUTO_FOCUS = "#classes"
    operation = "explain"
    questions: ClassVar[dict[str, str]] = {CHOOSE: "Pictures as which run sees them?"}
    no_other = "no other image run has a checkpoint"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(SEE), Binding("escape", "leave", show=False)]
    DEFAULT_CSS = """
    SeeScreen {
        & > #head { height: 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #body { height: 1fr; }
        & #classes { width: 26; border-right: solid $panel; }
        & #right { width: 1fr; height: 1fr; }
        & #gallery { height: 1fr; }
        & #words { height: 1fr; padding: 1 2; display: none; }
        & #large { display: none; border-top: solid $panel; }
        & > #foot {
            height: auto; max-height: 4; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis;
        }
        &.wide #classes { width: 32; }
        &.wide #large { display: block; height: 3fr; }
        &.wide #gallery { height: 2fr; }
        &.large #classes, &.large #gallery { display: none; }
        &.large #large { display: block; height: 1fr; border-top: none; }
        &.wordy #gallery, &.wordy #large { display: none; }
        &.wordy #words { display: block; }
        &.bare #classes { display: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.view: View | None = None
        self.row: RunRow | None = None
        self.shown: Pictures | None = None  # the last that came: of a class, or the counts alone
        self.chosen: tuple[str, str] | None = None  # OWN or ("class", name); None = not known yet
        self.own: list[Thumb] = []  # the user's pictures
        self.sought = ""  # the name of a picture of the chosen class that is to be among those shown
        self.opening = ""  # and large, as soon as it is there
        self.fetch = ""  # the line for what was written last
        self.typed = ""
        self.said = Text()  # at the foot, while nothing is being done
        self.settling = Settling(self)
        self._foot = Text()

    def content(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        with Horizontal(id="body"):
            count = Column("right", 5, right=True), Column("wrong", 5, right=True)
            yield Table(Column("class", flexible=True), *count, id="classes")
            with Vertical(id="right"):
                yield Static(id="words", markup=False)
                yield Gallery(id="gallery")
                yield Explained(pixels=self.lab.pixels, id="large")
        yield Static(id="foot", markup=False)

    def on_mount(self) -> None:
        self.asker = Asker(self.lab.playground, self.post_message, TYPED, KEPT)
        self.large.can_focus = False
        if self.lab.no_pixels:
            self.post_message(Done(f"pictures are half blocks: {self.lab.no_pixels}"))
        self.say_words(Text("looking for trained networks..."), bare=True)
        self.set_interval(TICK, self.tick)

    def on_resize(self, event: Resize) -> None:
        width, height = WIDE
        self.set_class(event.size.width >= width and event.size.height >= height, "wide")
        self.call_after_refresh(self.follow)

    @property
    def table(self) -> Table:
        return self.query_one("#classes", Table)

    @property
    def gallery(self) -> Gallery:
        return self.query_one("#gallery", Gallery)

    @property
    def large(self) -> Explained:
        return self.query_one("#large", Explained)

    # -- which run

    def take_snapshot(self, snapshot: Snapshot) -> None:
        if not self.is_mounted:
            return
        if self.view is not None:
            before, self.row = self.row, snapshot.row(self.view.run) or self.row
            if before is not None and self.row is not None and before.epoch != self.row.epoch:
                self.asker.forget_known()  # it goes on: its weights are others now
            self.say_head()
        elif snapshot.complete:
            self.find_runs(BEGIN)

    @property
    def run_id(self) -> str:
        return self.view.run if self.view else ""

    def show_none(self) -> None:
        self.say_words(Text(EMPTY), bare=True)

    def show_run(self, run_id: str) -> None:
        """Show a run's pictures; split and order stay as they are, the rest was the other run's."""
        if self.run_id == run_id:
            return
        view = self.view or View(run_id)
        self.row = self.row_of(run_id)
        self.asker.forget("own", "explain")
        self.own, self.chosen, self.shown, self.fetch, self.said = [], None, None, "", Text()
        self.table.show([])
        self.enlarge(False)
        self.look(View(run_id, view.split, view.order))

    def begin_with(self, example: Example) -> None:
        """Show this picture large."""
        if self.view is not None and example.name:
            self.chosen = ("class", example.label)
            self.look(replace(self.view, split=example.split), example.name)

    def look(self, view: View, sought: str = "") -> None:
        """Show pictures of another run, split or order."""
        self.view, self.sought, self.opening = view, sought, sought
        if self.chosen == OWN:
            self.chosen = None
        self.gallery.unmark_all()
        self.gallery.show(())
        self.say_head()
        self.ask_pictures()

    # -- asking

    def ask_pictures(self) -> None:
        """Ask for the pictures of the class that is chosen; where none is, for the counts of all."""
        if self.view is None or self.chosen == OWN:
            return
        args = self.view.pictures(self.chosen[1] if self.chosen else None, self.sought or None)
        found = self.asker.known("pictures", args)
        if found is not None:
            self._calm("pictures")
            self._take_pictures(found)
        else:
            self.say_words(Text(ASKING) if self.shown is None else None, bare=True)
            self.gallery.show((), ASKING)
            self.asker.ask("pictures", args)
            self.tick()

    def follow(self) -> None:
        """Show the picture under the cursor large, where there is room for it."""
        thumb = self.gallery.thumb
        if self.view is None or not self.large.display or not self.large.side:
            return
        self._calm("explain")
        if thumb is None:
            self.large.wait_for(None)
            return
        args = self.view.explain(thumb.key, self.large.side)
        found = self.asker.known("explain", args)
        if found is not None:
            self.large.show(found)
        else:
            self.large.wait_for(thumb)
            self.settling.later("explain", lambda: self.asker.ask("explain", args))

    def _calm(self, lane: str) -> None:
        """What was asked for, or was about to be, is not wanted any more."""
        self.asker.forget(lane)
        self.settling.calm(lane)

    @property
    def busy(self) -> bool:
        """Whether what is on screen will be another in a moment."""
        return self.settling.busy or self.asker.waiting

    # -- answers

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        message.stop()
        found = self.asker.take(message)
        if isinstance(found, LabError):
            self._refuse(message.lane, found)
        elif isinstance(found, Pictures):
            self._take_pictures(found)
        elif isinstance(found, Explanation):
            if message.lane == "own":
                self._take_own(str(message.args["picture"]), found)
            else:
                self.large.show(found)
        elif isinstance(found, Exported):
            self._take_written(found)
        self.tick()

    def _refuse(self, lane: str, error: LabError) -> None:
        if lane == "pictures":
            said = error_text(error, self.app.get_css_variables()["error"])
            self.say_words(said.append("\n\nf5 asks again, a chooses another run", "not bold"), bare=self.shown is None)
        elif lane == "explain":
            self.large.refuse(error)
        else:
            self.lab.post_message(Refused(error))

    def _take_pictures(self, found: Pictures) -> None:
        """Show a class; where only the counts were asked for, ask for the first."""
        self.shown = found
        first = self.chosen is None
        if first and found.classes:
            self.chosen = ("class", found.classes[0].name)
        self._show_classes()
        self.say_head()
        if not found.classes:
            self.say_words(Text("this split has no pictures: s goes to the next"))
        elif first:
            self.ask_pictures()
        else:
            self.say_words(None)
            self.gallery.show(found.thumbs, "no picture of this class is in this split")
            self._open_sought(found)
            self.call_after_refresh(self.follow)
        self.tick()

    def _open_sought(self, found: Pictures) -> None:
        """The picture that was asked for by its name, large, once."""
        name, self.opening = self.opening, ""
        thumb = next((each for each in found.thumbs if name and each.name == name), None)
        if thumb is not None:
            self.gallery.select(thumb.key)
            self.enlarge(True)
        elif name:
            self.post_message(Done(f"{tidy(name)} is not in the {found.split} split any more"))

    def _show_classes(self) -> None:
        known = self.shown.classes if self.shown else ()
        lines = [Line((each.name, str(each.right), str(each.wrong)), key=("class", each.name)) for each in known]
        lines += [Line(("own files", "", str(len(self.own))), "mark", key=OWN)] if self.own else []
        self.table.show(lines)
        self.table.select(self.chosen)

    def _take_own(self, path: str, found: Explanation) -> None:
        """A file of the user's joins the others of theirs."""
        self.typed = ""
        self.own = [each for each in self.own if each.path != path] + [found.as_thumb(path)]
        self.chosen = OWN
        self._show_classes()
        self._show_own()
        self.gallery.select(path)
        self.enlarge(True)

    def _show_own(self) -> None:
        self._calm("pictures")
        self.say_words(None)
        self.gallery.show(self.own)
        self.call_after_refresh(self.follow)

    def _take_written(self, found: Exported) -> None:
        said, path, self.fetch = written(found)
        self.said = Text(tidy(said), no_wrap=True, overflow="ellipsis")
        if path:
            self.said.append(f"\n{tidy(path)}").append("\nY copies  ", "dim").append(tidy(self.fetch), "bold")
        if not self.is_current:  # one went on to something else meanwhile
            self.post_message(Done(f"{said}: {path}" if path else said))

    # -- what is said

    def say_words(self, words: Text | None, *, bare: bool = False) -> None:
        """Words in the place of the pictures, `bare` of the classes too; None brings the pictures back."""
        self.set_class(words is not None, "wordy")
        self.set_class(words is not None and bare, "bare")
        self.query_one("#words", Static).update(words or "")

    def say_head(self) -> None:
        if self.view is not None:
            layer = self.shown.default_layer if self.shown else ""
            told = head_line(name_of(self.row, self.run_id), self.view, layer, len(self.gallery.marks))
            self.query_one("#head", Static).update(told, layout=False)

    def tick(self) -> None:
        """Say what is being done, as far as it takes long enough for a word."""
        doing = self.lab.playground.doing
        thumb = self.gallery.thumb
        said = self.said or (thumb_line(thumb) if thumb and not self.large.display else Text())
        if doing is not None:
            said = Text(work_line(doing, WORK), no_wrap=True, overflow="ellipsis")
        foot = self.query_one("#foot", Static)
        if said != self._foot:
            self._foot = said
            foot.update(said)

    # -- what happens

    @on(Table.Moved)
    def _class_moved(self, message: Table.Moved) -> None:
        message.stop()
        line = self.table.line  # it may have moved on since
        key = line.key if line else None
        if key is None or key == self.chosen or self.chosen is None:
            return
        self.chosen, self.sought = key, ""
        self.gallery.show((), ASKING)
        if key == OWN:
            self._show_own()
        else:
            self.settling.later("pictures", self.ask_pictures)

    @on(Table.Opened)
    def _class_opened(self, message: Table.Opened) -> None:
        message.stop()
        self.gallery.focus()

    @on(Gallery.Moved)
    def _picture_moved(self, message: Gallery.Moved) -> None:
        message.stop()
        self.said = Text()  # it has been read
        self.follow()
        self.tick()

    @on(Gallery.Opened)
    def _picture_opened(self, message: Gallery.Opened) -> None:
        message.stop()
        self.enlarge(True)

    @on(Explained.Stepped)
    def _stepped(self, message: Explained.Stepped) -> None:
        message.stop()
        self.gallery.move_to(self.gallery.cursor + message.by)

    def enlarge(self, large: bool) -> None:
        """The large picture alone, or the others again."""
        if large == self.has_class("large") or (large and self.gallery.thumb is None):
            return
        self.set_class(large, "large")
        self.large.can_focus = large
        (self.large if large else self.gallery).focus()
        self.call_after_refresh(self.follow)

    @property
    def out(self) -> Path:
        """Where pictures of this run are written to."""
        return self.lab.home.runs / self.run_id / FOLDER
