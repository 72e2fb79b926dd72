"""A tiny document with one of everything, and hostile text wherever text can stand."""

from __future__ import annotations

import io

from PIL import Image

from engine.report.document import (
    Bullets,
    Cell,
    Code,
    Document,
    Figure,
    Picture,
    Section,
    code,
    emphasis,
    note,
    paragraph,
    strong,
    table,
    warning,
    words,
)
from engine.report.plots import Heat, Line, Lines, Panel, Point, Points

HOSTILE = '<script>alert("x")</script> & \\input{/etc/passwd} $x_1^2$ #1 100% `tick` | [a](http://x.example) *b* ~ {'


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), (200, 10, 10)).save(out, "PNG")
    return out.getvalue()


def tiny(text: str = "plain") -> Document:
    line = Line(text, 0, (1.0, 2.0, 3.0), (0.5, 0.4, 0.3), (0.4, 0.3, 0.2), (0.6, 0.5, 0.4))
    panel = Panel(text, (line, Line("other", 1, (1.0, 2.0), (0.2, 0.1), dashed=True)), "epoch", "loss", error_axis=True)
    blocks = (
        paragraph(text, strong(text), emphasis(text), code(text)),
        note(text),
        warning(text),
        Bullets((words(text), words("two"))),
        Code((f"labapp train {text}", "  indented")),
        table(
            ("", text, "F1"), [[text, "1", Cell("0.9", bold=True)], ["b", "2", Cell("0.8", near=True)]], text, (text,)
        ),
        Figure("curves", Lines((panel, panel)), text),
        Figure("matrix", Heat((text, "b"), ((3, 1), (0, 2)), text), text, wide=False),
        Figure("points", Points((Point(text, 0, 0.5, 0.1, (0.4, 0.6), ((text, 0.7),)),), "accuracy"), text),
        Figure("curves", Picture(png()), text),
    )
    return Document(text, text, ((text, text),), (Section(text, text, blocks),), text).named()
