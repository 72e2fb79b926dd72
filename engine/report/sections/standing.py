"""What is not there, or not as it should be: cells without runs, runs that failed, versions that differ."""

from __future__ import annotations

from engine.report.document import Block, Bullets, Code, Section, warning, words
from engine.report.subject import CellFacts, RunFacts, Subject

GOING_ON = frozenset({"queued", "running", "stalled", "remote", "paused"})


def standing(subject: Subject) -> Section | None:
    """None where everything has finished."""
    items = [sentence for cell in subject.cells for sentence in _of_cell(cell)]
    blocks: list[Block] = [warning(each) for each in subject.notes]
    if items:
        blocks.append(Bullets(tuple(words(each) for each in items)))
    to_do = [cell.command for cell in subject.cells if cell.command and not cell.runs]
    if to_do:
        blocks.append(Code(tuple(to_do)))
    title = "What is missing" if items or to_do else "To be kept in mind"
    return Section("missing", title, tuple(blocks)) if blocks else None


def _of_cell(cell: CellFacts) -> list[str]:
    if not cell.runs:
        return [f"{cell.label} has no run. The command below trains it."]
    return [f"{cell.label} (seed {run.seed}) {_of_run(run)}" for run in cell.runs if not run.finished]


def _of_run(run: RunFacts) -> str:
    if run.status == "failed":
        return f"failed: {run.error}." if run.error else "failed."
    if run.status in GOING_ON:
        return f"is {run.status}, after {run.epochs:.3g} epochs; its numbers are not in the means."
    return f"is {run.status}{f' ({run.detail})' if run.detail else ''}; its numbers are not in the means."
