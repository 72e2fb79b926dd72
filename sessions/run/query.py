"""The query language of `labapp runs`: words and key:value terms, all of which must hold.

    task:images status:running,stalled lr:1e-3.. accuracy:.9.. tag:keep not:draft not:status:failed bn

Keys are id, name, tag, task, variant, data, recipe, status, study (its name or id), host, epoch, seconds, best,
imported (bundle or record), any setting, or any metric (of the validation split; train_loss or test_accuracy name
another). Values are texts (matched whole; several with commas), or ranges low..high with either end open. A bare word
matches part of id, name, tags, variant or data. No character of it means anything to a shell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.errors import UsageError, unknown
from sessions.run.origin import imported_of
from sessions.run.records import text_of
from sessions.run.runs import Run
from sessions.run.status import STATUSES

_TERM = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*:.*")
COMPARED = re.compile(r"[A-Za-z_]\w*[<>]")  # as shells and other programs write it
RANGES = "accuracy:.9.. (at least), loss:...5 (at most), lr:1e-3..1e-2"
_KEYS = (
    "id",
    "name",
    "tag",
    "task",
    "variant",
    "data",
    "recipe",
    "status",
    "study",
    "host",
    "epoch",
    "seconds",
    "best",
    "imported",
)
Groups = Mapping[str, Sequence[str]]  # of a run the names of the groups (studies) it is in


def is_term(word: str) -> bool:
    """Whether a word is a key:value term rather than the name of a run."""
    return _TERM.fullmatch(word) is not None


@dataclass(frozen=True)
class Term:
    """One condition."""

    key: str  # "" = a bare word
    value: str
    negated: bool = False

    def holds(self, run: Run, groups: Groups) -> bool:
        return self._matches(run, groups) != self.negated

    def _matches(self, run: Run, groups: Groups) -> bool:
        if not self.key:
            word = self.value.lower()
            return any(word in text.lower() for text in (run.id, run.name, run.variant, run.data, *run.tags))
        found = list(groups.get(run.id, ())) if self.key == "study" else lookup(run, self.key)
        return any(_equal(each, self.value) for each in (found if isinstance(found, list) else [found]))


@dataclass(frozen=True)
class Query:
    """All terms must hold."""

    terms: tuple[Term, ...]
    groups: Groups = field(default_factory=dict, compare=False)

    @classmethod
    def parse(cls, words: Sequence[str]) -> Query:
        return cls(tuple(_parse(word) for word in words if word))

    def matches(self, run: Run) -> bool:
        return all(term.holds(run, self.groups) for term in self.terms)

    def within(self, groups: Groups) -> Query:
        """The same, knowing which studies the runs are in."""
        return replace(self, groups=groups)


def _parse(word: str) -> Term:
    if word.startswith("not:") and word != "not:":
        inner = _parse(word.removeprefix("not:"))
        return Term(inner.key, inner.value, not inner.negated)
    if not is_term(word):
        if COMPARED.match(word):
            raise UsageError("a query compares with ranges", got=word, expected=RANGES)
        return Term("", word)
    key, _, value = word.partition(":")
    if not value:
        raise UsageError("a term of a query needs a value", got=word, expected=f"{key}:VALUE")
    if key == "status":
        for name in value.split(","):
            if name not in STATUSES:
                raise unknown("status", name, STATUSES)
    if ".." in value:
        _bounds(value)
    return Term(key, value)


def lookup(run: Run, key: str) -> Any:
    """The value of a key in a run: a text, a number, or a list of texts; None when it has none."""
    plain = {
        "id": run.id,
        "name": run.name,
        "tag": run.tags,
        "task": run.task,
        "variant": [run.variant, f"{run.task}/{run.variant}"],
        "data": [run.data, Path(run.data).name],
        "recipe": run.recipe,
        "status": run.status.name,
        "host": text_of(run.record.meta, "host"),
        "epoch": run.epoch,
        "seconds": run.seconds,
        "best": run.best,
        "imported": text_of(imported_of(run.record), "as") or None,
    }
    if key in plain:
        return plain[key]
    if key in run.settings:
        return run.settings[key]
    split, _, metric = key.partition("_")
    metrics = run.metrics
    if split in metrics and metric in metrics[split]:
        return metrics[split][metric]
    return metrics.get("val", {}).get(key)


def check_keys(query: Query, runs: Sequence[Run]) -> None:
    """Refuse a key that no run has: a mistyped one would silently find nothing."""
    known = {*_KEYS, "not"}
    for run in runs:
        known |= {*run.settings} | {*run.metrics.get("val", {})}
        known |= {f"{split}_{name}" for split, values in run.metrics.items() for name in values}
    for term in query.terms:
        if term.key and term.key not in known and runs:
            raise unknown("key in a query", term.key, known)
        _check_value(term, runs)
        if term.key == "study":
            studies = {name for names in query.groups.values() for name in names}
            for name in term.value.split(","):
                if name.lower() not in studies:
                    raise unknown("study", name, studies)


def _check_value(term: Term, runs: Sequence[Run]) -> None:
    """Refuse words where every run that has the key has a number: they would silently find nothing."""
    if not term.key or ".." in term.value or not any(math.isnan(_number(each)) for each in term.value.split(",")):
        return
    number = False
    for run in runs:
        value = lookup(run, term.key)
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            return  # most keys have words: the first run tells, and queries are asked at every look
        number = number or value is not None
    if number:
        raise UsageError(
            f"{term.key} is a number", got=f"{term.key}:{term.value}", expected=f"{term.key}:3, or a range: {RANGES}"
        )


def _equal(found: Any, wanted: str) -> bool:
    if found is None:
        return False
    if ".." in wanted:
        low, high = _bounds(wanted)
        number = _number(found)
        return not math.isnan(number) and low <= number <= high
    return any(_same(found, each) for each in wanted.split(","))


def _same(found: Any, wanted: str) -> bool:
    if isinstance(found, bool):
        return str(found).lower() == wanted.lower()
    if isinstance(found, (int, float)):
        return bool(found == _number(wanted))
    return str(found).lower() == wanted.lower()


def _bounds(text: str) -> tuple[float, float]:
    low, _, high = text.partition("..")
    try:
        return float(low) if low else -math.inf, float(high) if high else math.inf
    except ValueError:
        raise UsageError("a range is low..high", got=text, expected="for example 1e-3.. or .8...9") from None


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
