"""How it was made: hyper-parameters, the environment, and the commands that repeat it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.report.document import Block, Code, Section, note, paragraph, table
from engine.report.subject import Subject, tally
from engine.values import shown

ABREAST = 2  # settings beside one another in the table of common ones
MOST_COLUMNS = 6
ABSENT = "\N{EN DASH}"


def hyper_parameters(subject: Subject) -> Section | None:
    settings = {cell.label: cell.runs[0].settings for cell in subject.cells if cell.runs and cell.runs[0].settings}
    if not settings:
        return None
    keys = sorted(dict.fromkeys(key for each in settings.values() for key in each if key != "seed"))
    differing = [key for key in keys if len({_said(each, key) for each in settings.values() if key in each}) > 1]
    common = [key for key in keys if key not in differing]
    blocks: list[Block] = []
    recipes = tally(f"{run.recipe} (version {run.recipe_version})" for run in subject.runs if run.recipe)
    if recipes:
        blocks.append(paragraph(f"Recipe: {recipes}."))
    blocks += _differing(settings, differing)
    if common:
        of = "all cells" if len(settings) > 1 else next(iter(settings))
        pairs = [[key, next(_said(each, key) for each in settings.values() if key in each)] for key in common]
        height = -(-len(pairs) // ABREAST)
        columns = [pairs[start : start + height] for start in range(0, len(pairs), height)]
        rows = [
            [text for column in columns for text in (column[place] if place < len(column) else ("", ""))]
            for place in range(height)
        ]
        head = ("setting", "value") * len(columns)
        blocks.append(table(head, rows, f"The settings of {of}.", words_in=range(2 * len(columns))))
    seeds = sorted({run.seed for run in subject.runs})
    left_out = "Left out is what says only where or how often, and what means nothing for a variant."
    blocks.append(note(f"Seeds: {', '.join(map(str, seeds))}. {left_out}"))
    return Section("hyper-parameters", "Hyper-parameters", tuple(blocks))


def _differing(settings: Mapping[str, Mapping[str, Any]], keys: list[str]) -> list[Block]:
    """What tells the cells apart, by cell; turned on its side where that is too wide."""
    if not keys:
        return []
    caption = "What differs between the cells."
    if len(keys) <= MOST_COLUMNS:
        rows = [[label, *(_said(each, key) for key in keys)] for label, each in settings.items()]
        return [table(("", *keys), rows, caption, words_in=range(len(keys) + 1))]
    rows = [[key, *(_said(each, key) for each in settings.values())] for key in keys]
    return [table(("setting", *settings), rows, caption, words_in=range(len(settings) + 1))]


def _said(settings: Mapping[str, Any], key: str) -> str:
    value = settings.get(key)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (shown(value) or "none") if key in settings else ABSENT


def environment(subject: Subject) -> Section | None:
    keys = dict.fromkeys(key for run in subject.runs for key in run.environment)
    rows = [[key, tally(run.environment.get(key, "") for run in subject.runs)] for key in keys]
    rows = [row for row in rows if row[1]]
    if not rows:
        return None
    return Section("environment", "Environment", (table(("", "of the runs"), rows, words_in=(0, 1)),))


def commands(subject: Subject) -> Section | None:
    blocks: list[Block] = []
    if subject.command:
        blocks += [paragraph("The whole study, without training anything twice:"), Code((subject.command,))]
    lines = list(dict.fromkeys(run.command for run in subject.runs if run.command))
    lines += [cell.command for cell in subject.cells if cell.command and not cell.runs]
    if lines:
        blocks += [paragraph("Its runs one by one, exactly as they were configured:"), Code(tuple(lines))]
    if not blocks:
        return None
    return Section("commands", "Commands to repeat it", tuple(blocks))
