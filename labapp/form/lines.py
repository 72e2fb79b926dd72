"""The New screen in words: a checked draft as lines of its two forms, help for one field, and the sentence at the foot.

Pure: what is shown depends on nothing but what was checked.
"""

from __future__ import annotations

import shlex

from engine.config import settings_class
from labapp.form.checking import DEFAULT, FORM, Checked, gpu_id
from labapp.form.drafts import PATH, Field
from labapp.form.estimates import CPU, GPU, Estimate, estimate
from labapp.form.launching import words as split
from labapp.form.surroundings import Around, prospect
from labapp.output import clean, size
from labapp.widgets.lines import Line

OWN_FOLDER = "a folder of your own"


def choice_lines(checked: Checked, around: Around, tasks: dict[str, str]) -> list[Line]:
    """The left column: what to train, on what, how, where, under which name."""
    draft, row = checked.draft, checked.draft.row
    wrong = {key: clean(reason) for key, reason in checked.wrong.items()}

    def text(key: str, value: str, note: str = "", hint: str = "", wide: bool = False) -> Line:
        return Line(key, key, "text", value, note=note, wrong=wrong.get(key, ""), hint=hint, wide=wide)

    def choice(key: str, value: str, titles: dict[str, str], note: str = "", label: str = "") -> Line:
        choices = tuple(titles)
        return Line(key, label or key, "choice", value, choices, titles, clean(note), wrong.get(key, ""))

    data = {name: name for name in row.datasets} | ({PATH: OWN_FOLDER} if row.path_dataset else {})
    data_note = row.datasets[draft.data].title if draft.data else row.path_dataset.title if row.path_dataset else ""
    lines = [
        Line("", "What", note="task, variant, data"),
        choice("task", draft.task, dict(zip(tasks, tasks, strict=True)), tasks.get(draft.task, "")),
        choice("variant", draft.variant, _same(row.variants), row.variants[draft.variant].title),
        choice("data", draft.data, data, data_note, "dataset"),
    ]
    if draft.data == PATH:
        lines.append(text("path", draft.path, "", "/path/to/a/folder", wide=True))
    gpus = {"auto": "auto", "cpu": "cpu"} | {gpu_id(gpu): f"gpu {gpu.label}" for gpu in around.gpus}
    lines += [
        Line("", "How", note=f"again, as run {clean(draft.base_run)}" if draft.base else "recipe, place, repeats"),
        choice("recipe", checked.recipe, _same(row.recipes), _recipe_note(checked)),
        choice("gpu", draft.gpu, gpus, gpu_note(draft.gpu, around)),
        text("seeds", draft.seeds, _seeds_note(checked), "as the form says"),
        text("after", draft.after, "runs that must have ended first", "-"),
        Line("", "Labels", note="your own words"),
        text("name", draft.name, _name_note(checked), "-"),
        text("tags", draft.tags, "words with spaces between them", "-"),
        text("note", draft.note, "", "-", wide=True),
    ]
    return lines


def _same(names: object) -> dict[str, str]:
    return {name: name for name in names}  # type: ignore[attr-defined]


def _recipe_note(checked: Checked) -> str:
    if checked.draft.base is not None:
        return "of that run; F6 takes another instead"
    return {"seed": "as the assignment says", "best": "what we found better"}.get(checked.recipe, "")


def gpu_note(gpu: str, around: Around) -> str:
    found = next((each for each in around.gpus if gpu_id(each) == gpu), None)
    if found is not None:
        return f"{found.name}, {'idle' if found.idle else 'in use'}"
    if gpu == "auto":
        return f"an idle one of {len(around.gpus)}" if around.gpus else "no GPU here: the CPU"
    return ""


def _seeds_note(checked: Checked) -> str:
    return f"{len(checked.seeds)} runs" if checked.seeds else "1,2,3 or 1-5: a run for each"


def _name_note(checked: Checked) -> str:
    if checked.draft.name and checked.seeds:
        return f"{clean(checked.draft.name)}-{checked.seeds[0]} ..."
    return ""


# -- the settings


def setting_lines(checked: Checked, find: str = "", only_changed: bool = False, keep: str = "") -> list[Line]:
    """The form: all settings under the heads of their groups, or those that match, and one that is being typed."""
    lines: list[Line] = []
    group = ""
    for spec in checked.fields:
        value = checked.values[spec.key]
        dull = only_changed and not (value.changed or value.error or spec.key in checked.about or spec.key == keep)
        if dull or (find and not matches(spec, find)):
            continue
        if spec.group != group:
            group = spec.group
            lines.append(Line("", group, note=spec.about))
        lines.append(_setting_line(spec, checked))
    return lines


def _setting_line(spec: Field, checked: Checked) -> Line:
    value = checked.values[spec.key]
    wrong = clean(value.error)
    if not wrong and spec.key in checked.about:
        wrong = clean(checked.problem)
    note = ", ".join(filter(None, (spec.unit, spec.bounds if spec.kind in ("text", "list") else "")))
    if value.changed:
        note = f"recipe: {value.recipe}" + ("" if value.source == FORM else f"  ({clean(value.source)})")
    if spec.key == "seed" and checked.seeds:
        note = "the seeds on the left take its place"
    kind = spec.kind if spec.kind in ("choice", "switch") else "text"
    return Line(spec.key, spec.key, kind, value.text, spec.choices, {}, note, wrong, value.changed)


def matches(spec: Field, find: str) -> bool:
    """Every word stands in the name or the help, or its letters in the name one after the other."""
    said = f"{spec.key} {spec.group} {spec.help}".lower()
    return all(word in said or _in_order(word, spec.key) for word in find.lower().split())


def _in_order(word: str, name: str) -> bool:
    letters = iter(name)
    return all(letter in letters for letter in word)


def help_of(checked: Checked, key: str) -> tuple[str, str]:
    """What a setting is, and what is to be said of its value now (or what is wrong with it)."""
    spec = next((each for each in checked.fields if each.key == key), None)
    if spec is None:
        return "", ""
    value = checked.values[key]
    what = f"{key}: {spec.help}"
    if value.error:
        where = "" if value.source == FORM else f" (from {value.source})"
        return clean(what), clean(f"! {value.error}{where}")
    if key in checked.about:
        return clean(what), clean(f"! {checked.problem}")
    unit = f" ({spec.unit})" if spec.unit else ""
    own = value.source in (FORM, DEFAULT, f"recipe {checked.recipe}")
    source = "" if own else f"; now from {value.source}"
    return clean(what), clean(f"{spec.may_be}{unit}; recipe {checked.recipe}: {value.recipe}{source}")


# -- what will happen


def estimated(checked: Checked, around: Around) -> Estimate:
    if checked.settings is None:
        return Estimate()
    place = CPU if checked.draft.gpu == "cpu" or not around.gpus else GPU
    draft = checked.draft
    return estimate(draft.task, draft.variant, checked.data, checked.settings, around.past, place)


def sentence(checked: Checked, around: Around) -> str:
    """`312 steps an epoch, about 2 min 10 s on gpu 1, starts after 1 queued run, 40 MB on disk`."""
    found, runs = estimated(checked, around), max(1, len(checked.seeds))
    each = " each" if runs > 1 else ""
    parts = [f"{runs} runs"] if runs > 1 else []
    if found.steps_per_epoch is not None:
        parts.append(f"{found.steps_per_epoch:,} steps an epoch{each}")
    where = place_of(checked, around)
    if found.seconds is not None:
        stop = "at most " if checked.settings is not None and checked.settings.patience else ""
        parts.append(f"{stop}{'very roughly' if found.rough else 'about'} {long(found.seconds)}{each} {where}".strip())
    else:
        parts.append(f"time not known before the first run like it {where}".strip())
    parts.append(("the first " if runs > 1 else "") + start_of(checked, around))
    if found.bytes is not None:
        total = found.bytes * runs
        short = around.free is not None and total > around.free
        parts.append(f"{size(total)} on disk" + (f", where only {size(around.free or 0)} are free" if short else ""))
    return clean(", ".join(parts))


def place_of(checked: Checked, around: Around) -> str:
    gpu = checked.draft.gpu
    if gpu == "cpu" or not around.gpus:
        return "on the CPU"
    found = prospect(around, gpu).slot if gpu == "auto" else ""
    chosen = next((each for each in around.gpus if found == each.uuid or gpu_id(each) == gpu), None)
    return f"on gpu {chosen.label}" if chosen is not None else "on a gpu"


def start_of(checked: Checked, around: Around) -> str:
    if checked.draft.after.strip():
        return f"starts after {checked.draft.after.strip()}"
    found = prospect(around, checked.draft.gpu)
    if found.slot:
        return "starts at once"
    if found.ahead:
        return f"starts after {found.ahead} queued run{'s' * (found.ahead > 1)}"
    return f"starts later: {found.reason}"


def long(seconds: float) -> str:
    """Seconds as one says them: 2 min 10 s."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 and whole < 600 else f"{round(whole / 60)} min"
    if whole < 86_400 * 2:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole / 86_400:.1f} days"


def settings_title(checked: Checked, shown: int, find: str, only_changed: bool) -> str:
    total, changed = len(checked.fields), len(checked.changed)
    name = settings_class(checked.draft.row).__name__.removesuffix("Settings").lower()
    which = f"{shown} of {total}" if find or only_changed else str(total)
    told = f"{which} settings of {checked.draft.task or name}, {changed or 'none'} changed"
    wrong = len(checked.errors)
    return told + (f", {wrong} wrong" if wrong else "") + ("  (F8 shows all)" if only_changed else "")


def command_line(checked: Checked) -> str:
    """What starts the same from a shell."""
    draft = checked.draft
    target = f"{draft.task}/{draft.variant}"
    words = ["labapp", "train", target] + (["--from", draft.base_run] if draft.base else [])
    words += ["--data", draft.source] if draft.source != draft.row.default_dataset or draft.base else []
    words += ["--recipe", draft.recipe] if draft.recipe and not draft.base else []
    known = {each.key for each in checked.fields} - ({"seed"} if checked.seeds else set())
    for key, text in draft.overrides.items():
        words += ["--set", f"{key}={text.strip()}"] if key in known else []
    words += ["--gpu", draft.gpu] if draft.gpu != "auto" else []
    for option, given in (("--after", split(draft.after)), ("--tag", split(draft.tags))):
        words += [word for each in given for word in (option, each)]
    words += ["--note", draft.note.strip()] if draft.note.strip() else []
    quoted = [shlex.quote(word) for word in words]
    if not checked.seeds:
        return clean(" ".join(quoted + (["--name", shlex.quote(draft.name)] if draft.name else [])))
    name = f' --name {shlex.quote(draft.name)}-"$seed"' if draft.name else ""
    return clean(f'for seed in {" ".join(checked.seeds)}; do {" ".join(quoted)} --set seed="$seed"{name}; done')
