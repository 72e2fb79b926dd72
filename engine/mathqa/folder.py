"""Any word problems at a path: a folder with files for its splits, or one file that is split here.

    train.json  dev.json  test.json     also valid, val and validation; .jsonl
    train.json  test.json               the missing splits are split off train
    anything.json                       ... and so are both, from one file, alone in a folder or named itself

Problems that are the same up to their numbers stay on one side of a split. The fingerprint is of what the files hold:
names, layout and the split's seed are not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Protocol

from engine.errors import LabError
from engine.mathqa import facts
from engine.mathqa.corpus import MathData, Problem
from engine.mathqa.formats import LISTED, ProblemFile, read_problems
from engine.mathqa.identity import fingerprint_of
from engine.mathqa.listing import list_files, unseen_file
from engine.mathqa.numbers import masked
from engine.task import SPLITS, Split
from engine.text.splitting import split_off

SHOWN = 20  # wrong entries that a check lists
UP_TO_THE_USER = "a training refuses wrong entries, or leaves them out with --set broken=skip"

Say = Callable[[str], None]


class Choices(Protocol):
    """Of the settings: what concerns the data."""

    @property
    def split_seed(self) -> int: ...
    @property
    def validation_fraction(self) -> float: ...
    @property
    def test_fraction(self) -> float: ...
    @property
    def broken(self) -> Literal["refuse", "skip"]: ...


def open_problems(source: str | Path, settings: Choices, cache: Path, say: Say) -> MathData:
    """The problems at a path, with all three splits. Wrong entries are refused, or left out."""
    files = read_all(Path(source).expanduser())
    judge(files.values(), settings.broken)
    return told(replace(data_of(files, settings), cache=cache), say)


def open_unseen(
    source: str | Path, split: Split, settings: Choices, artifacts: object, cache: Path, say: Say
) -> MathData:
    """Problems that a run never saw, as its `split`: a file, the folder's file of that split, or its only file."""
    file = read_problems(unseen_file(Path(source).expanduser(), split))
    judge([file], settings.broken)
    given: dict[Split, Sequence[Problem]] = {split: file.problems}
    return told(MathData(fingerprint_of(given), given, tuple(findings_of(file))), say)


def check(source: str | Path, settings: Choices, cache: Path, say: Say) -> list[str]:
    """Everything worth knowing about problems before training on them; what would stop a training is raised."""
    return check_files(read_all(Path(source).expanduser()), settings, UP_TO_THE_USER)


# --- from files to splits --------------------------------------------------------------------------------------------


def read_all(root: Path) -> dict[Split, ProblemFile]:
    files = list_files(root).files
    return {split: read_problems(files[split]) for split in SPLITS if split in files}


def told(data: MathData, say: Say) -> MathData:
    for line in data.findings:
        say(line)
    return data


def findings_of(file: ProblemFile) -> list[str]:
    found = []
    if file.encoding != "utf-8":
        found.append(f"{file.name}: {file.encoding}")
    if file.replaced:
        found.append(f"{file.name}: {file.replaced:,} bytes that cp1252 does not know")
    if file.wrong_entries:
        found.append(f"{file.name}: left out: {file.wrong_entries:,} wrong entries of {file.entries:,}")
    return found + facts.of_programs(file.name, file.problems)


def judge(files: Collection[ProblemFile], broken: str) -> None:
    """Refuse wrong entries, if the user wants that."""
    wrong = [(file.name, entry) for file in files for entry in file.wrong]
    if broken != "refuse" or not wrong:
        return
    count = sum(file.wrong_entries for file in files)
    more = f"; and {count - LISTED:,} more" if count > LISTED else ""
    raise LabError(
        f"{count:,} {'entry' if count == 1 else 'entries'} cannot be read",
        got="; ".join(f"{name}, {entry}" for name, entry in wrong[:LISTED]) + more,
        expected="a problem, a program of known operations, and an answer in every entry",
        hint="mend them, or leave them out: --set broken=skip to train, --broken skip to evaluate",
    )


def data_of(files: Mapping[Split, ProblemFile], settings: Choices) -> MathData:
    given: dict[Split, Sequence[Problem]] = {split: file.problems for split, file in files.items()}
    findings = [line for file in files.values() for line in findings_of(file)] + facts.leaks(given)
    shares: dict[Split, float] = {"test": settings.test_fraction, "val": settings.validation_fraction}
    missing = {split: share for split, share in shares.items() if split not in given}
    splits = dict(given)
    if missing:
        texts = [(masked(problem.text),) for problem in given["train"]]
        splits |= split_off(given["train"], texts, missing, settings.split_seed, "problems")
        findings.append(f"split off {files['train'].name}: {' and '.join(missing)}")
    in_order: dict[Split, Sequence[Problem]] = {split: splits[split] for split in SPLITS}
    return MathData(fingerprint_of(given), in_order, tuple(findings))


def check_files(files: Mapping[Split, ProblemFile], settings: Choices, of_wrong: str) -> list[str]:
    """`of_wrong`: what a training does about wrong entries, said where there are any."""
    data = data_of(files, settings)
    found = list(data.findings)
    for file in files.values():
        found += [f"{file.name}, {entry}" for entry in file.wrong[:SHOWN]]
        if file.wrong_entries > SHOWN:
            found.append(f"{file.name}: and {file.wrong_entries - SHOWN:,} more wrong entries")
    if any(file.wrong_entries for file in files.values()):
        found.append(of_wrong)
    return found + facts.of(data.splits)
