"""Exit codes that depend on how runs ended."""

from __future__ import annotations

from collections.abc import Sequence

from sessions.run.runs import Run

WORK_FAILED = 1
INTERRUPTED = 130


def exit_code(runs: Sequence[Run]) -> int:
    """0 when every run ended as somebody wanted it to, 1 when one failed or was lost."""
    return WORK_FAILED if any(run.status.name in ("failed", "lost") for run in runs) else 0
