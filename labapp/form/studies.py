"""What the Study screen holds before it is launched, as lines of its form and a sentence. Imports pydantic."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.errors import LabError, UsageError
from engine.studies.cells import cells_of
from engine.studies.definition import Study
from labapp.form.checking import Checked
from labapp.form.drafts import PATH, Draft, shown
from labapp.form.estimates import CPU, GPU, estimate
from labapp.form.lines import OWN_FOLDER, gpu_note, long, place_of, setting_lines, start_of
from labapp.form.surroundings import Around
from labapp.output import clean
from labapp.widgets.lines import Line
from sessions.study.launching import Planned

MOST_SEEDS = 100
ACTIONS = {"there": "there already", "goes on": "go on", "resume": "to resume", "train": "to train"}


@dataclass(frozen=True)
class StudyDraft:
    """A study with what was chosen and typed over it."""

    name: str  # by which it is chosen
    study: Study  # as it is defined
    draft: Draft  # its settings, data, recipe and GPU
    seeds: str = ""  # "3", or "1,2,5"; "" = those it has, else one
    only: str = ""  # variants or cells; "" = all

    def wanted(self) -> Study:
        """The study that would be launched. Raises a LabError where something is wrong."""
        data = self.draft.source
        idle = self.study.idle(self.draft.variant)
        kept = {key: value for key, value in self.study.settings.items() if key in idle}  # of other variants
        typed = {key: value for key, value in self.draft.asked().values.items() if key not in self.axes | idle}
        settings = {**kept, **typed}
        named = self.draft.row.default_dataset if self.study.data is None else self.study.data
        return self.study.changed(
            recipe=self.draft.recipe, settings=settings, data=self.study.data if data == named else data
        )

    @property
    def axes(self) -> frozenset[str]:
        return frozenset(axis.setting for axis in self.study.axes)

    def cells(self) -> list[str]:
        return cells_named(self.only, self.study)


def study_draft(name: str, study: Study) -> StudyDraft:
    """A study as it is defined; its form is that of the variant with the most settings."""
    row = study.row
    variant = min(study.variants, key=lambda each: len(study.idle(each)))
    idle = study.idle(variant)
    data = study.data or row.default_dataset
    path = "" if data in row.datasets else data
    overrides = {key: shown(value) for key, value in study.settings.items() if key not in idle}
    draft = Draft(study.task, variant, PATH if path else data, path, study.recipe, overrides=overrides)
    return StudyDraft(name, study, draft)


def seeds_in(text: str) -> list[int]:
    """`3` is 1, 2 and 3; `1,5` these two."""
    try:
        given = [int(part) for part in text.split(",")]
    except ValueError:
        given = []
    count = min((given or [0])[0], MOST_SEEDS + 1)  # a count may be any number
    found = sorted(set(given)) if "," in text else list(range(1, count + 1))
    if not given or not found or len(found) > MOST_SEEDS or not all(0 <= seed <= 2**31 for seed in found):
        raise UsageError("these are no seeds", got=text, expected=f"a count up to {MOST_SEEDS}, or seeds such as 1,2,5")
    return found


def cells_named(only: str | None, study: Study) -> list[str]:
    """Variants, or labels of cells (in which commas may stand)."""
    known = {each.label for each in cells_of(study)} | set(study.variants)
    if not only or not only.strip() or only.strip() in known:
        return [only.strip()] if only and only.strip() else []
    names = [each.strip() for each in only.split(",")]
    for each in names:
        if each not in known:
            raise UsageError("the study has no such cell", got=each, expected=", ".join(sorted(known)))
    return names


# -- what the screen shows


def study_lines(chosen: StudyDraft, checked: Checked, around: Around, studies: Mapping[str, Study]) -> list[Line]:
    """The left column: which study, on what, how, how often."""
    draft, row = chosen.draft, chosen.draft.row
    wrong = {key: clean(reason) for key, reason in checked.wrong.items()}
    wrong |= wrong_with(chosen)

    def choice(key: str, value: str, titles: Mapping[str, str], note: str = "", label: str = "") -> Line:
        return Line(key, label or key, "choice", value, tuple(titles), dict(titles), clean(note), wrong.get(key, ""))

    def text(key: str, value: str, note: str, hint: str, wide: bool = False) -> Line:
        return Line(key, key, "text", value, note=note, wrong=wrong.get(key, ""), hint=hint, wide=wide)

    names = {name: clean(name) for name in studies}
    data = {name: name for name in row.datasets} | ({PATH: OWN_FOLDER} if row.path_dataset else {})
    lines = [
        Line("", "Study", note="a group of runs"),
        choice("study", chosen.name, names, chosen.study.title),
        choice("data", draft.data, data, row.datasets[draft.data].title if draft.data else "", "dataset"),
    ]
    if draft.data == PATH:
        lines.append(text("path", draft.path, "", "/path/to/a/folder", wide=True))
    gpus = {"auto": "auto", "cpu": "cpu"} | {each.uuid if each.parent else str(each.index): f"gpu {each.label}"
                                             for each in around.gpus}  # fmt: skip
    recipes = {name: name for name in row.recipes}
    return [
        *lines,
        choice("recipe", checked.recipe, recipes, "as the assignment says" if checked.recipe == "seed" else ""),
        choice("gpu", draft.gpu, gpus, gpu_note(draft.gpu, around)),
        text("seeds", chosen.seeds, "3, or 1,2,5: every cell with each", "1"),
        text("only", chosen.only, "variants or cells, with commas", "all"),
    ]


def wrong_with(chosen: StudyDraft) -> dict[str, str]:
    found = {}
    for key, look in (("seeds", lambda: chosen.seeds.strip() and seeds_in(chosen.seeds)), ("only", chosen.cells)):
        try:
            look()
        except LabError as error:
            found[key] = clean(f"{error.title}: {error.expected}")
    return found


def own_lines(chosen: StudyDraft, checked: Checked, find: str, only_changed: bool, keep: str) -> list[Line]:
    """The settings of all its runs: without the seed, and without those that differ from cell to cell."""
    lines = setting_lines(checked, find, only_changed, keep)
    kept = [line for line in lines if line.key not in chosen.axes | {"seed"}]
    return [
        line for place, line in enumerate(kept) if line.key or any(each.key for each in kept[place + 1 : place + 2])
    ]


def about_study(
    chosen: StudyDraft, planned: Sequence[Planned] | None, width: int, room: int
) -> tuple[list[str], list[str]]:
    """What it asks; then who asks for it, and its cells with what is there of them. `room` lines in all."""
    study = chosen.study
    question = textwrap.wrap(clean(study.question or study.title or study.name), max(20, width))
    said = [f"({study.source})"] if study.source else []
    said += [f"{axis.setting}: {', '.join(map(shown, axis.values))}" for axis in study.axes]
    said += [f"{variant}: {', '.join(f'{key}={shown(value)}' for key, value in own.items())}"
             for variant, own in study.own.items()]  # fmt: skip
    cells: dict[str, Counter[str]] = {cell.label: Counter() for cell in cells_of(study)}
    for each in planned or ():
        cells.setdefault(each.cell.label, Counter())[each.action] += 1
    longest = max((len(label) for label in cells), default=0)
    lines = [f"{label:<{longest}}  {counted(counts)}" for label, counts in cells.items()]
    left = max(1, room - len(question) - len(said))
    if len(lines) > left:
        lines = [*lines[: left - 1], f"and {len(lines) - left + 1} more cells"]
    return question, [clean(line) for line in (*said, *lines)]


def counted(counts: Counter[str]) -> str:
    """`5 there already, 16 to train`."""
    return ", ".join(f"{counts[name]} {words}" for name, words in ACTIONS.items() if counts[name])


def study_sentence(chosen: StudyDraft, checked: Checked, around: Around, planned: Sequence[Planned]) -> str:
    """`7 cells x 3 seeds: 5 there already, 16 to train, about 2 h, starts after 1 queued run`."""
    cells, seeds = {each.cell.label for each in planned}, {each.seed for each in planned}
    head = f"{len(cells)} cell{'s' * (len(cells) != 1)}" + (f" x {len(seeds)} seeds" if len(seeds) > 1 else "")
    counts = Counter(each.action for each in planned)
    parts = [counted(counts)]
    if counts["train"] or counts["resume"]:
        where = place_of(checked, around)
        parts += [f"{time_of(planned, around, chosen.draft.gpu)} {where}".strip(), start_of(checked, around)]
    elif counts["goes on"]:
        parts.append("nothing new to train")
    else:
        parts.append("nothing to train: F5 shows it")
    return clean(f"{head}: " + ", ".join(parts))


def time_of(planned: Sequence[Planned], around: Around, gpu: str) -> str:
    """What is left to train, from earlier runs like it."""
    place = CPU if gpu == "cpu" or not around.gpus else GPU
    total, rough, unknown = 0.0, False, 0
    for each in planned:
        if each.action not in ("train", "resume"):
            continue
        config = each.config
        found = estimate(config.task, config.variant, config.data, config.settings, around.past, place)
        done = min(1.0, each.run.epoch / each.run.epochs) if each.run is not None and each.run.epochs else 0.0
        if found.seconds is None:
            unknown += 1
        else:
            total, rough = total + found.seconds * (1 - done), rough or found.rough
    if not total:
        return "time not known before the first runs like these"
    more = f" and {unknown} of unknown length" if unknown else ""
    return f"{'very roughly' if rough else 'about'} {long(total)}{more}"


def with_choice(chosen: StudyDraft, key: str, text: str, studies: Mapping[str, Study]) -> StudyDraft:
    """One of the choices made. Another study begins anew, with the same seeds and GPU."""
    if key == "study":
        fresh = study_draft(text, studies[text])
        return replace(fresh, seeds=chosen.seeds, draft=replace(fresh.draft, gpu=chosen.draft.gpu))
    if key in ("seeds", "only"):
        return replace(chosen, **{key: text})  # type: ignore[arg-type]
    return replace(chosen, draft=chosen.draft.with_choice(key, text))
