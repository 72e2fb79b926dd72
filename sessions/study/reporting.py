"""Writing a report: which runs are meant, the document, the format, and files that replace only what is ours.

`write` is what the command and the app call. It imports matplotlib (seconds): call it from a thread, or better run
`labapp report` as a process, which a screen that draws does not feel.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from engine.errors import UsageError, unknown
from engine.files import explained, path_of, write_atomic
from sessions.exchange.portable import without_paths
from sessions.process import host
from sessions.run.records import text_of
from sessions.run.runs import Run
from sessions.run.store import LATEST, Store
from sessions.study.folder import Launched, Studies

if TYPE_CHECKING:
    from engine.report.document import Document
    from engine.report.rendering import Rendered

FORMATS = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown", ".tex": "latex"}
HEAD, LARGEST_COMMENTS = 1 << 16, 1 << 20  # bytes: of a file that may be ours; of comments
FIGURE = re.compile(r"[a-z0-9-]{1,120}\.(svg|pdf|png)")
MASK = os.umask(0)  # which files of the user's are made with; it can only be asked for by setting it
os.umask(MASK)


@dataclass(frozen=True)
class Written:
    """Where a report lies, and what a person should know about how it was made."""

    path: Path
    format: str
    figures: tuple[Path, ...]  # files beside it
    notes: tuple[str, ...] = ()


def write(
    store: Store,
    references: Sequence[str],
    out: Path,
    *,
    format: str | None = None,
    findings: bool = False,
    shareable: bool = False,
    comments: Path | None = None,
    sections: Sequence[str] | None = None,
    force: bool = False,
) -> Written:
    """Write a report on a study, or on runs.

    `references` name one study, or runs as everywhere. `sections`: other ones than the study asks for; an empty list
    means all that there is something for. Comments are those of the file named, else of the file named the last time,
    else of `<stem>.comments.md` beside the report. Raises UsageError before anything is written.
    """
    out = path_of(out)
    chosen = format_of(out, format)
    before = refuse_foreign(out, force=force)
    text, remembered = read_comments(out, comments, before)
    from engine.report.build import build
    from sessions.study.subjects import runs_subject, study_subject

    asked = check_sections(sections)
    meant = what(store, references)
    if isinstance(meant, Launched):
        subject = study_subject(store, meant, shareable=shareable, sections=asked)
    else:
        subject = runs_subject(meant, shareable=shareable, sections=asked)
    document = build(subject, with_findings=findings, comments=text)
    if shareable:
        document = document.mapped(scrubber(store, hosts_of(store, meant)))
    document = document.named()
    folder = out.with_name(f"{out.stem}_files")
    remembered = "" if shareable and os.sep in remembered else remembered  # another folder's name is nobody's business
    about: dict[str, Any] = {"v": 1, "comments": remembered} if remembered else {"v": 1}
    rendered = _render(chosen, document, about, folder.name)
    figures = _write(out, folder, rendered, before or {})
    notes = list(subject.notes)
    if missing := [each.label for each in subject.cells if not each.finished]:
        notes.append(f"without a finished run: {', '.join(missing)}")
    if not text:
        notes.append(f"comments of yours in {out.stem}.comments.md would be put in, below '## statistics' and the like")
    return Written(out, chosen, tuple(figures), tuple(notes))


def what(store: Store, references: Sequence[str]) -> Launched | list[Run]:
    """The study or the runs that are meant. A study's id or name goes before a run's; a beginning of its id after."""
    studies = Studies(store.home)
    if len(references) == 1 and references[0] != LATEST:
        (reference,) = references
        for each in studies.all():
            if reference in (each.id, each.name):
                return studies.find(reference)
        try:
            return _runs(store, references)
        except UsageError as error:
            with contextlib.suppress(UsageError):
                return studies.find(reference)
            raise UsageError(
                "no study or run is called so", got=reference, expected="a study, or runs", hint=error.hint
            ) from error
    return _runs(store, references)


def _runs(store: Store, references: Sequence[str]) -> list[Run]:
    found = store.select(references)
    if not found:
        raise UsageError("no run is meant", got=" ".join(references), expected="a study, or runs")
    return found


def check_sections(names: Sequence[str] | None) -> Sequence[str] | None:
    from engine.studies.definition import Section

    known = get_args(Section)
    for name in names or ():
        if name not in known:
            raise unknown("section", name, known)
    return names


def format_of(out: Path, format: str | None) -> str:
    """By the suffix, unless one is asked for."""
    if format is not None:
        short = {"md": "markdown", "tex": "latex", "htm": "html"}
        found = short.get(format, format)
        if found not in FORMATS.values():
            raise unknown("format", format, sorted(set(FORMATS.values())))
        return found
    if out.suffix.lower() not in FORMATS:
        raise UsageError(
            "which format is meant?", got=str(out), expected="a file named .html, .md or .tex",
            hint="or --format html, markdown or latex",
        )  # fmt: skip
    return FORMATS[out.suffix.lower()]


def refuse_foreign(out: Path, *, force: bool) -> Mapping[str, Any] | None:
    """What the report of before says of itself; None when there is none. Other files are not overwritten."""
    from engine.report.rendering import marked

    if out.is_dir() or not out.parent.is_dir():
        raise UsageError(
            "there is no place for the report", got=f"{out} is a folder" if out.is_dir() else f"no folder {out.parent}",
            expected="a file in a folder that is there",
        )  # fmt: skip
    if not out.exists():
        return None
    with explained(out), out.open("rb") as file:
        head = file.read(HEAD).decode("utf-8", errors="replace")
    found = marked(head)
    if found is None and head.strip() and not force:
        raise UsageError(
            "this file is no report of ours", got=str(out), expected="a new file, or one that labapp report wrote",
            hint="--force overwrites it",
        )  # fmt: skip
    return found


def read_comments(out: Path, chosen: Path | None, before: Mapping[str, Any] | None) -> tuple[str, str]:
    """The comments' text, and the file as the report is to remember it, seen from its folder; "" is the usual one."""
    usual = out.with_name(f"{out.stem}.comments.md")
    told = (before or {}).get("comments")
    path = path_of(chosen) if chosen is not None else out.parent / told if isinstance(told, str) else usual
    if path == out:
        raise UsageError("the report cannot be its own comments", got=str(path), expected="another file")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if path == usual and chosen is None:
            return "", ""
        raise UsageError(
            "there are no such comments", got=str(path), expected="a file of your own, Markdown or text",
            hint=None if chosen is not None else "the report named it the last time: --comments FILE names another",
        ) from None  # fmt: skip
    except OSError as error:
        raise UsageError("the comments cannot be read", got=f"{path}: {error.strerror}") from error
    if len(content) > LARGEST_COMMENTS:
        raise UsageError("these are too many comments", got=f"{path}: {len(content):,} bytes", expected="at most 1 MiB")
    return content.decode("utf-8", errors="replace"), "" if path == usual else os.path.relpath(path, out.parent)


def hosts_of(store: Store, meant: Launched | list[Run]) -> set[str]:
    """The machines that runs were launched and trained on."""
    if isinstance(meant, Launched):
        every = [store.read(each.run) for each in meant.members]
    else:
        every = meant
    found = set()
    for run in every:
        attempts = (run.record.meta or {}).get("attempts")
        for table in (run.record.meta, run.record.process, *(attempts if isinstance(attempts, list) else ())):
            found.add(text_of(table if isinstance(table, dict) else None, "host"))
    return found


def scrubber(store: Store, hosts: Collection[str] = ()) -> Callable[[str], str]:
    """Takes places and names of this machine out of a text, wherever they came from."""
    places = [str(store.home.root), str(store.home.root.resolve()), str(Path.home())]
    places = sorted({place for place in places if len(place) > 2}, key=len, reverse=True)
    user = Path.home().name
    names = {part for name in (host(), *hosts) for part in (name, name.split(".")[0])}
    names |= {user} if len(user) > 2 and user != "root" else set()
    known = re.compile(
        r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(filter(None, names), key=len, reverse=True))) + r")(?!\w)"
    )

    def scrub(text: str) -> str:
        for place in places:
            text = re.sub(re.escape(place) + r"[^\s'\"`,;:)\]]*", "[path]", text)
        return known.sub("[...]", without_paths(text))

    return scrub


def _render(format: str, document: Document, about: Mapping[str, Any], folder: str) -> Rendered:
    from engine.report import html, latex, markdown

    if format == "html":
        return html.render(document, about)
    if format == "markdown":
        return markdown.render(document, about, folder)
    return latex.render(document, about, folder)


def _write(out: Path, folder: Path, rendered: Rendered, before: Mapping[str, Any]) -> list[Path]:
    """Figures first, then the report that shows them; then go those that only the report of before had.

    A report of the same name in another format may show figures of this folder too.
    """
    if rendered.files:
        with explained(folder):
            folder.mkdir(exist_ok=True)
    for name, content in rendered.files.items():
        _put(folder / name, content)
    _put(out, rendered.text.encode())
    others = [out.with_suffix(suffix) for suffix in FORMATS if out.with_suffix(suffix) != out]
    kept = {*rendered.files, *(name for each in others if each.is_file() for name in _files(_about(each)))}
    for name in _files(before):
        if name not in kept:
            with contextlib.suppress(OSError):
                (folder / name).unlink(missing_ok=True)
    return [folder / name for name in rendered.files]


def _about(path: Path) -> Mapping[str, Any]:
    """What a file says of itself that may be a report of ours."""
    from engine.report.rendering import marked

    with explained(path), path.open("rb") as file:
        return marked(file.read(HEAD).decode("utf-8", errors="replace")) or {}


def _files(about: Mapping[str, Any]) -> list[str]:
    """The figures that a report says it shows."""
    listed = about.get("files")
    names = listed if isinstance(listed, list) else []
    return [name for name in names if isinstance(name, str) and FIGURE.fullmatch(name)]


def _put(path: Path, content: bytes) -> None:
    """As a whole, readable by whom the user's files are."""
    write_atomic(path, content, durable=False)
    with contextlib.suppress(OSError):
        path.chmod(0o666 & ~MASK)
