"""The GPUs in as many lines as there are: a row each, two lines each, or a card each with its processes. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text

from labapp.output import one_line
from labapp.widgets.gauges import (
    OTHERS,
    OURS,
    UNKNOWN,
    Look,
    area,
    bar,
    beside,
    fitted,
    gib,
    percent,
    short,
    spread,
    trace,
)
from sessions.machine.cards import HOT, POWER_CAP, Card
from sessions.machine.sampler import place_of

GAP = 3  # cells between cards side by side
NARROW, WIDE = 46, 76  # cells that a card, and a row, should have
TALLEST_TRACE = 4  # lines
MOST_OWNERS = 5  # lines of processes on a card
TRACE = 10  # cells of a trace in a row
LEAST_TAIL = 6  # cells for whose it is, below which nothing is said of it
LONGEST_USER = 16  # cells of a user's name
NOTABLE = 0.02  # share of the memory that is worth a word when nobody knows whose it is


@dataclass(frozen=True)
class Owner:
    """Who is on a GPU, in words."""

    part: str
    name: str
    memory: int | None
    more: str = ""


@dataclass(frozen=True)
class Layout:
    columns: int
    lines: int  # of each
    owners: int = 0  # lines of processes among them
    trace: int = 0  # lines of its load among them


def layout(count: int, width: int, height: int, owners: int = 1) -> Layout:
    """The most that can be shown of so many GPUs; what does not fit even as rows has to scroll.

    `owners` is how many processes the busiest has.
    """
    columns = _columns(count, width, NARROW)
    rows = math.ceil(count / columns)
    for shown in range(min(MOST_OWNERS, max(1, owners)), 0, -1):
        for trace_lines in range(TALLEST_TRACE, 0, -1):
            if rows * (3 + trace_lines + shown) - 1 <= height:
                return Layout(columns, 2 + trace_lines + shown, shown, trace_lines)
    columns = _columns(count, width, WIDE)
    return Layout(columns, 2 if math.ceil(count / columns) * 2 <= height else 1)


def _columns(count: int, width: int, narrowest: int) -> int:
    """As many as fit, and then no more than the rows they need leave no gap for."""
    most = max(1, min(count, (width + GAP) // (narrowest + GAP)))
    return math.ceil(count / math.ceil(count / most)) if count else 1


def gpu_lines(
    cards: Sequence[Card], width: int, height: int, look: Look, *,
    runs: Mapping[str, Sequence[str]] | None = None, names: Mapping[str, str] | None = None,
) -> list[Text]:  # fmt: skip
    """All cards within a width. `runs` are those the queue has put on each UUID, `names` how runs are called."""
    if not cards:
        return []
    everybody = [owners(card, (runs or {}).get(card.uuid, ()), names or {}) for card in cards]
    plan = layout(len(cards), width, height, max(map(len, everybody)))
    each = max(1, (width - GAP * (plan.columns - 1)) // plan.columns)
    if plan.owners:
        blocks = [_card(card, who, plan, each, look) for card, who in zip(cards, everybody, strict=True)]
    else:
        blocks = _rows(cards, everybody, plan.lines, each, look)
    lines: list[Text] = []
    for begin in range(0, len(blocks), plan.columns):
        if lines and plan.owners:
            lines.append(Text())
        row = blocks[begin : begin + plan.columns]
        lines += beside(row, [each] * len(row), GAP)
    return lines


def owners(card: Card, placed: Sequence[str], names: Mapping[str, str]) -> list[Owner]:
    """Ours first, then the others by name; what nobody knows last."""
    found, seen = [], set()
    for tenant in card.tenants:
        if tenant.ours:
            seen.add(tenant.run_id)
            name = names.get(tenant.run_id, tenant.run_id) or "playground"
            found.append(Owner(OURS, one_line(name), tenant.memory))
    # Where processes cannot be told apart, as in a container, the queue still knows what it put here.
    found += [Owner(OURS, one_line(names.get(run_id, run_id)), None) for run_id in placed if run_id not in seen]
    for tenant in card.tenants:
        if tenant.known and not tenant.ours:
            found.append(
                Owner(
                    OTHERS, short(tenant.user, LONGEST_USER), tenant.memory, f"{tenant.pid} {one_line(tenant.command)}"
                )
            )
    strangers = sum(not tenant.known for tenant in card.tenants)
    if strangers:
        found.append(Owner(UNKNOWN, f"{strangers} process{'es' * (strangers > 1)}, not known whose", card.unclaimed))
    elif card.memory_total and card.unclaimed > NOTABLE * card.memory_total:
        found.append(Owner(UNKNOWN, "not known whose", card.unclaimed))
    return found


def _card(card: Card, who: Sequence[Owner], plan: Layout, width: int, look: Look) -> list[Text]:
    lines = [spread(_title(card, look), _readings(card, look), width)]
    used = f" {_memory(card)}"
    lines.append(bar(_parts(card), card.memory_total, max(0, width - len(used)), look).append(used))
    said = f" {percent(card.utilisation):>4} 1 min"
    room = max(0, width - len(said))
    for number, line in enumerate(area(card.recent, room, plan.trace, look.ascii), 1):
        words = said if number == plan.trace else ""
        lines.append(fitted(Text(no_wrap=True).append(line, look.live).append(words), width))
    return lines + _owner_lines(who, plan.owners, width, look)


def _rows(
    cards: Sequence[Card], everybody: Sequence[Sequence[Owner]], lines: int, width: int, look: Look
) -> list[list[Text]]:
    """A row each, with a second line for whose it is if there are two."""
    tails = [_tail(card, () if lines > 1 else who, look) for card, who in zip(cards, everybody, strict=True)]
    size = columns(cards, tails, width)
    blocks = [[_row(card, tail, size, look)] for card, tail in zip(cards, tails, strict=True)]
    for block, who in zip(blocks, everybody, strict=True):
        if lines > 1:
            whose = _owners_in_a_line(who, look) if who else Text("nobody", look.calm)
            block.append(fitted(Text(" " * size.head).append_text(whose), width))
    return blocks


def _owner_lines(who: Sequence[Owner], most: int, width: int, look: Look) -> list[Text]:
    if not who:
        return [fitted(Text("nobody", look.calm), width)]
    shown = who if len(who) <= most else who[: most - 1]
    lines = []
    for owner in shown:
        text = Text(no_wrap=True).append(f"{_letter(owner)} ", look.of(owner.part)).append(f" {owner.name}")
        text.append("" if owner.memory is None else f" {gib(owner.memory)} GiB").append(f"  {owner.more}", look.calm)
        lines.append(fitted(text, width))
    if len(shown) < len(who):
        lines.append(fitted(Text("and ").append_text(_owners_in_a_line(who[most - 1 :], look)), width))
    return lines


def _owners_in_a_line(who: Sequence[Owner], look: Look) -> Text:
    text = Text(no_wrap=True)
    for owner in who:
        text.append("  " if text.plain else "").append(_letter(owner), look.of(owner.part)).append(f" {owner.name}")
        text.append("" if owner.memory is None else f" {gib(owner.memory)}")
    return text


def _letter(owner: Owner) -> str:
    return {OURS: "o", OTHERS: "x"}.get(owner.part, "?")


@dataclass(frozen=True)
class Columns:
    """How wide each part of a row is, the same in all rows; 0 where there is no room for it."""

    head: int
    bar: int
    load: int
    memory: int
    minute: int
    heat: int
    power: int
    tail: int


def columns(cards: Sequence[Card], tails: Sequence[Text], width: int) -> Columns:
    """What fits: first the bar and the load, then memory, trace, heat, power, then whose it is."""
    head = min(width, max(len(place_of(card)) for card in cards) + 1)
    least = max(0, min(width - head, max(4, min(24, width // 4))))
    room = width - head - least
    found: list[int] = []
    for wanted in (5, max(len(_memory(card)) for card in cards) + 2, TRACE + 2, 6, 7):
        found.append(wanted if wanted <= room and (not found or found[-1]) else 0)
        room -= found[-1]
    tail = min(room, max((text.cell_len for text in tails), default=0) + 2)
    tail = tail if tail >= LEAST_TAIL else 0
    load, memory, minute, heat, power = found
    return Columns(head, least + room - tail, load, memory, minute, heat, power, tail)


def _row(card: Card, tail: Text, size: Columns, look: Look) -> Text:
    """`0 ooooxxx.....  98%  71/140 GiB  ____---  64 C  512 W  o bn-1a  x ana`"""
    text = fitted(Text(no_wrap=True).append(place_of(card), look.strong), size.head)
    text.append_text(bar(_parts(card), card.memory_total, size.bar, look))
    hot = look.trouble if card.slowed == HOT else look.calm
    for words, width, style in (
        (percent(card.utilisation), size.load, ""),
        (_memory(card), size.memory, ""),
        (trace(card.recent, TRACE, look.ascii), size.minute, look.live),
        (_heat(card), size.heat, hot),
        (_power(card, limit=False), size.power, look.calm),
    ):
        text.append_text(Text(f"{words:>{width}}" if width else "", style))
    return text.append_text(fitted(Text("  ").append_text(tail), size.tail)) if size.tail else text


def _tail(card: Card, who: Sequence[Owner], look: Look) -> Text:
    text = _owners_in_a_line(who, look)
    for words in (card.slowed, "" if card.visible else "hidden"):
        text.append("  " if text.plain and words else "").append(words, look.calm)
    return text


def _parts(card: Card) -> list[tuple[str, float]]:
    return [(OURS, card.ours), (OTHERS, card.others), (UNKNOWN, card.unclaimed)]


def _title(card: Card, look: Look) -> Text:
    text = Text(no_wrap=True).append(f"{place_of(card)} {one_line(card.name).removeprefix('NVIDIA ')}", look.strong)
    return text if card.visible else text.append("  hidden by CUDA_VISIBLE_DEVICES", look.calm)


def _readings(card: Card, look: Look) -> Text:
    text = Text(no_wrap=True)
    if card.slowed:
        text.append(f"{card.slowed}  ", look.trouble if card.slowed != POWER_CAP else look.calm)
    elif card.idle and card.memory_total:
        text.append("idle  ", look.calm)
    return text.append(f"{_heat(card)}  {_power(card, limit=True)}")


def _memory(card: Card) -> str:
    if not card.memory_total:
        return "-"
    return f"{gib(card.memory_used or 0)}/{gib(card.memory_total)} GiB"


def _heat(card: Card) -> str:
    hot = "!" if card.slowed == HOT else ""
    return "- C" if card.temperature is None else f"{card.temperature} C{hot}"


def _power(card: Card, *, limit: bool) -> str:
    power = "-" if card.power is None else f"{card.power:.0f}"
    return f"{power}/{card.power_limit:.0f} W" if limit and card.power_limit else f"{power} W"


def unknown_words(cards: Sequence[Card]) -> str:
    """What NVML does not tell, and its words for it, each once."""
    said: dict[str, dict[str, None]] = {}
    for card in cards:
        for reading, problem in card.unknown.items():
            name = f"gpu {card.index}" if reading == "uuid" else reading
            said.setdefault(problem, {})[name] = None
    return "; ".join(f"{', '.join(names)}: {one_line(problem)}" for problem, names in said.items())
