"""What the Compare screen says: of what is compared, of one row, and when there is nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from labapp.compare.figures import about
from labapp.compare.gathering import Gathered
from labapp.compare.lines import Wanted
from labapp.fit import tidy
from labapp.output import duration

if TYPE_CHECKING:
    from engine.studies.comparison import Row

NOTHING = "a chooses something else: the runs that are marked in Runs, or a study that was launched here."
EMPTY = f"""Nothing is compared yet.

Mark runs in Runs (1, then space on each) and press v there: they stand here side by side, with what the reports of
others state for the same variants.

Or launch a study, a group of runs over variants, settings and seeds:

    labapp study                  lists those there are
    labapp study norms --seeds 3  launches one

{NOTHING}"""
MOST_NAMED = 6  # runs of a row


def head_line(found: Gathered, wanted: Wanted, differing: bool, left_out: int) -> Text:
    """What is compared and how."""
    comparison = found.comparison
    assert comparison is not None
    text = Text(f" {tidy(comparison.title)}", style="bold", no_wrap=True, overflow="ellipsis")
    what = "the settings that differ" if differing else f"{wanted.split} split"
    order = "worst first" if wanted.worst_first else "best first"
    order = {"name": "by name", "seconds": "by time"}.get(wanted.sort, f"by {wanted.sort}, {order}")
    parts = [what, order]
    if left_out and not differing:
        parts.append(f"{left_out} column{'s' * (left_out != 1)} more (s, m)")
    return text.append("  " + "  ".join(parts), "not bold")


def about_row(row: Row, split: str, metric: str) -> list[str]:
    """A row in words: its runs, and where the numbers beside it stand."""
    seeds = sorted({each.seed for each in row.measured})
    parts = [f"{row.task}/{row.variant} on {row.data}" if row.data else f"{row.task}/{row.variant}"]
    parts += [f"seed{'s' * (len(seeds) != 1)} {', '.join(map(str, seeds[:MOST_NAMED]))}"] if seeds else []
    parts += [f"trained {duration(row.seconds.mean)}" + " each" * (len(row.measured) > 1)] if row.seconds.values else []
    parts += [
        " ".join(row.runs[:MOST_NAMED]) + (f" and {len(row.runs) - MOST_NAMED} more" * (len(row.runs) > MOST_NAMED))
    ]
    return ["; ".join(parts), *(line for report in row.reported for line in about(row, report, split, metric))]
