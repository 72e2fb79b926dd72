"""Keys that step through choices: the next one, round and round."""

from __future__ import annotations

from collections.abc import Sequence


def after(name: str, names: Sequence[str]) -> str:
    """The one that follows this; the first where it is none of them."""
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
