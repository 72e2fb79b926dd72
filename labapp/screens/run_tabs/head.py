"""The lines above the tabs: which run, how it goes, what it waits for, what was noted."""

from __future__ import annotations

import math

from rich.text import Text

from labapp.live.rows import LIVE, TROUBLE, ago, quantity
from labapp.output import duration, number
from labapp.screens.run_tabs.pane import Seen, lines
from sessions.run.records import number_of, table_of
from sessions.run.status import waiting_ticket

BAR, SHORT_BAR = 20, 8  # cells of the progress bar
WIDE = 100  # cells from which there is room for the longer one
GONE = "This run is not there any more: another program deleted or moved it. esc goes back."


def head(seen: Seen, now: float, width: int, colours: dict[str, str], *, ascii: bool = False) -> Text:
    """Two lines, and a third where there is a note or a problem."""
    row = seen.row
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f" {row.name or row.id}", "bold")
    if row.name:
        text.append(f"  {row.id}", "dim")
    text.append(f"  {row.target} on {row.data}, recipe {row.recipe}")
    for tag in row.tags:
        text.append(f"  #{tag}", colours["secondary"])
    text.append("\n ")
    if seen.gone:
        return text.append(GONE, f"bold {colours['error']}")
    style = colours["accent"] if row.status in LIVE else colours["error"] if row.status in TROUBLE else ""
    text.append(row.status, f"bold {style}")
    parts = [part for part in (seen.status.detail, *waits(seen)) if part]
    if parts and row.status != "failed":
        text.append(f" {lines(', '.join(parts))}")
    if row.epochs:
        share = min(max(row.epoch / row.epochs, 0.0), 1.0)
        done, left = bar(share, BAR if width >= WIDE else SHORT_BAR, ascii=ascii)
        text.append("  ").append(done, style).append(left, "dim")
        text.append(f" {math.floor(row.epoch + 1e-9)}/{row.epochs}")
    for part in facts(seen, now):
        text.append(f"  {part}")
    if note := last_line(seen):
        text.append("\n ").append(*note)
    return text


def facts(seen: Seen, now: float) -> list[str]:
    """The numbers, the most telling first: a narrow terminal cuts the last."""
    row, found = seen.row, []
    if row.left is not None:
        found.append(f"{duration(row.left)} left")
    if row.best is not None:
        epoch = number_of(table_of(seen.record.result, "best"), "epoch")
        at = f" at epoch {epoch:g}" if epoch else ""
        found.append(f"best val {row.monitor} {number(row.best)}{at}")
    if row.status in LIVE:
        found += [f"{quantity(row.speed)}/s"] if row.speed is not None else []
    elif row.seconds:
        found.append(f"trained {duration(row.seconds)}")
    if row.gpu:
        found.append(f"on {row.gpu}")
    if row.status in LIVE and row.saved:
        found.append(f"saved {ago(now - row.saved)}")
    return found


def waits(seen: Seen) -> list[str]:
    """What a queued run waits for, besides what its status says."""
    ticket = waiting_ticket(seen.record)
    if ticket is None:
        return []
    where = {"auto": "", "cpu": "for the CPU"}.get(ticket.gpu, f"for gpu {ticket.gpu}")
    return [where, f"could not be started: {ticket.trouble}" if ticket.trouble else ""]


def last_line(seen: Seen) -> tuple[str, str] | None:
    """The first problem with its files, else the note."""
    if seen.problems:
        more = f" (and {len(seen.problems) - 1} more)" if len(seen.problems) > 1 else ""
        return f"! {seen.problems[0]}{more}", "bold"
    return (seen.row.note, "italic dim") if seen.row.note else None


def bar(share: float, width: int, *, ascii: bool = False) -> tuple[str, str]:
    """A bar's full and empty part."""
    done = round(share * width)
    return ("#" if ascii else "━") * done, ("-" if ascii else "─") * (width - done)
