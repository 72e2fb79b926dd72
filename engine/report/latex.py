"""A report as LaTeX: a file that compiles alone and can be \\input into another document, with PDF figures beside it.

Tables follow booktabs. Included, it needs the packages booktabs, longtable and graphicx.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.report.document import Block, Bullets, Code, Document, Figure, Paragraph, Picture, Table, Words
from engine.report.rendering import Rendered, figure_files, mark, printable

# Behind the \\ of a row a bracket or star would be taken for its argument: they stand in braces.
SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "[": "{[}", "*": "{*}",
    '"': r"\textquotedbl{}", "'": r"'", "`": r"\textasciigrave{}", "-": r"{-}",
    "\u2013": r"--", "\u2014": r"---", "\u2212": r"$-$", "\u00b1": r"$\pm$", "\u00d7": r"$\times$",
    "\u2248": r"$\approx$", "\u2260": r"$\neq$", "\u2264": r"$\leq$", "\u2265": r"$\geq$", "\u2026": r"\ldots{}",
    "\u2192": r"$\rightarrow$", "\u2018": "`", "\u2019": "'", "\u201c": "``", "\u201d": "''", "\u00b7": r"$\cdot$",
    "\u00a0": "~", "\u03b1": r"$\alpha$", "\u03b2": r"$\beta$", "\u03c1": r"$\rho$", "\u2022": r"\textbullet{}",
}  # fmt: skip
STYLES = {"strong": r"\textbf{%s}", "emphasis": r"\emph{%s}", "code": r"\texttt{%s}"}
LONG, WIDE = 36, 92  # rows of a table that no longer fits one page; characters of one that does not fit its width
HEAD = r"""
\newif\iflabappalone
\makeatletter\ifx\@nodocument\relax\labappalonefalse\else\labappalonetrue\fi\makeatother
\iflabappalone
\documentclass[a4paper,11pt]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage[margin=25mm]{geometry}
\usepackage{booktabs,longtable,graphicx}
\setlength{\parindent}{0pt}\setlength{\parskip}{0.6em}
\begin{document}
\fi
"""


def render(document: Document, about: Mapping[str, Any], folder: str) -> Rendered:
    """`folder` is where the figures lie, as seen from the file."""
    from engine.report import figures  # loads matplotlib

    files = figure_files(document, ".pdf", figures.pdf)
    listing = {"files": sorted(files)}  # so that the next one takes them away
    out = [
        f"% {mark({**about, **listing})}",
        "% Compiles alone; to \\input it, load booktabs, longtable and graphicx.",
        HEAD.strip(),
    ]
    out += [rf"\section*{{{text(document.title)}}}"]
    if document.question:
        out += [rf"\emph{{{text(document.question)}}}", ""]
    if document.facts:
        rows = [rf"{text(what)} & {text(value)} \\" for what, value in document.facts]
        out += [r"\begin{tabular}{@{}lp{0.72\linewidth}@{}}", *rows, r"\end{tabular}", ""]
    for section in document.sections:
        out += ["", rf"\subsection*{{{text(section.title)}}}", ""]
        for block in section.blocks:
            out += [*_block(block, folder), ""]
    if document.foot:
        out += [rf"{{\footnotesize {text(document.foot)}}}", ""]
    out += [r"\iflabappalone", r"\end{document}", r"\fi"]
    return Rendered("\n".join(out) + "\n", files)


def _block(block: Block, folder: str) -> Iterable[str]:
    match block:
        case Paragraph():
            body = spans(block.words)
            if block.role == "note":
                yield rf"{{\small {body}\par}}"
            elif block.role == "warning":
                yield rf"\textbf{{Note:}} {body}"
            elif block.role == "comment":
                yield rf"\begin{{quote}}{body}\end{{quote}}"
            else:
                yield body
        case Bullets():
            kind = "enumerate" if block.ordered else "itemize"
            yield rf"\begin{{{kind}}}"
            yield from (rf"\item {{}}{spans(each)}" for each in block.items)
            yield rf"\end{{{kind}}}"
        case Code():
            yield r"\begin{quote}\raggedright\footnotesize"
            yield from (rf"\texttt{{{breakable(line)}}}\par" for line in block.lines if line.strip())
            yield r"\end{quote}"
        case Table():
            yield from _table(block)
        case Figure():
            kind = "png" if isinstance(block.content, Picture) else "pdf"
            width = r"\linewidth" if block.wide else r"0.62\linewidth"
            file = f"{folder}/{block.name}.{kind}"
            yield r"\begin{center}\begin{minipage}{\linewidth}\centering"
            yield rf"\includegraphics[width={width},height=0.8\textheight,keepaspectratio]{{{file}}}\par\smallskip"
            yield rf"{caption('figure', block.caption)}\end{{minipage}}\end{{center}}"


def caption(kind: str, words: str) -> str:
    """Numbered as LaTeX numbers them, but standing where it belongs: what floats leaves its section."""
    return rf"\refstepcounter{{{kind}}}{{\small\textbf{{{kind.capitalize()}~\the{kind}.}} {text(words)}\par}}"


def _table(block: Table) -> Iterable[str]:
    columns = len(block.head)
    inside = [max((len(row[place].text) for row in block.rows), default=0) for place in range(columns)]
    widest = [max(len(name), width) for name, width in zip(block.head, inside, strict=True)]
    heads = [text(each) for each in block.head]
    if sum(widest) + 2 * columns > WIDE:  # the words of a head below one another
        widest = [
            max(*map(len, (name or " ").split(" ")), width) for name, width in zip(block.head, inside, strict=True)
        ]
        heads = [_stacked(name, "r" if place in block.numeric else "l") for place, name in enumerate(block.head)]
    total = sum(widest) + 2 * columns
    wordy = total > WIDE and any(place not in block.numeric and widest[place] > 40 for place in range(columns))
    spec = "".join(_column(place, block, widest, total, wordy) for place in range(columns))
    head = " & ".join(rf"\textbf{{{each}}}" if each else "" for each in heads) + r" \\"
    body = []
    for place, row in enumerate(block.rows):
        if place in block.groups and place:
            body.append(r"\addlinespace")
        body.append(" & ".join(map(_cell, row)) + r" \\")
    notes = [rf"\par\smallskip{{\footnotesize {text(each)}\par}}" for each in block.notes]
    if len(block.rows) > LONG or wordy:
        yield r"{\small\setlength{\tabcolsep}{4pt}"
        yield rf"\begin{{longtable}}{{@{{}}{spec}@{{}}}}"
        if block.caption:
            yield rf"\caption{{{text(block.caption)}}}\\"
        yield rf"\toprule {head} \midrule\endhead"
        yield from body
        yield r"\bottomrule\end{longtable}"
        yield from notes
        yield "}"
        return
    yield r"\begin{center}\begin{minipage}{\linewidth}\centering"
    if block.caption:
        yield caption("table", block.caption) + r"\smallskip"
    yield r"\small"
    if total > WIDE:
        yield r"\resizebox{\linewidth}{!}{%"
    yield rf"\begin{{tabular}}{{@{{}}{spec}@{{}}}}\toprule"
    yield head + r" \midrule"
    yield from body
    yield r"\bottomrule\end{tabular}" + ("}" if total > WIDE else "")
    yield from notes
    yield r"\end{minipage}\end{center}"


def _stacked(name: str, side: str) -> str:
    lines = r" \\ ".join(text(word) for word in name.split())
    return rf"\shortstack[{side}]{{{lines}}}" if " " in name.strip() else text(name)


def _column(place: int, block: Table, widest: list[int], total: int, wordy: bool) -> str:
    if place in block.numeric:
        return "r"
    if wordy and widest[place] > 24:
        return rf"p{{{max(0.18, 0.85 * widest[place] / total):.2f}\linewidth}}"
    return "l"


def _cell(cell: Any) -> str:
    found = text(cell.text)
    return rf"\textbf{{{found}}}" if cell.bold else rf"{found}\,$\approx$" if cell.near else found


def spans(some: Words) -> str:
    return "".join(
        (STYLES[each.style] % (breakable(each.text) if each.style == "code" else text(each.text)))
        if each.style in STYLES
        else text(each.text)
        for each in some
    )


def breakable(plain: str) -> str:
    """Typewriter text, which may be broken behind what joins its parts, and keeps the spaces a line begins with."""
    indent = len(plain) - len(plain.lstrip(" "))
    found = re.sub(r"([/,=;:.]|\\_)", r"\1\\allowbreak{}", text(plain.lstrip(" ")))
    return "~" * indent + found


def text(plain: str) -> str:
    """Text in which nothing is a command. What no common font has is named by its number."""
    return "".join(SIGNS.get(char) or _plain(char) for char in printable(plain))


def _plain(char: str) -> str:
    if char == "\ufffd":
        return "?"
    return " " if char in "\n\t" else char if ord(char) < 0x17F else rf"{{[}}U+{ord(char):04X}]"
