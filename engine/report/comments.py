"""A person's own comments: a small part of Markdown, read into plain blocks. No HTML passes, and no link is followed.

`## statistics`, by a section's name or title, puts what follows below that section; what comes before any such heading
stands by itself. Paragraphs, lists, **strong**, *emphasis*, `code` and fenced code are known; all else is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from engine.report.document import Block, Bullets, Code, Paragraph, Section, Span, Style, Words, slug

HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
ITEM = re.compile(r"^\s{0,3}(?:[-*+]|(\d{1,3})[.)])\s+(.*)$")
FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")
INLINE = re.compile(
    r"(`+)(?P<code>.+?)\1|\*\*(?P<strong>[^\s*](?:.*?[^\s*])?)\*\*|(?<!\w)[*](?P<emphasis>[^\s*](?:.*?[^\s*])?)[*](?!\w)"
)
LINK = re.compile(r"!?\[([^\]\n]*)\]\(([^)\s]*)\)")


def read(text: str) -> dict[str, tuple[Block, ...]]:
    """Blocks by the heading they stand under; "" is what comes before the first."""
    parts: dict[str, list[str]] = {"": []}
    here, fence = "", ""
    for line in text.replace("\r\n", "\n").split("\n"):
        if opened := FENCE.match(line):
            sign = opened[1][:3]
            fence = "" if fence == sign else fence or sign
        heading = HEADING.match(line) if not fence else None
        if heading and len(heading[1]) <= 2:
            here = heading[2]
            parts.setdefault(here, [])
        else:
            parts[here].append(line)
    found = {heading: tuple(_blocks(lines)) for heading, lines in parts.items()}
    return {heading: blocks for heading, blocks in found.items() if blocks}


def place(
    sections: Sequence[Section], comments: Mapping[str, tuple[Block, ...]]
) -> tuple[list[Section], list[Section]]:
    """The sections with the comments that belong to them; and those comments that belong to none, as sections."""
    ways = {key: number for number, each in enumerate(sections) for key in (slug(each.title), each.name)}
    placed, own = list(sections), []
    for heading, blocks in comments.items():
        number = ways.get(slug(heading)) if heading else None
        if number is None:
            own.append(Section(slug(f"comments {heading}"), heading or "Comments", blocks))
        else:
            placed[number] = replace(placed[number], blocks=(*placed[number].blocks, *blocks))
    return placed, own


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    paragraph: list[str] = []
    items: list[str] = []
    ordered, place = False, 0

    def flush() -> Iterator[Block]:
        nonlocal paragraph, items
        if items:
            yield Bullets(tuple(spans(each) for each in items), ordered)
        if paragraph:
            yield Paragraph(spans(" ".join(paragraph)), "comment")
        paragraph, items = [], []

    while place < len(lines):
        line = lines[place]
        place += 1
        if fence := FENCE.match(line):
            yield from flush()
            code = []
            while place < len(lines) and not lines[place].lstrip().startswith(fence[1][:3]):
                code.append(lines[place])
                place += 1
            place += 1
            yield Code(tuple(code))
        elif item := ITEM.match(line):
            if paragraph or (items and ordered != bool(item[1])):
                yield from flush()
            ordered = bool(item[1])
            items.append(item[2])
        elif heading := HEADING.match(line):
            yield from flush()
            yield Paragraph((Span(heading[2], "strong"),), "comment")
        elif not line.strip():
            yield from flush()
        elif items:
            items[-1] += " " + line.strip()
        else:
            paragraph.append(line.strip())
    yield from flush()


def spans(text: str) -> Words:
    """Words with their styles. A link becomes its text with the address behind it."""
    text = LINK.sub(lambda match: f"{match[1]} ({match[2]})" if match[1] else match[2], text)
    found, last = [], 0
    for match in INLINE.finditer(text):
        if match.start() > last:
            found.append(Span(text[last : match.start()]))
        style: Style = "code" if match["code"] else "strong" if match["strong"] else "emphasis"
        found.append(Span(match[style].strip() if style == "code" else match[style], style))
        last = match.end()
    if last < len(text):
        found.append(Span(text[last:]))
    return tuple(found)
