"""Styles of a widget's parts as they look on its background: rich knows no transparency and no automatic contrast."""

from __future__ import annotations

from rich.style import Style
from textual.color import Color
from textual.widget import Widget


class Parts(Widget):
    """A widget that paints its own lines; `part` is the style of one of its component classes."""

    _parts: dict[str, Style] | None = None

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._parts = None

    @property
    def behind(self) -> Color:
        """The background it stands on."""
        return self.background_colors[1]

    def part(self, name: str) -> Style:
        """What the component class says, and nothing that it does not say."""
        if self._parts is None:
            self._parts = {}
        if name not in self._parts:
            styles, back = self.get_component_styles(name), self.behind
            style = Style() + styles.text_style
            if styles.has_rule("background") and styles.background.a:
                back = back + styles.background
                style += Style(bgcolor=back.rich_color)
            if styles.has_rule("color") or styles.has_rule("auto_color"):
                color = back.get_contrast_text(styles.color.a) if styles.auto_color else styles.color
                style += Style(color=(back + color).rich_color)
            self._parts[name] = style
        return self._parts[name]
