"""Tagged sentences as text: sentences with brackets, columns, or JSON; written as they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

from rich.console import Console
from rich.text import Text

from labapp.output import clean, one_line
from labapp.play import writing
from labapp.play.words import short
from labapp.tag.colours import ANSI, Slots
from labapp.tag.replies import Sentence
from labapp.tag.spans import Span, spans_of
from labapp.tag.stack import glued


class Writer(writing.Writer):
    """Writes sentences to a stream. `second`: with the second-best tagging of each."""

    def __init__(self, stream: IO[str], *, second: bool):
        super().__init__(stream)
        self.second = second

    def write(self, sentence: Sentence, begins: int) -> None:
        """`begins`: the place in the whole text of what the sentence's offsets count from."""
        raise NotImplementedError


class TextWriter(Writer):
    """`[Barack Obama per .95] visited ...`, a line a sentence; in colour on a terminal that has some."""

    def __init__(self, stream: IO[str], *, second: bool):
        super().__init__(stream, second=second)
        self.console = Console(file=stream, highlight=False, markup=False, emoji=False) if stream.isatty() else None
        self.slots = Slots()

    def write(self, sentence: Sentence, begins: int) -> None:
        self._line(sentence, sentence.entities, "")
        if self.second and sentence.second is not None:
            second = sentence.second
            self._line(sentence, spans_of(second.tags), f"  2nd{short(second.probability)}  ")
        self.written = True

    def _line(self, sentence: Sentence, spans: Sequence[Span], head: str) -> None:
        line = Text(head, style="dim" if head else "", end="")
        for text, kind, said in bracketed(sentence, spans):
            if kind is None:
                line.append(text)
                continue
            colour = ANSI[self.slots.of(kind) % len(ANSI)]
            line.append(text, f"bold {colour}").append(said, colour)
        if self.console is not None:
            self.console.print(line, soft_wrap=True)
        else:
            self.stream.write(line.plain + "\n")


class ConllWriter(Writer):
    """`token tag` in lines, a blank line between sentences."""

    def write(self, sentence: Sentence, begins: int) -> None:
        columns = [sentence.tokens, sentence.tags]
        if self.second:
            columns.append(sentence.second.tags if sentence.second else sentence.tags)
        harmless = clean if self.stream.isatty() else str
        lines = [" ".join(map(harmless, row)) + "\n" for row in zip(*columns, strict=True)]
        self.stream.write("".join([*(["\n"] if self.written else []), *lines]))
        self.written = True


class JsonLinesWriter(writing.LinesWriter, Writer):
    """An object a line."""

    def write(self, sentence: Sentence, begins: int) -> None:
        self.element(as_json(sentence, begins, second=self.second))


class JsonWriter(writing.ArrayWriter, Writer):
    """One array."""

    def write(self, sentence: Sentence, begins: int) -> None:
        self.element(as_json(sentence, begins, second=self.second))


FORMATS: dict[str, type[Writer]] = {"text": TextWriter, "conll": ConllWriter, "json": JsonLinesWriter}


def bracketed(sentence: Sentence, spans: Sequence[Span]) -> Iterator[tuple[str, str | None, str]]:
    """Pieces of a line: text and None, or the beginning of a bracket, its type and what else stands in it."""
    near, place = glued(sentence), 0
    for span in (*spans, None):
        end = len(sentence.tokens) if span is None else span.start
        if place < end:
            yield (" " if place and not near[place] else "") + one_line(joined(sentence, near, place, end)), None, ""
        if span is not None:
            if span.start and not near[span.start]:
                yield " ", None, ""
            yield (
                f"[{one_line(joined(sentence, near, span.start, span.end))}",
                span.type,
                f" {clean(span.type)}{short(span.probability)}]",
            )
            place = span.end


def joined(sentence: Sentence, near: Sequence[bool], start: int, end: int) -> str:
    """Some tokens as they stood in the text, as far as that is known."""
    parts = (("" if near[place] or place == start else " ") + sentence.tokens[place] for place in range(start, end))
    return "".join(parts)


def as_json(sentence: Sentence, begins: int, *, second: bool) -> dict[str, Any]:
    """A sentence as other programs read it; offsets are characters of the whole text."""
    near = glued(sentence)
    found: dict[str, Any] = {
        "tokens": sentence.tokens, "tags": sentence.tags, "probabilities": sentence.probabilities,
        "known": sentence.known, "probability": sentence.probability,
        "entities": [
            {
                "type": span.type, "start": span.start, "end": span.end, "probability": span.probability,
                "text": joined(sentence, near, span.start, span.end),
            }
            for span in sentence.entities
        ],
    }  # fmt: skip
    if sentence.offsets:
        found["offsets"] = [[start + begins, end + begins] for start, end in sentence.offsets]
    if second:
        other = sentence.second
        found["second"] = None if other is None else {"tags": other.tags, "probability": other.probability}
    return found
