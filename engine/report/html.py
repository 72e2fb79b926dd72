"""A report as one HTML file: no reference to anything outside it, light and dark, and good on paper."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from engine.report.document import (
    Block,
    Bullets,
    Code,
    Document,
    Figure,
    Paragraph,
    Picture,
    Section,
    Table,
    Words,
    slug,
)
from engine.report.rendering import Rendered, mark, printable

TAGS = {"strong": "strong", "emphasis": "em", "code": "code"}
SHORT = 20  # rows of a table that paper shows whole
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def render(document: Document, about: Mapping[str, Any]) -> Rendered:
    from engine.report import figures  # loads matplotlib

    numbers = {id(figure): number for number, figure in enumerate(document.figures(), 1)}
    drawn = {
        id(figure): picture(figure.content, figure.name)
        if isinstance(figure.content, Picture)
        else figures.svg(figure.content, name=figure.name)
        for figure in document.figures()
    }
    style = (resources.files("assets") / "report.css").read_text(encoding="utf-8")
    out = [
        "<!doctype html>",
        f"<!-- {mark(about)} -->",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark"><meta name="generator" content="labapp report">',
        f"<title>{text(document.title)}</title>",
        f"<style>\n{style}</style></head><body><main>",
        f"<header><h1>{text(document.title)}</h1>",
    ]
    if document.question:
        out.append(f'<p class="question">{text(document.question)}</p>')
    out.append('<dl class="facts">')
    out += [f"<div><dt>{text(what)}</dt><dd>{text(value)}</dd></div>" for what, value in document.facts]
    out.append("</dl></header>")
    if len(document.sections) > 2:
        entries = "".join(f'<li><a href="#{slug(each.name)}">{text(each.title)}</a></li>' for each in document.sections)
        out.append(f'<nav aria-label="Contents"><ol>{entries}</ol></nav>')
    tables = iter(range(1, 10_000))
    for section in document.sections:
        out += _section(section, numbers, drawn, tables)
    if document.foot:
        out.append(f"<footer>{text(document.foot)}</footer>")
    out.append("</main></body></html>")
    return Rendered("\n".join(out) + "\n")


def _section(section: Section, numbers: Mapping[int, int], drawn: Mapping[int, str], tables: Any) -> Iterable[str]:
    yield f'<section id="{slug(section.name)}"><h2>{text(section.title)}</h2>'
    beside = False  # within a row of figures that stand side by side
    for block in section.blocks:
        small = isinstance(block, Figure) and not block.wide
        if small != beside:
            yield '<div class="beside">' if small else "</div>"
            beside = small
        yield _block(block, numbers, drawn, tables)
    if beside:
        yield "</div>"
    yield "</section>"


def _block(block: Block, numbers: Mapping[int, int], drawn: Mapping[int, str], tables: Any) -> str:
    match block:
        case Paragraph():
            return f'<p class="{block.role}">{spans(block.words)}</p>'
        case Bullets():
            tag = "ol" if block.ordered else "ul"
            return f"<{tag}>" + "".join(f"<li>{spans(each)}</li>" for each in block.items) + f"</{tag}>"
        case Code():
            return "<pre><code>" + "\n".join(map(text, block.lines)) + "</code></pre>"
        case Table():
            return _table(block, next(tables) if block.caption else 0)
        case Figure():
            caption = f"<b>Figure {numbers[id(block)]}.</b> {text(block.caption)}"
            return f"<figure>{drawn[id(block)]}<figcaption>{caption}</figcaption></figure>"


def _table(block: Table, number: int) -> str:
    def cells(row: Iterable[str], tag: str) -> str:
        kinds = (' class="n"' if place in block.numeric else "" for place in range(len(block.head)))
        return "".join(f"<{tag}{kind}>{each}</{tag}>" for kind, each in zip(kinds, row, strict=False))

    out = [f'<div class="table{" short" * (len(block.rows) <= SHORT)}">']
    if block.caption:  # before the table, not in it: there it would be as narrow as the table
        out.append(f'<p class="caption" id="table-{number}"><b>Table {number}.</b> {text(block.caption)}</p>')
    described = f' aria-describedby="table-{number}"' if block.caption else ""
    out.append(f"<table{described}>")
    out.append(f"<thead><tr>{cells(map(text, block.head), 'th')}</tr></thead><tbody>")
    for place, row in enumerate(block.rows):
        shown = []
        for cell in row:
            found = text(cell.text)
            found = (
                f"<strong>{found}</strong>"
                if cell.bold
                else f"{found}&nbsp;\N{ALMOST EQUAL TO}"
                if cell.near
                else found
            )
            shown.append(f'<span class="faint">{found}</span>' if cell.faint else found)
        kind = ' class="group"' if place in block.groups else ""
        out.append(f"<tr{kind}>{cells(shown, 'td')}</tr>")
    out.append("</tbody></table>")
    out += [f'<p class="under">{text(each)}</p>' for each in block.notes]
    out.append("</div>")
    return "\n".join(out)


def picture(content: Picture, name: str) -> str:
    data = base64.b64encode(content.png).decode("ascii")
    return f'<img alt="{text(name)}" src="data:image/png;base64,{data}">'


def spans(some: Words) -> str:
    return "".join(
        f"<{TAGS[each.style]}>{text(each.text)}</{TAGS[each.style]}>" if each.style in TAGS else text(each.text)
        for each in some
    )


def text(plain: str) -> str:
    """Text as it may stand anywhere, in an attribute too."""
    return html.escape(printable(plain), quote=True)
