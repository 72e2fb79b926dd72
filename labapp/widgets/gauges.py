"""Bars and traces as text: whose memory it is, a minute of load, a level. Pure; every width works, none is exceeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text

from labapp.charts.sparkline import ASCII_BARS, BARS
from labapp.output import one_line

GIB = 2**30
MINUTE = 60.0  # seconds that a trace shows
OURS, OTHERS, UNKNOWN, FREE, USED = "ours", "others", "unknown", "free", "used"
# Letters tell the parts of a bar apart where colours do not.
LETTERS = {OURS: "o", OTHERS: "x", UNKNOWN: "?", FREE: ".", USED: "="}
WORDS = {OURS: "ours", OTHERS: "others", UNKNOWN: "not known whose", FREE: "free"}

NONE = Style.null()


@dataclass(frozen=True)
class Look:
    """The styles of parts and words."""

    ours: Style = NONE
    others: Style = NONE
    unknown: Style = NONE
    free: Style = NONE
    used: Style = NONE
    strong: Style = NONE
    calm: Style = NONE
    live: Style = NONE
    trouble: Style = NONE
    ascii: bool = False

    def of(self, part: str) -> Style:
        found = getattr(self, part)
        assert isinstance(found, Style)
        return found


PLAIN = Look()


def short(text: object, width: int) -> str:
    """Foreign text, harmless, in at most so many cells."""
    words = Text(one_line(text))
    words.truncate(width, overflow="ellipsis")
    return words.plain


def fitted(text: Text, width: int) -> Text:
    """A text in exactly so many cells; a cut is shown."""
    text = text.copy()
    text.truncate(max(0, width), overflow="ellipsis" if width > 1 else "crop", pad=True)
    return text


def spread(left: Text, right: Text, width: int) -> Text:
    """One at each end; where there is no room for both, the left one is cut, then the right one goes."""
    room = width - right.cell_len - 1
    if room < min(left.cell_len, 6):
        return fitted(left, width)
    return fitted(left, room).append(" ").append_text(right)


def shares(amounts: Sequence[float], total: float, width: int) -> list[int]:
    """Cells for each amount of a total: what there is some of has a cell, as far as there is room."""
    if width <= 0 or total <= 0:
        return [0] * len(amounts)
    exact = [min(max(0.0, amount), total) / total * width for amount in amounts]
    cells = [max(1, round(each)) if each > 0 else 0 for each in exact]
    while sum(cells) > width:  # the last to lose a cell is who has only one
        cells[max(range(len(cells)), key=lambda index: (min(cells[index], 2), cells[index] - exact[index]))] -= 1
    return cells


def bar(parts: Sequence[tuple[str, float]], total: float | None, width: int, look: Look) -> Text:
    """`oooooxxx......`; a dash where the total is not known."""
    if not total:
        return fitted(Text("-", look.calm), width)
    text = Text(no_wrap=True)
    cells = shares([amount for _, amount in parts], total, width)
    for (part, _), count in zip(parts, cells, strict=True):
        text.append(LETTERS[part] * count, look.of(part))
    return text.append(LETTERS[FREE] * (max(0, width) - sum(cells)), look.free)


def trace(recent: Sequence[tuple[float, float]], width: int, ascii: bool) -> str:
    """The last minute, (seconds ago, fraction) oldest first, now at the right. Spaces where nothing was seen yet."""
    return area(recent, width, 1, ascii)[0]


def area(recent: Sequence[tuple[float, float]], width: int, height: int, ascii: bool) -> list[str]:
    """The same over several lines, the highest first."""
    seen = _by_cell(recent, max(0, width))
    return ["".join(_part_of(value, floor, height, ascii) for value in seen) for floor in range(height - 1, -1, -1)]


def _part_of(value: float | None, floor: int, height: int, ascii: bool) -> str:
    """What one line shows of a fraction that is drawn over several; nothing at all still has a foot."""
    if value is None:
        return " "
    steps = ASCII_BARS if ascii else BARS
    units = round(min(1.0, max(0.0, value)) * height * len(steps)) - floor * len(steps)
    return steps[min(units, len(steps)) - 1] if units > 0 else " " if floor else steps[0]


def _by_cell(recent: Sequence[tuple[float, float]], width: int) -> list[float | None]:
    """The highest value in each cell; a cell in which nobody looked has that of the one before."""
    seen: list[float | None] = [None] * width
    for ago, value in recent:
        place = width - 1 - int(ago / MINUTE * width)
        if 0 <= place < width:
            before = seen[place]
            seen[place] = value if before is None else max(before, value)
    last: float | None = None
    for place, found in enumerate(seen):
        last = last if found is None else found
        seen[place] = last
    return seen


def columns_of(values: Sequence[float], width: int, ascii: bool) -> str:
    """One character a value; where there are more, the highest of several."""
    count = min(len(values), max(0, width))
    groups = (values[i * len(values) // count : (i + 1) * len(values) // count] for i in range(count))
    return "".join(_part_of(max(group), 0, 1, ascii) for group in groups)


def percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{fraction:.0%}"


def gib(count: float) -> str:
    """Bytes in GiB, with three digits that matter."""
    value = count / GIB
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def beside(blocks: Sequence[Sequence[Text]], widths: Sequence[int], gap: int) -> list[Text]:
    """Blocks of lines side by side."""
    lines = []
    for number in range(max(map(len, blocks), default=0)):
        line = Text(no_wrap=True)
        for block, width in zip(blocks, widths, strict=True):
            line.append(" " * gap if line.plain else "")
            line.append_text(fitted(block[number] if number < len(block) else Text(), width))
        lines.append(line)
    return lines
