"""`labapp gradcam`: where an image run looked, as PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.arguments import one_of
from engine.errors import UsageError
from engine.files import path_of
from labapp.cli import AfterOption, HomeOption, JsonOption, RunArgument, open_lab
from labapp.commands.evaluate import submit
from labapp.fetching import fetch_line
from labapp.output import clean, number, print_json, say, table
from labapp.play.runs import check_run
from labapp.see.asking import FOLDER, ORDERS, SPLITS
from sessions.inference import inference_on
from sessions.run.runs import Run

OPERATION = "gradcam"


def register(app: typer.Typer) -> None:
    app.command()(gradcam)


def gradcam(
    run: RunArgument,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to; else the run's artifacts/gradcam.")
    ] = None,
    classes: Annotated[
        list[str] | None, typer.Option("--class", metavar="NAME", help="Several times for several; else all classes.")
    ] = None,
    per_class: Annotated[
        int | None,
        typer.Option(
            "--per-class", min=1, max=1_000, help="Rightly classified pictures of a class, and as many wrongly; else 5."
        ),
    ] = None,
    split: Annotated[str | None, typer.Option("--split", help="train, val or test; else val.")] = None,
    order: Annotated[
        str | None,
        typer.Option("--order", help="Which ones: random, surest (first) or least (sure first); else random."),
    ] = None,
    picture: Annotated[
        list[Path] | None, typer.Option("--picture", metavar="FILE", help="Pictures of one's own instead.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="CLASS", help="Evidence for this class; else for the correct one.")
    ] = None,
    layer: Annotated[
        str | None, typer.Option("--layer", help="stage1 to stage3, or a single one such as stage2.0.relu1.")
    ] = None,
    sheets: Annotated[
        bool | None, typer.Option("--sheets/--no-sheets", help="A contact sheet of every class too, or not.")
    ] = None,
    gpu: Annotated[str, typer.Option("--gpu", metavar="ID", help="cpu, auto, an index or a UUID.")] = "cpu",
    queue: Annotated[bool, typer.Option("--queue", help="Put it into the queue and print the job's id.")] = False,
    after: AfterOption = None,
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> int:
    """Export Grad-CAM pictures: the evidence for a class in pictures that were classified rightly and wrongly."""
    lab = open_lab(home)
    chosen_run = lab.store.find(run)
    folder = path_of(out or folder_of(chosen_run))
    of_split = {"classes": classes or None, "per_class": per_class, "split": split, "order": order, "sheets": sheets}
    refuse(chosen_run, picture or [], [name for name, value in of_split.items() if value is not None])
    args: dict[str, Any] = {
        "out": str(folder),
        "pictures": [str(path_of(each)) for each in picture or []] or None,
        "target": target,
        "layer": layer,
        **{name: value for name, value in of_split.items() if value is not None},
    }
    one_of(args, "split", "val", SPLITS)
    one_of(args, "order", "random", ORDERS)
    if queue:
        return submit(lab, [chosen_run], OPERATION, args, gpu, after or [], as_json=as_json)
    if after:
        raise UsageError("--after is for the queue", got="--after", expected="--queue with it")
    if not as_json:
        what = (
            f"{len(picture)} of your pictures"
            if picture
            else f"pictures of the {split or 'val'} split of {chosen_run.data}"
        )
        say(f"looking with {chosen_run.id} at {what}")
    with inference_on(lab.home, gpu) as inference:
        found = inference.ask(OPERATION, run=chosen_run.id, **args)
    if as_json:
        print_json(found)
    else:
        show(found)
    return 0


def refuse(run: Run, pictures: list[Path], of_split: list[str]) -> None:
    """What cannot be meant is said before anything is queued or loaded."""
    check_run(run, OPERATION, "Grad-CAM is not for runs of this task")
    if pictures and of_split:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in of_split)
        raise UsageError(
            "one's own pictures belong to no class or split",
            got=f"--picture with {names.replace('--classes', '--class')}",
            expected="one or the other",
        )


def folder_of(run: Run) -> Path:
    """Where a run's pictures go when nobody says otherwise."""
    return run.path / FOLDER


def show(found: dict[str, Any]) -> None:
    """What was written: a row for each class, or for each of one's own pictures."""
    files = found["files"]
    if any(each["class"] is None for each in files):
        rows = [(each["name"], each["predicted"], number(each["confidence"]), each["target"]) for each in files]
        table(("picture", "predicted", "confidence", "evidence for"), rows, right=("confidence",))
    else:
        names = dict.fromkeys(each["class"] for each in files)
        counts = [(name, *(_count(files, name, correct) for correct in (True, False))) for name in names]
        table(("class", "right ones", "wrong ones"), counts, right=("right ones", "wrong ones"))
    for note in found["notes"]:
        say(note)
    if heat := found.get("heat"):
        times = heat["inside"] / heat["covered"] if heat["covered"] else 0.0
        say(
            f"share of the heat inside the object: {number(heat['inside'])}, over {heat['pictures']} pictures; "
            f"the object covers {number(heat['covered'])} of a picture, so {times:.1f} times chance"
        )
    sheets = f" and {len(found['sheets'])} contact sheets" if found["sheets"] else ""
    say(f"{len(files)} picture{'s' * (len(files) != 1)}{sheets} in {clean(found['out'])}")
    say(f"to fetch them:  {fetch_line(Path(found['out']), folder=True)}")


def _count(files: list[dict[str, Any]], name: str, correct: bool) -> int:
    return sum(each["class"] == name and each["correct"] is correct for each in files)
