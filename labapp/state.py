"""What the app remembers of itself between starts: columns, order, theme, and when somebody last looked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.files import write_json
from labapp.live.rows import BY_NAME, DEFAULT_COLUMNS, GROUPS, RunRow
from labapp.messages import Away
from labapp.themes import THEMES
from sessions.home import Home
from sessions.run.records import number_of

STATE_FILE = "face.json"
MOST_UNFOLDED = 100  # studies remembered


@dataclass
class FaceState:
    """$LABAPP_HOME/face.json. Whatever stands in it, the app starts; several apps write the last one's."""

    seen: float = 0.0  # Unix time; 0 = never
    theme: str = ""
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    sort: str = "created"
    reverse: bool = True
    group: str = ""
    unfolded: tuple[str, ...] = ()  # ids of studies, the one unfolded last at the end

    @classmethod
    def read(cls, home: Home) -> FaceState:
        try:
            raw = json.loads((home.root / STATE_FILE).read_text())
        except (OSError, ValueError, RecursionError):
            return cls()
        return cls.from_raw(raw) if isinstance(raw, dict) else cls()

    @classmethod
    def from_raw(cls, raw: dict[str, Any]) -> FaceState:
        """Only what can be used of it."""
        state = cls()
        state.seen = number_of(raw, "seen")
        columns = raw.get("columns")
        if isinstance(columns, list):
            state.columns = (
                tuple(name for name in columns if isinstance(name, str) and name in BY_NAME) or state.columns
            )
        if isinstance(raw.get("sort"), str) and raw["sort"] in BY_NAME:
            state.sort = raw["sort"]
        if raw.get("group") in GROUPS:
            state.group = raw["group"]
        unfolded = raw.get("unfolded")
        if isinstance(unfolded, list):
            state.unfolded = tuple(name for name in unfolded if isinstance(name, str))[-MOST_UNFOLDED:]
        if isinstance(raw.get("reverse"), bool):
            state.reverse = raw["reverse"]
        if isinstance(raw.get("theme"), str) and raw["theme"] in {theme.name for theme in THEMES}:
            state.theme = raw["theme"]
        return state

    def write(self, home: Home) -> None:
        home.ensure()
        write_json(
            home.root / STATE_FILE,
            {**asdict(self), "columns": list(self.columns), "unfolded": list(self.unfolded)},
            durable=False,
        )

    def away(self, rows: Sequence[RunRow], since: float) -> Away:
        """What ended after somebody last looked."""
        ended = [row for row in rows if since and row.ended > since]
        names = ("finished", "failed", "lost", "stopped")
        return Away(**{name: sum(row.status == name for row in ended) for name in names})
