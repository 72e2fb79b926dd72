"""The attention of one step over a problem as a strip: its words, shaded by their weight, the strongest in brackets
where there are no colours. A problem that is too long for the strip is there where the weight is:

    a train [360] m long ... platform [140] m long
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from labapp.fit import fit, tidy
from labapp.solve.replies import Word

STRONGEST = 3  # words in brackets, at most
STRONG = 0.3  # of the heaviest weight: what has less is in no brackets
NEAR = (1.0, 0.5, 0.25)  # of a word's weight that speaks for showing it, and those beside it
CUT, CUT_ASCII = "…", ".."


@dataclass(frozen=True)
class Warm:
    """A piece of a strip; `heat` is its share of the heaviest weight, None where it is no word."""

    text: str
    heat: float | None = None


Strip = tuple[Warm, ...]


def strips(
    problem: str, words: Sequence[Word], weights: Sequence[float], room: int, lines: int, *, plain: bool, ascii: bool
) -> list[Strip]:
    """The words of a problem in at most so many lines of `room` cells; `plain`: with brackets."""
    heats = shares(weights)
    strong = strongest(heats) if plain else frozenset[int]()
    texts = [tidy(problem[word.start : word.end]) for word in words]
    texts = [f"[{text}]" if place in strong else text for place, text in enumerate(texts)]
    texts = [text if cell_len(text) <= room else fit(text, room, ascii=ascii) for text in texts]
    glued = [place > 0 and words[place - 1].end == word.start for place, word in enumerate(words)]
    cut = CUT_ASCII if ascii else CUT
    ranked = sorted(range(len(words)), key=lambda place: -worth(heats, place))
    few, many = 0, min(len(words), max(1, room) * lines)  # as many of the words as fit
    while few < many:
        middle = (few + many + 1) // 2
        if len(wrapped(sorted(ranked[:middle]), texts, glued, heats, room, cut)) <= lines:
            few = middle
        else:
            many = middle - 1
    return wrapped(sorted(ranked[:few]), texts, glued, heats, room, cut)


def shares(weights: Sequence[float]) -> list[float]:
    """Weights as shares of the heaviest; NaN is none."""
    known = [weight if weight == weight else 0.0 for weight in weights]
    most = max(known, default=0.0)
    return [weight / most if most > 0 else 0.0 for weight in known]


def strongest(heats: Sequence[float]) -> frozenset[int]:
    """The places of the few heaviest words."""
    ranked = sorted(range(len(heats)), key=lambda place: -heats[place])
    return frozenset(place for place in ranked[:STRONGEST] if heats[place] >= STRONG)


def worth(heats: Sequence[float], place: int) -> float:
    """How much speaks for showing a word: its own heat, and that of its neighbours."""
    reach = len(NEAR) - 1
    around = range(max(0, place - reach), min(len(heats), place + reach + 1))
    return max(heats[each] * NEAR[abs(each - place)] for each in around)


def wrapped(
    places: Sequence[int], texts: Sequence[str], glued: Sequence[bool], heats: Sequence[float], room: int, cut: str
) -> list[Strip]:
    """These words in lines, a sign where some are left out."""
    lines: list[list[Warm]] = [[]]
    end, before = 0, -1

    def add(text: str, heat: float | None, space: bool) -> None:
        nonlocal end
        size = cell_len(text)
        if end and end + space + size > room:
            lines.append([])
            end = 0
        if end and space:
            # between two warm words the space is as warm as the cooler one
            last = lines[-1][-1].heat
            lines[-1].append(Warm(" ", min(last, heat) if last is not None and heat is not None else None))
            end += 1
        lines[-1].append(Warm(text, heat))
        end += size

    for place in places:
        if place > before + 1:
            add(cut, None, True)
        add(texts[place], heats[place], not (glued[place] and place == before + 1))
        before = place
    if places and before + 1 < len(texts):
        add(cut, None, True)
    return [tuple(line) for line in lines if line]
