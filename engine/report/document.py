"""A report as plain data: sections of paragraphs, tables and figures. Knows no format and no run. Torch-free.

The renderers (`engine.report.html`, `markdown`, `latex`) know these classes and nothing else; text in them is always
plain text, which each renderer escapes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from engine.report.plots import Plot

Style = Literal["plain", "strong", "emphasis", "code"]


@dataclass(frozen=True)
class Span:
    """Some words in one style."""

    text: str
    style: Style = "plain"


Words = tuple[Span, ...]


def words(*parts: str | Span) -> Words:
    return tuple(Span(each) if isinstance(each, str) else each for each in parts)


def code(text: str) -> Span:
    return Span(text, "code")


def strong(text: str) -> Span:
    return Span(text, "strong")


def emphasis(text: str) -> Span:
    return Span(text, "emphasis")


@dataclass(frozen=True)
class Paragraph:
    words: Words
    role: Literal["text", "note", "warning", "comment"] = "text"


@dataclass(frozen=True)
class Bullets:
    items: tuple[Words, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Code:
    """Lines as they are typed or were printed."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One cell of a table. `near`: not distinguishable from the best, which is `bold`."""

    text: str
    bold: bool = False
    near: bool = False
    faint: bool = False  # a number of somebody else, or none


@dataclass(frozen=True)
class Table:
    """`numeric` columns are set flush right. A row that starts a `group` has a rule above it."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()
    numeric: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """A picture that is there already, as PNG."""

    png: bytes


@dataclass(frozen=True)
class Figure:
    """`name` is also its file's. A `wide` one takes the whole width, others may stand side by side."""

    name: str
    content: Plot | Picture
    caption: str
    wide: bool = True


Block = Paragraph | Bullets | Code | Table | Figure


@dataclass(frozen=True)
class Section:
    name: str  # by which comments refer to it
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    title: str
    question: str
    facts: tuple[tuple[str, str], ...]  # what a reader wants to know first: (what, its value)
    sections: tuple[Section, ...]
    foot: str = ""

    def figures(self) -> Iterator[Figure]:
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Figure):
                    yield block

    def named(self) -> Document:
        """The same with names of figures that can be files' names and ids: harmless, and none given twice."""
        taken: set[str] = set()

        def own(name: str) -> str:
            wanted, number = slug(name), 2
            found = wanted
            while found in taken:
                found, number = f"{wanted}-{number}", number + 1
            taken.add(found)
            return found

        sections = tuple(
            replace(
                each, blocks=tuple(replace(b, name=own(b.name)) if isinstance(b, Figure) else b for b in each.blocks)
            )
            for each in self.sections
        )
        return replace(self, sections=sections)

    def mapped(self, change: Callable[[str], str]) -> Document:
        """The same with every text changed, those inside figures too."""
        return Document(
            change(self.title),
            change(self.question),
            tuple((change(what), change(value)) for what, value in self.facts),
            tuple(
                replace(each, title=change(each.title), blocks=tuple(_mapped(block, change) for block in each.blocks))
                for each in self.sections
            ),
            change(self.foot),
        )


def _mapped(block: Block, change: Callable[[str], str]) -> Block:
    def spans(some: Words) -> Words:
        return tuple(replace(span, text=change(span.text)) for span in some)

    match block:
        case Paragraph():
            return replace(block, words=spans(block.words))
        case Bullets():
            return replace(block, items=tuple(map(spans, block.items)))
        case Code():
            return Code(tuple(map(change, block.lines)))
        case Table():
            rows = tuple(tuple(replace(cell, text=change(cell.text)) for cell in row) for row in block.rows)
            texts = tuple(map(change, block.head)), rows, change(block.caption), tuple(map(change, block.notes))
            return Table(*texts, numeric=block.numeric, groups=block.groups)
        case Figure():
            content = block.content if isinstance(block.content, Picture) else block.content.mapped(change)
            return replace(block, name=change(block.name), caption=change(block.caption), content=content)


# ------------------------------------------------------------------------------------------------ making them shortly


def paragraph(*parts: str | Span) -> Paragraph:
    return Paragraph(words(*parts))


def note(*parts: str | Span) -> Paragraph:
    return Paragraph(words(*parts), "note")


def warning(*parts: str | Span) -> Paragraph:
    return Paragraph(words(*parts), "warning")


def table(
    head: Sequence[str], rows: Sequence[Sequence[str | Cell]], caption: str = "", notes: Sequence[str] = (),
    *, words_in: Sequence[int] = (0,), groups: Sequence[int] = (),
) -> Table:  # fmt: skip
    """Columns are numbers, but for those in `words_in`."""
    cells = tuple(tuple(Cell(each) if isinstance(each, str) else each for each in row) for row in rows)
    numeric = frozenset(range(len(head))) - set(words_in)
    return Table(tuple(head), cells, caption, tuple(notes), numeric, frozenset(groups))


def fraction(value: float | None, digits: int = 4) -> str:
    """A fraction or a loss; a dash where there is none."""
    if value is None or value != value:
        return "\N{EN DASH}"
    if abs(value) >= 1e5:
        return f"{value:.3e}"
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def signed(value: float, digits: int = 4) -> str:
    """A difference, with its sign."""
    text = fraction(value, digits)
    return text if value != value or text.startswith("\N{MINUS SIGN}") else f"+{text}"


def slug(text: str) -> str:
    """A text as part of a file's name or of an address within the document: harmless characters alone."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "x"


NICE = {
    "micro_f1": "micro-F1",
    "macro_f1": "macro-F1",
    "weighted_f1": "weighted F1",
    "exact_match": "exact match",
    "execution_accuracy": "execution accuracy",
    "token_accuracy": "token accuracy",
    "no_value": "without value",
}
SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test"}


def capital(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]


def nice(metric: str) -> str:
    """A metric as people write it."""
    part, slash, name = metric.rpartition("/")
    return f"{NICE.get(name, name)} ({part})" if slash else NICE.get(name, name)


def with_spread(values: Sequence[float], mean: float, spread: float, digits: int = 4) -> str:
    """`0.9012 ± 0.0020`, or the mean alone where one seed gives no spread."""
    if not values:
        return "\N{EN DASH}"
    shown = fraction(mean, digits)
    return shown if spread != spread else f"{shown} ± {fraction(spread, digits)}"
