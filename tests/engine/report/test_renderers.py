"""The three formats: everything of a document is in them, and no text acts in any of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from engine.report import figures, html, latex, markdown
from engine.report.document import Document
from engine.report.plots import Lines
from engine.report.rendering import mark, marked
from tests.engine.report.documents import HOSTILE, tiny


@pytest.fixture(scope="module")
def hostile() -> Document:
    return tiny(HOSTILE)


class Page(HTMLParser):
    """The tags of a page, its text, and every reference in it."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.references += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_is_one_file_that_refers_to_nothing_outside_it_and_runs_nothing(hostile: Document) -> None:
    rendered = html.render(hostile, {"v": 1})
    page = Page(rendered.text)
    assert rendered.files == {}
    assert "script" not in page.tags
    assert all(each.startswith(("#", "data:image/png;base64,")) for each in page.references)
    assert len(page.ids) == len(set(page.ids))  # figures keep out of each other's way
    assert page.text.count(HOSTILE) > 15  # whole, wherever it stands
    assert page.tags.count("svg") == 3
    assert page.tags.count("img") == 1
    assert "url(http" not in rendered.text
    assert "@import" not in rendered.text


def test_html_follows_a_dark_theme_with_its_figures() -> None:
    text = html.render(tiny(), {}).text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert "currentColor" in text
    assert "#010203" not in text
    assert "var(--grid)" in text


def test_markdown_shows_text_as_it_is(hostile: Document) -> None:
    rendered = markdown.render(hostile, {"v": 1}, "x_files")
    page = Page(MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").render(rendered.text))
    assert "script" not in page.tags
    assert set(page.references) == {f"x_files/{name}" for name in rendered.files}
    assert page.text.count(HOSTILE) > 12
    assert set(rendered.files) == {"curves.svg", "matrix.svg", "points.svg", "curves-2.png"}
    for name, content in rendered.files.items():
        if name.endswith(".svg"):
            ElementTree.fromstring(content)


def unescaped(text: str) -> str:
    return re.sub(r"\\.", "", text, flags=re.S)


def test_latex_escapes_everything(hostile: Document) -> None:
    rendered = latex.render(hostile, {"v": 1}, "x_files")
    body = rendered.text[rendered.text.index("\\fi\n", rendered.text.index("\\iflabappalone")) :]
    assert "\\input{" not in body
    bare = unescaped(body)
    assert bare.count("{") == bare.count("}")
    assert body.count("\\begin{") == body.count("\\end{") - 1  # the document itself begins above
    assert "#" not in bare
    assert "%" not in bare
    assert set(rendered.files) == {"curves.pdf", "matrix.pdf", "points.pdf", "curves-2.png"}
    assert all(content.startswith((b"%PDF", b"\x89PNG")) for content in rendered.files.values())


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX here")
def test_latex_compiles_alone_and_included(tmp_path: Path, hostile: Document) -> None:
    rendered = latex.render(hostile, {"v": 1}, "x_files")
    (tmp_path / "x_files").mkdir()
    for name, content in rendered.files.items():
        (tmp_path / "x_files" / name).write_bytes(content)
    (tmp_path / "x.tex").write_text(rendered.text)
    (tmp_path / "book.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs,longtable,graphicx,textcomp}\\usepackage[T1]{fontenc}"
        "\\begin{document}\\input{x}\\end{document}"
    )
    for name in ("x.tex", "book.tex"):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
        assert done.returncode == 0, done.stdout[-2000:]


def test_the_same_plot_is_the_same_file() -> None:
    plot = next(tiny().figures()).content
    assert isinstance(plot, Lines)
    assert figures.svg(plot, name="a") == figures.svg(plot, name="a")
    assert figures.pdf(plot) == figures.pdf(plot)


@pytest.mark.parametrize("about", [{"v": 1}, {"comments": "a--b<!-- -->.md", "files": ["x.svg"]}])
def test_a_report_says_whose_it_is(about: dict[str, object]) -> None:
    assert marked(f"<!doctype html>\n<!-- {mark(about)} -->\n") == about
    assert "--" not in mark(about).removeprefix("labapp-report")
    assert ">" not in mark(about)
    assert marked("<html>\n") is None
