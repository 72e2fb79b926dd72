"""From a subject to a document: which sections there are, in which order, with findings and comments."""

from __future__ import annotations

from collections.abc import Mapping

from engine.report import comments as remarks
from engine.report.document import Block, Bullets, Document, Section, nice, note, paragraph, strong, words
from engine.report.sections import BUILDERS
from engine.report.sections.agreement import gaps
from engine.report.sections.making import commands, environment, hyper_parameters
from engine.report.sections.standing import standing
from engine.report.subject import Subject, beam_stats, splits_with, tally
from engine.studies.findings import COUNTS, Evidence, applicable, findings


def build(subject: Subject, *, with_findings: bool = False, comments: str = "") -> Document:
    """`comments` is the text of a person's own file."""
    wanted = subject.sections or tuple(BUILDERS)
    made = [BUILDERS[name](subject) for name in wanted if name in BUILDERS]
    made += [make(subject) for make in (hyper_parameters, environment, commands)]
    body: list[Section] = [each for each in made if each is not None]
    missing, found = standing(subject), _findings(subject) if with_findings else None
    opening: list[Section] = [each for each in (missing, found) if each is not None]
    placed, own = remarks.place([*opening, *body], remarks.read(comments))
    sections = (*placed[: len(opening)], *own, *placed[len(opening) :])
    return Document(subject.title, subject.question, _facts(subject), sections, _foot(subject))


def _facts(subject: Subject) -> tuple[tuple[str, str], ...]:
    runs = subject.runs
    finished = [run for run in runs if run.finished]
    sizes = next((run.sizes for run in finished if run.sizes), {})
    examples = " / ".join(f"{sizes[split]:,}" for split in ("train", "val", "test") if sizes.get(split))
    several = len(subject.cells) != len(runs)
    count = f"{len(subject.cells)} cell{'s' * (len(subject.cells) != 1)}, " if several or len(subject.cells) > 1 else ""
    seconds = sum(run.seconds for run in runs)
    facts = [
        ("Task", subject.task),
        ("Data", subject.data + (f" ({examples})" if examples else "")),
        (
            "Recipe",
            tally(f"{run.recipe}, version {run.recipe_version}" for run in runs if run.recipe) or subject.recipe,
        ),
        ("Runs", f"{count}{len(finished)} of {len(runs)} run{'s' * (len(runs) != 1)} finished"),
        ("Compared by", f"{nice(subject.metric)} on the test split"),
        ("Training time", _duration(seconds) if seconds else ""),
        ("Asked for in", subject.source),
    ]
    return tuple((what, value) for what, value in facts if value)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _foot(subject: Subject) -> str:
    version = tally(run.environment.get("labapp", "") for run in subject.runs)
    return f"Written by labapp; runs of labapp {version}." if version else "Written by labapp."


def _findings(subject: Subject) -> Section | None:
    evidence = evidence_of(subject)
    names = subject.findings
    if not names or names == ("axis",):  # nobody said which
        names = (*applicable(subject.comparison, beams=bool(evidence.beams)), *names)
    blocks: list[Block] = [note(COUNTS)]
    for each in findings(names, evidence):
        blocks.append(paragraph(strong(each.title)))
        blocks.append(Bullets(tuple(words(sentence) for sentence in each.sentences)))
        blocks.append(note(f"Rule: {each.rule}"))
    return Section("findings", "Findings", tuple(blocks)) if blocks[1:] else None


def evidence_of(subject: Subject) -> Evidence:
    """What the rules look at."""
    values: Mapping[str, Mapping[str, object]] = {cell.label: cell.values for cell in subject.cells}
    beams = {}
    for cell in subject.cells:
        if "test" in splits_with(cell.finished, "by_beam") and (found := beam_stats(cell.finished, "test")):
            beams[cell.label] = found
    return Evidence(subject.comparison, values, subject.agree, gaps(subject), beams)
