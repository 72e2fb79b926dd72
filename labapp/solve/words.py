"""What the Solve screen says, as lines of text: harmless, and without a word on where they stand."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from labapp.fit import fit, tidy
from labapp.play.examples import EXAMPLES, Place
from labapp.play.words import short
from labapp.solve.asking import ATTEND, ORDERS, SOLVE, WIDTHS
from labapp.solve.beams import figure
from labapp.solve.replies import Beam, Example

EMPTY = """\
There is no trained solver here yet.

  2  choose task, data and settings, and train one

or in a shell: labapp train mathqa/attention

After its first checkpoint this screen solves what you type.\
"""
HINT = """\
Type a word problem in the field above: the programs that may
solve it show up as you type, with what they come to.

  f8      brings a problem of the test set, with the right answer
  f3 f4   a narrower or wider beam; f2 the grammar on or off
  ctrl+y  scores a program that you type
  f1      lists all keys; esc leaves the field\
"""
WORK = {SOLVE: "solving", EXAMPLES: "solving problems of the split", ATTEND: "looking where it looked"}
NO_EXAMPLE = "this split has no such problem: f9 goes to the next split, f6 to the next order"
LONGEST_NAME = 44  # cells of a run's name: what comes behind it must be seen
NO_WORD = "there is no word in this text"


def head_line(name: str, beam: int | None, grammar: bool | None, *, ascii: bool = False) -> Text:
    """Who answers, and how it searches."""
    text = Text(" ", style="bold", no_wrap=True, overflow="ellipsis")
    name = tidy(name)
    text.append(name if cell_len(name) <= LONGEST_NAME else fit(name, LONGEST_NAME, ascii=ascii))
    text.append("   beam ", "not bold").append(beam_words(beam))
    text.append("   grammar ", "not bold").append("?" if grammar is None else "on" if grammar else "off")
    return text


def beam_words(beam: int | None) -> str:
    """`< 10 >`, without the sign on the side where there is nothing more."""
    if beam is None:
        return "?"
    return f"{'<' if beam > WIDTHS[0] else ' '} {beam} {'>' if beam < WIDTHS[-1] else ' '}"


def example_line(place: Place, total: int, example: Example | None, right: bool | None) -> Text:
    """Which example one sees, and what is right."""
    of = f"{place.number + 1:,} of {total:,}" if total else "..."
    text = Text(f" {place.split} {of}, {ORDERS[place.order]}", no_wrap=True, overflow="ellipsis")
    if right is not None:
        text.append("   right" if right else "   wrong", "bold")
    if example is not None:
        text.append(f"   answer {figure(example.answer)}")
        text.append("   novel" if example.novel else "   not novel", "dim")
    return text


def summary(beams: Sequence[Beam]) -> str:
    """How sure it is."""
    known = [beam.probability for beam in beams if not math.isnan(beam.probability)]
    if not known:
        return ""
    said = f"probability of the best:{short(beams[0].probability)}"
    if len(known) > 1:
        said += f"   of all {len(known)}:{short(min(1.0, sum(known)))}"
    ended = sum(beam.error is None for beam in beams)
    return said + ("" if ended == len(beams) else f"   {ended} of {len(beams)} execute")
