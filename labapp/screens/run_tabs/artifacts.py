"""The Artifacts tab: results of jobs, what the run made, its checkpoints, its other files, and how to fetch them."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from labapp.fit import tidy
from labapp.output import size, when
from labapp.screens.run_tabs.files import Found, Listing, best_step, listing_of, scp_line
from labapp.screens.run_tabs.pane import Pane, Seen
from labapp.widgets.table import Column, Line, Table

GROUPS = {"jobs": "what was queued", "artifacts": "artifacts", "checkpoints": "checkpoints", "files": "other files"}


class ArtifactsPane(Pane):
    """A list; below it the selected file's path and the line that copies it to another machine."""

    DEFAULT_CSS: ClassVar[str] = """
    ArtifactsPane {
        & > #job { height: auto; max-height: 40%; padding: 0 1; border-top: solid $panel; }
        & > #fetch { height: 3; padding: 0 1; background: $surface; }
    }
    """

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self.listing = Listing()

    def compose(self) -> ComposeResult:
        size, changed, about = Column("size", 9, right=True), Column("changed", 14), Column("", most=26)
        yield Table(Column("file", flexible=True), size, changed, about, id="files")
        with VerticalScroll(id="job"):
            yield Static(id="job-words", markup=False)
        yield Static(id="fetch", markup=False)

    def on_mount(self) -> None:
        self.query_one("#job").display = False

    def arrive(self) -> None:
        self.query_one(Table).focus()

    def take(self, seen: Seen) -> None:
        first = self.seen is None
        super().take(seen)
        if first:
            self.look()

    def look(self) -> None:
        if self.seen is not None:
            path, best = self.seen.path, best_step(self.seen.record.result)
            self.read_on(lambda: listing_of(path, best), self._show)

    def _show(self, listing: Listing) -> None:
        if listing == self.listing:
            return
        self.listing = listing
        found = []
        for group, title in GROUPS.items():
            members = [each for each in listing.found if each.group == group]
            if members:
                taken = sum(each.size for each in members)
                found.append(Line((f"{title}  {len(members)}, {size(taken)}",), "head"))
                found += [self._line(each) for each in members]
        self.query_one(Table).show(found)
        self._say()

    def _line(self, found: Found) -> Line:
        kind = "trouble" if found.group == "jobs" and " failed" in found.about else ""
        return Line((f"  {found.name}", size(found.size), when(found.changed)[5:], found.about), kind, key=found.path)

    @property
    def selected(self) -> Found | None:
        line = self.query_one(Table).line
        return next((each for each in self.listing.found if line is not None and each.path == line.key), None)

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._say()

    def _say(self) -> None:
        found, text = self.selected, Text(overflow="ellipsis", no_wrap=True)
        total = f"{size(self.listing.total)} in all"
        if self.listing.left_out:
            total += f", {self.listing.left_out:,} files more than are listed"
        if found is None:
            text.append(total)
        else:
            text.append(tidy(str(found.path)))
            text.append(f"\n{tidy(scp_line(found))}", "bold").append(f"\nY copies it   {total}", "dim")
        self.query_one("#fetch", Static).update(text)
        words = found.words if found else ()
        self.query_one("#job").display = bool(words)
        self.query_one("#job-words", Static).update(Text("\n".join(tidy(word) for word in words)))

    def to_copy(self) -> str:
        """The line for the clipboard; nothing when no file is selected."""
        return scp_line(self.selected) if self.selected else ""
