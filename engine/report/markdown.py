"""A report as Markdown (GitHub's), with its figures beside it: SVG for drawings, PNG for pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from engine.report.document import Block, Bullets, Code, Document, Figure, Paragraph, Picture, Table, Words
from engine.report.rendering import Rendered, figure_files, mark, printable

SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$>-])")
ROLES = {"note": "*{}*", "warning": "> **Note:** {}", "comment": "> {}"}


def render(document: Document, about: Mapping[str, Any], folder: str) -> Rendered:
    """`folder` is where the figures lie, as seen from the file."""
    from engine.report import figures  # loads matplotlib

    files = figure_files(document, ".svg", lambda plot: figures.svg(plot, on_page=False).encode())
    listing = {"files": sorted(files)}  # so that the next one takes them away
    out = [f"<!-- {mark({**about, **listing})} -->", "", f"# {text(document.title)}", ""]
    if document.question:
        out += [f"**{text(document.question)}**", ""]
    out += [f"- {text(what)}: {text(value)}" for what, value in document.facts]
    number = 0
    for section in document.sections:
        out += ["", f"## {text(section.title)}"]
        for block in section.blocks:
            number += isinstance(block, Figure)
            out += ["", *_block(block, folder, number)]
    if document.foot:
        out += ["", "---", "", text(document.foot)]
    return Rendered("\n".join(out) + "\n", files)


def _block(block: Block, folder: str, number: int) -> Iterable[str]:
    match block:
        case Paragraph():
            yield ROLES.get(block.role, "{}").format(spans(block.words, plain=block.role == "note"))
        case Bullets():
            for place, each in enumerate(block.items, 1):
                yield (f"{place}. " if block.ordered else "- ") + spans(each)
        case Code():
            lines = [printable(line) for line in block.lines]
            fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
            yield from (fence, *lines, fence)
        case Table():
            yield from _table(block)
        case Figure():
            kind = "png" if isinstance(block.content, Picture) else "svg"
            where = quote(f"{folder}/{block.name}.{kind}")
            yield f"![{text(block.name)}]({where})"
            yield ""
            yield f"*Figure {number}. {text(block.caption)}*"


def _table(block: Table) -> Iterable[str]:
    if block.caption:
        yield f"*{text(block.caption)}*"
        yield ""
    yield "| " + " | ".join(text(each) or " " for each in block.head) + " |"
    yield "|" + "|".join(" ---: " if place in block.numeric else " --- " for place in range(len(block.head))) + "|"
    for row in block.rows:
        shown = []
        for cell in row:
            found = text(cell.text)
            shown.append(f"**{found}**" if cell.bold else f"{found} \N{ALMOST EQUAL TO}" if cell.near else found)
        yield "| " + " | ".join(shown) + " |"
    for each in block.notes:
        yield ""
        yield text(each)


def spans(some: Words, *, plain: bool = False) -> str:
    """Words with their styles; in a `plain` place, which has a style of its own, only code keeps its."""
    out = []
    for each in some:
        if each.style == "code":
            out.append(inline_code(each.text))
        elif plain or not each.text.strip():
            out.append(text(each.text))
        elif each.style in ("strong", "emphasis"):
            signs = "**" if each.style == "strong" else "*"
            core = each.text.strip()
            before, _, after = each.text.partition(core)
            out.append(f"{before}{signs}{text(core)}{signs}{after}")
        else:
            out.append(text(each.text))
    return "".join(out)


def inline_code(plain: str) -> str:
    """Between as many backticks as it needs; a bar would end a table's cell."""
    content = printable(plain).replace("\n", " ")
    signs = "`" * (1 + max((len(run) for run in re.findall("`+", content)), default=0))
    pad = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{signs}{pad}{content}{pad}{signs}"


def text(plain: str) -> str:
    """Text in which nothing is markup: neither Markdown's nor HTML's, and no address becomes a link."""
    found = printable(plain).replace("\n", " ").replace("&", "&amp;").replace("<", "&lt;")
    found = SPECIAL.sub(_escaped, found)
    found = re.sub(r"^(\s*\d+)([.)])(?=\s|$)", r"\1\\\2", found)  # no list begins here
    return re.sub(r"(?i)\b(https?|ftp|mailto)(:)|\b(www)(\.)", _broken, found)


def _escaped(match: re.Match[str]) -> str:
    """Signs that act only at a line's beginning stay as they are within one: text is to be read raw too."""
    sign = match[1]
    alone = match.start() == 0
    if sign in "+->#()!~$" and not alone and not (sign == "!" and match.string[match.end() : match.end() + 1] == "["):
        return sign if sign not in ">$~" else "\\" + sign
    return "\\" + sign


def _broken(match: re.Match[str]) -> str:
    return f"{match[1] or match[3]}&#58;" if match[1] else f"{match[3]}&#46;"
