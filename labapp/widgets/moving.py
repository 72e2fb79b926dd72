"""The keys that move a cursor in a list: bindings, so that they and the actions are done in the order of typing."""

from __future__ import annotations

from textual.binding import Binding, BindingType

MOVING: list[BindingType] = [
    Binding("up", "step(-1)", show=False),
    Binding("down", "step(1)", show=False),
    Binding("pageup", "page(-1)", show=False),
    Binding("pagedown", "page(1)", show=False),
    Binding("home", "first", show=False),
    Binding("end", "last", show=False),
]
