"""The lines of the list of runs: sorted, in groups, or under the studies they belong to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from labapp.live.rows import RunRow, sort_key
from labapp.live.studies import StudyRow

NEWEST_FIRST = ("created", True)  # how runs come
FLAT = "none"  # the grouping that takes studies apart too


@dataclass(frozen=True)
class Line:
    """A line of the list: a run, a study, or the head of a group."""

    row: RunRow | None = None
    head: str = ""
    study: StudyRow | None = None  # the study itself; of a run, the one it stands under
    label: str = ""  # of a run in a study: the cell it stands for
    unfolded: bool = False

    @property
    def key(self) -> str:
        if self.row is not None:
            return f"{self.study.id}/{self.row.id}" if self.study else self.row.id
        return self.study.key if self.study else f"={self.head.partition('  ')[0]}"

    @property
    def stops(self) -> bool:
        """Whether the cursor may stand on it."""
        return self.row is not None or self.study is not None


def arrange(
    rows: Sequence[RunRow], studies: Sequence[StudyRow] = (), unfolded: Collection[str] = (), *, group_by: str = "",
    sort_column: str = "created", reversed: bool = True,
) -> list[Line]:  # fmt: skip
    """A study stands where the first of its runs would stand, and these under it; a run of several under each."""
    rows = ordered(rows, sort_column, reversed)
    if group_by in ("", FLAT):
        together = studies if group_by == "" else ()
        return under_studies(rows, together, unfolded, own_order=(sort_column, reversed) == NEWEST_FIRST)
    groups: dict[str, list[RunRow]] = {}
    for row in rows:
        groups.setdefault(str(getattr(row, group_by)), []).append(row)
    lines: list[Line] = []
    for name in sorted(groups):
        count = len(groups[name])
        lines += [Line(None, f"{name}  {count} run{'s' * (count != 1)}"), *map(Line, groups[name])]
    return lines


def going_on(lines: Sequence[Line]) -> int | None:
    """The line of the first run that is being trained."""
    return next((number for number, line in enumerate(lines) if line.row and line.row.live), None)


def study_with(lines: Sequence[Line], run_id: str | None) -> int | None:
    """The line of a study with this run."""
    for number, line in enumerate(lines):
        if line.row is None and line.study and any(cell.run == run_id for cell in line.study.cells):
            return number
    return None


def ordered(rows: Sequence[RunRow], sort_column: str, reversed: bool) -> list[RunRow]:
    if (sort_column, reversed) == NEWEST_FIRST:
        return list(rows)
    with_value = [row for row in rows if sort_key(row, sort_column) is not None]
    without = [row for row in rows if sort_key(row, sort_column) is None]
    with_value.sort(key=lambda row: sort_key(row, sort_column), reverse=reversed)
    return with_value + without


def under_studies(
    rows: Sequence[RunRow], studies: Sequence[StudyRow], unfolded: Collection[str], *, own_order: bool
) -> list[Line]:
    """`own_order`: within a study its cells come as it lists them, not as the rows come."""
    if not studies:
        return [Line(row) for row in rows]
    there = {row.id: row for row in rows}
    place = {} if own_order else {row.id: number for number, row in enumerate(rows)}
    of: dict[str, list[StudyRow]] = {}
    for study in studies:
        for cell in study.cells:
            if cell.run in there:
                of.setdefault(cell.run, []).append(study)
    lines: list[Line] = []
    shown: set[str] = set()
    for row in rows:
        if row.id not in of:
            lines.append(Line(row))
        for study in of.get(row.id, ()):
            if study.id in shown:
                continue
            shown.add(study.id)
            open_ = study.id in unfolded
            lines.append(Line(study=study, unfolded=open_))
            cells = [cell for cell in study.cells if cell.run in there] if open_ else []
            if not own_order:
                cells.sort(key=lambda cell: place[cell.run])
            lines += [Line(there[cell.run], study=study, label=cell.label) for cell in cells]
    return lines
