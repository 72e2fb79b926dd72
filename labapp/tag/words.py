"""What the Tag screen says, as lines of text: harmless, and without a word on where they stand."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from labapp.fit import fit, tidy
from labapp.play.examples import EXAMPLES, Place
from labapp.play.words import short
from labapp.tag.asking import ORDERS, TAG
from labapp.tag.layout import ASCII, DOTS, DOUBLE, UNKNOWN, UNKNOWN_ASCII
from labapp.tag.replies import Sentence
from labapp.tag.stack import Stack, differs, lacks

EMPTY = """\
There is no trained tagger here yet.

  2  choose task, data and settings, and train one

or in a shell: labapp train ner/bilstm-crf

After its first checkpoint this screen tags what you type.\
"""
HINT = """\
Type a sentence in the field above: people, places, dates and
other entities show up as you type.

  f8  brings a sentence of the test set, with the corpus's tags
  f4  puts a second run beside this one
  f1  lists all keys; esc leaves the field\
"""
WORK = {TAG: "tagging", EXAMPLES: "tagging the split"}
NO_EXAMPLE = "this split has no such sentence: f9 goes to the next split, f6 to the other order"


def head_line(
    first: str, second: str, place: Place | None, total: int, verdict: bool | None, width: int, *, ascii: bool = False
) -> Text:
    """Whose tags one sees, and of which sentence. In `width` cells the names of the runs are what is cut."""
    where, said = "", "" if verdict is None else "   right" if verdict else "   wrong"
    if place is not None:
        of = f"{place.number + 1:,} of {total:,}" if total else "..."
        where = f"   {place.split} {of}, {ORDERS[place.order]}"
    names = [tidy(each) for each in (first, second) if each]
    marks = ("A ", "   B ") if len(names) > 1 else ("",)
    room = max(0, width - 1 - sum(map(cell_len, (*marks, where, said))))
    even = max(room // len(names), room - min(map(cell_len, names)))  # one that is short leaves room for the other
    text = Text(" ", style="bold", no_wrap=True, overflow="ellipsis")
    for mark, name in zip(marks, names, strict=True):
        text.append(mark + (name if cell_len(name) <= even else fit(name, even, ascii=ascii)))
    return text.append(where, "not bold").append(said)


def summary(sentences: Sequence[Sentence]) -> str:
    """The least certain token, and how sure of the whole it is."""
    if not any(sentence.tokens for sentence in sentences):
        return ""
    parts = []
    least = [
        (sentence.probabilities[sentence.least], sentence.tokens[sentence.least])
        for sentence in sentences
        if sentence.least is not None
    ]
    if least:
        probability, token = min(least)
        parts.append(f"least certain: {tidy(token)[:40]}{short(probability)}")
    if len(sentences) == 1:
        parts.append(f"whole sentence:{short(sentences[0].probability)}")
        if sentences[0].second is not None:
            parts.append(f"second best:{short(sentences[0].second.probability)}")
    else:
        parts.append(f"{len(sentences)} sentences")
    return "   ".join(parts)


def marks_of(stacks: Sequence[Stack], *, ascii: bool = False) -> list[str]:
    """What the marks mean that are on screen."""
    said = []
    if any(stack.least is not None for stack in stacks):
        said.append("underlined: least certain")
    if any(any(stack.unknown) for stack in stacks):
        said.append(f"word{UNKNOWN_ASCII if ascii else UNKNOWN}: unknown to it")
    rows = [(stack.rows[0], row) for stack in stacks for row in stack.rows[1:]]
    if any(differs(row, first) for first, row in rows):
        said.append(f"{(ASCII[DOUBLE] if ascii else DOUBLE) * 2} not so in the first row")
    if any(lacks(row, first) for first, row in rows):
        said.append(f"{(ASCII[DOTS] if ascii else DOTS) * 2} only in the first row")
    return said
