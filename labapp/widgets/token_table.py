"""Every token with its tag and how sure that is; beside it what the corpus says, and what a second run does."""

from __future__ import annotations

from collections.abc import Sequence

from labapp.play.words import short
from labapp.tag.replies import Sentence
from labapp.widgets.table import Column, Line, Table

BAR = 8  # cells
TOKEN, TAG, PROBABILITY, SHARE = (
    Column("token", most=18), Column("tag", most=14), Column("p", 4, right=True), Column("", flexible=True),
)  # fmt: skip


class TokenTable(Table):
    """Lines that differ from the corpus or the second run are marked, those outside of entities dim."""

    def __init__(self, *, id: str | None = None):
        super().__init__(TOKEN, TAG, PROBABILITY, SHARE, id=id)

    def show_sentences(
        self, sentences: Sequence[Sentence], gold: Sequence[str] | None, others: Sequence[Sentence]
    ) -> None:
        """`others` are the same sentences by the second run, or none; `gold` is of the only sentence."""
        columns = [TOKEN, TAG, PROBABILITY]
        self.set_class(gold is not None, "with-gold")
        self.set_class(bool(others), "with-other")
        columns += [Column("gold", most=14)] if gold is not None else []
        columns += [Column("B", most=14), Column("p", 4, right=True)] if others else []
        columns.append(SHARE)
        lines: list[Line] = []
        for number, sentence in enumerate(sentences):
            if number:
                lines.append(Line((" ",), "head"))
            other = others[number] if others else None
            lines += [self._line(sentence, place, gold, other) for place in range(len(sentence.tokens))]
        self.show(lines, columns)

    def _line(self, sentence: Sentence, place: int, gold: Sequence[str] | None, other: Sentence | None) -> Line:
        tag, probability = sentence.tags[place], sentence.probabilities[place]
        cells = [sentence.tokens[place], tag, short(probability).strip()]
        said = [tag]
        if gold is not None:
            cells.append(gold[place])
            said.append(gold[place])
        if other is not None:
            cells += [other.tags[place], short(other.probabilities[place]).strip()]
            said.append(other.tags[place])
        cells.append(self._bar(probability))
        kind = "mark" if len(set(said)) > 1 else "dim" if tag == "O" else ""
        return Line(tuple(cells), kind)

    def _bar(self, share: float) -> str:
        sign = "#" if getattr(self.app, "ascii", False) else "█"
        return "" if share != share else sign * round(share * BAR)
