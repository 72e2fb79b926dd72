"""A text file of somebody's: its bytes, and the text they spell. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import LabError
from engine.files import MARKS

LARGEST = 2**28  # bytes of a file that is read whole


@dataclass(frozen=True)
class Wanted:
    """What a file should hold, for the errors about one that does not."""

    title: str
    expected: str
    unpack: str = "unpack it first"  # what to do about an archive


def content_of(path: Path, wanted: Wanted, at_most: int = -1) -> bytes:
    """The bytes of a file, or its first ones."""
    title = f"the {wanted.title} cannot be read"
    whole = at_most < 0
    try:
        if not path.is_file():  # a pipe would wait for ever
            kind = "a folder" if path.is_dir() else "no regular file" if path.exists() else "no such file"
            raise LabError(title, got=f"{path}: {kind}", expected=wanted.expected)
        with path.open("rb") as file:
            content = file.read(LARGEST + 1 if whole else at_most)
    except OSError as error:
        raise LabError(title, got=f"{path}: {error.strerror}", expected=wanted.expected) from error
    if whole and len(content) > LARGEST:
        raise LabError(
            f"the {wanted.title} is too large",
            got=f"{path}: more than {LARGEST:,} bytes",
            expected=wanted.expected,
        )
    return content


def decoded(path: Path, content: bytes, wanted: Wanted) -> tuple[str, str, int]:
    """(text with \\n at line ends, encoding, bytes that mean nothing in it)."""
    for mark, kind in MARKS.items():
        if content.startswith(mark):
            raise LabError("the file is not text", got=f"{path}: {kind}", expected=wanted.expected, hint=wanted.unpack)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise LabError(
            "the file is in UTF-16", got=str(path), expected="UTF-8", hint=f"iconv -f utf-16 -t utf-8 {path}"
        )
    if b"\0" in content:
        raise LabError("the file is not text", got=f"{path}: it holds null bytes", expected=wanted.expected)
    replaced = 0
    try:
        text, encoding = content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = content.decode("cp1252", errors="replace"), "cp1252"
        replaced = text.count("\ufffd")  # cp1252 itself has no such character
    text = text.replace("\r\n", "\n")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    if not text.strip():
        raise LabError("the file is empty", got=str(path), expected=wanted.expected)
    return text, encoding, replaced
