"""The keys of the See screen: what is chosen, marked, opened and written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import LabError
from engine.files import path_of
from labapp.cycle import after
from labapp.fit import tidy
from labapp.messages import Done
from labapp.screens.trying import BEGIN, Trying
from labapp.see.asking import ORDERS, OWN_SIDE, SPLITS
from labapp.widgets.dialogs import Ask
from labapp.widgets.pick import Pick

if TYPE_CHECKING:
    from labapp.play.asker import Asker
    from labapp.see.asking import View
    from labapp.see.replies import Pictures
    from labapp.widgets.gallery import Gallery

PICK = "="  # before the name of what can be picked: the empty answer is another one


class SeeActions(Trying):
    """The actions, for a screen that has a view and pictures."""

    view: View | None
    shown: Pictures | None
    chosen: tuple[str, str] | None
    fetch: str
    typed: str  # the path of a picture of one's own that could not be shown: to be mended
    asker: Asker
    exports = 0

    if TYPE_CHECKING:

        @property
        def gallery(self) -> Gallery: ...
        @property
        def out(self) -> Path: ...
        def look(self, view: View) -> None: ...
        def follow(self) -> None: ...
        def enlarge(self, large: bool) -> None: ...
        def say_head(self) -> None: ...
        def ask_pictures(self) -> None: ...
        def tick(self) -> None: ...

    # -- other pictures

    def action_split(self) -> None:
        if self.view is not None:
            self.look(replace(self.view, split=after(self.view.split, SPLITS)))

    def action_order(self) -> None:
        if self.view is not None:
            self.look(replace(self.view, order=after(self.view.order, tuple(ORDERS))))

    def action_refresh(self) -> None:
        """Ask once more for what is on screen."""
        if self.view is None:
            self.find_runs(BEGIN)
        else:
            self.asker.forget_known()
            self.ask_pictures()
            self.follow()

    def action_own(self) -> None:
        view = self.view
        if view is None:
            return

        def answered(fields: dict[str, str] | None) -> None:
            if fields is not None and self.view == view:
                self.typed = fields["file"]
                self.asker.ask("explain", view.explain(file_of(fields), OWN_SIDE), lane="own")
                self.tick()

        try:
            here = f"a path from {Path.cwd()}, or a whole one"
        except OSError:  # the folder is gone
            here = "a whole path"
        hint = f"{here}; ~ is your home"
        self.app.push_screen(Ask("A picture file of yours", {"file": self.typed}, hint, file_of), answered)

    # -- another heat

    def action_target(self) -> None:
        if self.view is None or self.shown is None:
            return
        view = self.view
        titles = {"": "its own class (where nobody knows it: what it is taken for)"}
        titles |= {PICK + each.name: tidy(each.name) for each in self.shown.classes}

        def picked(key: str | None) -> None:
            if key is not None and self.view == view:
                self._heat(replace(view, target=key[1:] if key else None))

        here = "" if view.target is None else PICK + view.target
        self.app.push_screen(Pick("The heat shows what speaks for", titles, here), picked)

    def action_layer(self) -> None:
        if self.view is None or self.shown is None:
            return
        view, default = self.view, self.shown.default_layer
        titles = {PICK + each: tidy(each) + (" (default)" if each == default else "") for each in self.shown.layers}

        def picked(key: str | None) -> None:
            if key is not None and self.view == view:
                self._heat(replace(view, layer=None if key[1:] == default else key[1:]))

        self.app.push_screen(Pick("The heat is taken from the layer", titles, PICK + (view.layer or default)), picked)

    def _heat(self, view: View) -> None:
        self.view = view
        self.say_head()
        self.follow()

    # -- this picture

    def action_enlarge(self) -> None:
        self.enlarge(not self.has_class("large"))

    def action_mark(self) -> None:
        self.gallery.toggle_mark()
        self.say_head()

    def action_unmark_all(self) -> None:
        self.gallery.unmark_all()
        self.say_head()

    async def action_leave(self) -> None:
        """Escape: from waiting for a picture of one's own, from the large picture to the small ones, else to where one
        came from."""
        if self.asker.waits("own"):
            self.asker.forget("own")
            self.post_message(Done("not waited for any more: the picture of yours"))
        elif self.has_class("large"):
            self.enlarge(False)
        else:
            await self.app.run_action("app.back")

    # -- files

    def action_export(self) -> None:
        """The marked ones, else the one under the cursor."""
        thumb = self.gallery.thumb
        keys = set(self.gallery.marks) or ({thumb.key} if thumb else set())
        if self.view is None or not keys:
            self.post_message(Done("no picture is here to write"))
        else:
            self._write(self.view.export(self.out, keys))

    def action_sheets(self) -> None:
        if self.view is None or self.shown is None or not self.shown.classes:
            self.post_message(Done("no class is here to write a sheet of"))
            return
        view, names = self.view, [each.name for each in self.shown.classes]
        titles = {"all": f"all {len(names)} classes"}
        if self.chosen is not None and self.chosen[0] == "class":
            titles = {"one": tidy(f"this class: {self.chosen[1]}"), **titles}
            one = [self.chosen[1]]

        def picked(key: str | None) -> None:
            if key is not None and self.view == view:
                self._write(view.sheets(self.out, one if key == "one" else names))

        self.app.push_screen(Pick("Contact sheets of", titles, "one"), picked)

    def _write(self, args: dict[str, object]) -> None:
        self.exports += 1
        self.asker.ask("gradcam", args, lane=f"gradcam {self.exports}")  # none of them replaces another
        self.tick()

    def action_copy(self) -> None:
        if self.fetch:
            self.lab.copy(self.fetch)
        else:
            self.post_message(Done("nothing was written yet: e writes pictures, E contact sheets"))

    def action_new(self) -> None:
        self.lab.action_go("new")


def file_of(fields: dict[str, str]) -> str:
    """The path that was typed, whole; whether a picture is there is found out elsewhere: disks may be slow.

    Raises LabError where it cannot be a path.
    """
    typed = fields["file"].strip()
    if not typed:
        raise LabError("this is no path", expected="the path of a picture file")
    return str(path_of(typed))
