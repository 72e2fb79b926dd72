"""The Config tab: every setting with the recipe's value where it differs, and where all of it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from engine.values import shown
from labapp.output import when
from labapp.screens.run_tabs.origin import Told, told_of
from labapp.screens.run_tabs.pane import Pane, Seen, lines
from labapp.widgets.table import Column, Line, Table
from sessions.run.records import Record, number_of, table_of, text_of

WIDE = 110  # cells from which the help stands beside every setting


class ConfigPane(Pane):
    """A list, and below it all that is known of the selected line."""

    DEFAULT_CSS: ClassVar[str] = """
    ConfigPane > #about { height: 3; padding: 0 1; background: $surface; }
    """

    def __init__(self, *, id: str | None = None):
        super().__init__(id=id)
        self.told: Told | None = None

    def compose(self) -> ComposeResult:
        yield Table(id="settings")
        yield Static(id="about", markup=False)

    def arrive(self) -> None:
        self.query_one(Table).focus()

    def take(self, seen: Seen) -> None:
        before = self.seen
        super().take(seen)
        if before is None or before.record.config != seen.record.config:
            config = seen.record.config or {}
            self.fetch(lambda: told_of(config), self._take_told)
        if before is None or before.record is not seen.record:
            self._show()

    def _take_told(self, told: Told) -> None:
        self.told = told
        self._show()

    def _show(self) -> None:
        if self.seen is None:
            return
        told, wide = self.told or Told(), self.size.width >= WIDE
        columns = [Column("setting"), Column("value", most=30), Column("recipe", most=30, flexible=not wide)]
        columns += [Column("", flexible=True)] if wide else []
        found = setting_lines(self.seen.record, told, told.brief if wide else {})
        self.query_one(Table).show([*found, *provenance_lines(self.seen.record)], columns)
        self._say(self.query_one(Table).line)

    def on_resize(self) -> None:
        self._show()

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._say(event.table.line)

    def _say(self, line: Line | None) -> None:
        text, help = Text(), (self.told or Told()).help
        if line is not None and line.cells:
            name, value = line.cells[0].lstrip("* "), line.cells[1] if len(line.cells) > 1 else line.cells[0]
            text.append(lines(f"{name} = {value}" if line.key in help else value), "bold")
            if line.key in help:
                text.append("\n" + lines(help[str(line.key)]))
        self.query_one("#about", Static).update(text)


def setting_lines(record: Record, told: Told, help: Mapping[str, str]) -> list[Line]:
    """What differs from the recipe first, then what is as it says."""

    def line(key: str, mark: str, recipe: str, kind: str = "") -> Line:
        return Line((f"{mark} {key}", show(settings[key]), recipe, help.get(key, "")), kind, key)

    settings = table_of(record.config, "settings")
    recipe = text_of(record.config, "recipe", "?")
    if not settings:
        return [Line(("the settings cannot be read: config.toml is missing or damaged",), "head")]
    differ = [key for key in settings if key in told.changed]
    found = []
    if differ:
        found.append(Line((f"differs from the recipe {recipe} as it is now",), "head"))
        found += [line(key, "*", told.recipe_value(key), "mark") for key in differ]
    if told.problem:
        found.append(Line((f"settings; what the recipe {recipe} says now is not known:",), "head"))
        found.append(Line((told.problem,), "head"))
    else:
        title = f"as the recipe {recipe} says" if differ else f"all as the recipe {recipe} says"
        found.append(Line((title if told.read else "settings",), "head"))
    found += [line(key, " ", "") for key in settings if key not in differ]
    return found


def provenance_lines(record: Record) -> list[Line]:
    """Where this run came from and what it ran on."""
    meta, config = record.meta, record.config
    diff = text_of(meta, "git_diff")
    changes = f", with changes ({diff.count(chr(10)) + 1} lines of diff in meta.json)" if diff else ", without changes"
    commit = text_of(meta, "git_commit")
    facts = [
        ("target", f"{text_of(config, 'task', '?')}/{text_of(config, 'variant', '?')}"),
        ("data", text_of(config, "data", "?")),
        ("recipe", f"{text_of(config, 'recipe', '?')}, version {shown((config or {}).get('recipe_version', '?'))}"),
        ("seed", show((meta or {}).get("seed", "?"))),
        ("created", f"{when(number_of(meta, 'created'))} on {text_of(meta, 'host', '?')}"),
        ("labapp", text_of(meta, "labapp", "?")),
        ("git commit", commit + changes if commit else "not from a checkout"),
        ("data fingerprint", text_of(meta, "fingerprint") or "not known before the data was read"),
        ("identity", text_of(meta, "identity") or "not known before the data was read"),
    ]
    found = [Line(("provenance",), "head")]
    found += [Line((f"  {label}", value), key=f"meta {label}") for label, value in facts]
    attempts = (meta or {}).get("attempts")
    for raw in attempts if isinstance(attempts, list) else []:
        if isinstance(raw, dict):
            found += attempt_lines(raw)
    if record.meta is None:
        found.append(Line(("  meta.json is missing or damaged", "where the run came from is not known"), "trouble"))
    return found


def attempt_lines(raw: dict[str, Any]) -> list[Line]:
    attempt = f"attempt {int(number_of(raw, 'attempt', 1))}"
    device = " ".join(text for text in (text_of(raw, "device"), text_of(raw, "device_name")) if text)
    facts = [
        ("started", f"{when(number_of(raw, 'started'))} on {text_of(raw, 'host', '?')}"),
        ("device", f"{device or '?'}, {show(raw.get('precision', '?'))}, {show(raw.get('threads', '?'))} threads"),
        ("versions", f"python {text_of(raw, 'python', '?')}  " + versions(raw)),
    ]
    found = [Line((f"  {label}", value), key=f"{attempt} {label}") for label, value in facts]
    return [Line((attempt,), "head"), *found]


def versions(raw: dict[str, Any]) -> str:
    return "  ".join(f"{name} {show(version)}" for name, version in table_of(raw, "versions").items())


def show(value: Any) -> str:
    return shown(value) if value != "" else '""'
