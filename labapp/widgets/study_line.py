"""A study in one line: how far it is and when it ends, as much of it as there is room for."""

from __future__ import annotations

from rich.cells import cell_len

from labapp.fit import fit
from labapp.live.studies import StudyRow, about

BAR = 10  # cells
TITLE = 22  # cells of the title before what stands behind it is shortened


def study_words(study: StudyRow, width: int, *, unfolded: bool, ascii: bool = False) -> tuple[str, str]:
    """Title and state, `width` cells together."""
    glyph = ("-" if unfolded else "+") if ascii else ("▾" if unfolded else "▸")
    title = f"{glyph} {study.title}"
    least = min(cell_len(title), TITLE)
    state = next((each for each in states(study, ascii) if cell_len(each) + 2 + least <= width), "")
    if not state:
        short = f"{study.done}/{study.total}"
        state = short if cell_len(short) + 4 <= width else ""
    left = max(0, width - cell_len(state))
    return fit(title, left - 1, ascii=ascii) + " " if left else "", state


def states(study: StudyRow, ascii: bool) -> list[str]:
    """What is said behind the title, the longest form first."""
    done = f"{study.done}/{study.total} done"
    soon = f"~{about(study.ends_in)}" if study.ends_in is not None else study.end
    bar = progress_bar(study.fraction, ascii) if study.status in ("running", "queued") else ""
    forms = [
        (bar, done, study.words, study.end),
        (done, study.words, study.end),
        (done, study.words, soon),
        (done, soon) if study.status == "running" else (done, study.words),
        (done,),
    ]
    return ["  ".join(filter(None, form)) for form in forms]


def progress_bar(fraction: float, ascii: bool) -> str:
    full = min(BAR, int(fraction * BAR + 1e-9))
    return ("#" * full + "." * (BAR - full)) if ascii else ("━" * full + "╌" * (BAR - full))
