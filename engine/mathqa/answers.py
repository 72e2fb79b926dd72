"""The right answer of a problem, as a number, from the ways in which data states it. Torch-free.

    24    27.675    "1,600"    "rs . 400"    "$ 3.50"    "12.5 %"    "- 49"
    "3 / 4"    "2 1 / 2"    "3 : 4"                         a ratio counts as its first part by its second

"none of these", "3 : 4 : 5", "10 : 30 am", "2 √ 3" and the like name no single number: they have no answer here.

Texts come from anywhere: the patterns take time linear in them. White space is collapsed first, and digits are taken
all or none, from their first one.
"""

from __future__ import annotations

import math
import re

from engine.mathqa.numbers import without_commas

MINUS = "[-\u2212]"
NUMBER = r"((?<!\d)\d++(?:\.\d++)?+|\.\d++)"
MIXED = re.compile(rf"({MINUS}?) ?{NUMBER} {NUMBER} ?/ ?{NUMBER}", re.ASCII)
RATIO = re.compile(rf"({MINUS}?) ?{NUMBER} ?[/:] ?{NUMBER}", re.ASCII)
PLAIN = re.compile(rf"({MINUS}?) ?{NUMBER}", re.ASCII)
RUPEES = re.compile(r"\brs\.? ?\.? ?", re.IGNORECASE)  # its full stop is no decimal point
UNCLEAR = re.compile(r"[\^√π!=]|\b(?:sqrt|root|pi|none|[ap] ?\.? ?m)\b|:[^:]*:", re.IGNORECASE)
# a ) 38 , b ) 27.675 , ...; the challenge files have a list: ['a ) 1', 'b ) 3']
LETTER = re.compile(r"(?:^|,|[\[('\"])\s*([a-f])\s*\)", re.IGNORECASE)


def number_of(answer: object) -> float | None:
    """What stands under `answer`, as a finite number."""
    if isinstance(answer, str):
        return value_of(answer)
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return None
    try:
        value = float(answer)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def value_of(text: str) -> float | None:
    """The number that a text states, or None where it states none, or more than one can tell."""
    text = RUPEES.sub("", without_commas(" ".join(text.split())))
    if UNCLEAR.search(text):
        return None
    if found := MIXED.search(text):
        sign, whole, above, below = found.groups()
        value = float(whole) + _ratio(above, below)
    elif found := RATIO.search(text):
        sign, above, below = found.groups()
        value = _ratio(above, below)
    elif found := PLAIN.search(text):
        sign, value = found[1], float(found[2])
    else:
        return None
    return (-value if sign else value) if math.isfinite(value) else None


def _ratio(above: str, below: str) -> float:
    return float(above) / float(below) if float(below) else math.nan


def option_of(options: object, letter: str) -> str | None:
    """The text of the option with that letter."""
    text = ", ".join(map(str, options)) if isinstance(options, list) else str(options)
    places = list(LETTER.finditer(text))
    for number, place in enumerate(places):
        if place[1].lower() == letter.strip().lower():
            end = places[number + 1].start() if number + 1 < len(places) else len(text)
            return text[place.end() : end].strip(" ,'\"]")
    return None
