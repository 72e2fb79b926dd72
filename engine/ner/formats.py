"""Reading tagged text, one token per line or row, in whatever layout the file shows. Torch-free, quick to import.

    token POS word tag     the course's cut of the Groningen Meaning Bank: column 1 is a lemma or lower-cased
    word tag               BIO files
    word POS tag           ... with parts of speech
    word POS chunk tag     CoNLL-2003 (Tjong Kim Sang and De Meulder), with -DOCSTART- lines
    Sentence #,Word,POS,Tag   the Kaggle copy of the Groningen Meaning Bank: see `table`

Columns are parted by spaces or tabs and sentences by blank lines. Only \\n and \\r\\n end a line, and only blanks and
tabs part columns: tokens hold U+0085 and non-breaking spaces. Tags are returned as they were written: what they mean
is the affair of `schemes`.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import LabError
from engine.ner.columns import layout_of, read_columns
from engine.ner.corpus import OUTSIDE
from engine.ner.table import header_of, read_table
from engine.ner.tagged import LISTED, WANTED, TaggedFile
from engine.text.files import content_of, decoded


def read_tagged(path: Path) -> TaggedFile:
    """All sentences of a file. Raises what is wrong with the file as a whole; wrong lines are only collected."""
    return _read(path, content_of(path, WANTED))


def look(path: Path, at_most: int) -> None:
    """Raise a LabError if the first bytes of a file show that it holds no tagged text."""
    content = content_of(path, WANTED, at_most)
    if len(content) < at_most:
        _read(path, content)
        return
    end = content.rfind(b"\n")
    text, encoding, _ = decoded(path, content[:end] if end > 0 else content, WANTED)  # no character cut in two
    if header_of(text) is None:
        layout_of(text, path)
        return
    found = TaggedFile(path, encoding)
    read_table(text, found)
    if not found.sentences:
        _require_entities(found)


def _read(path: Path, content: bytes) -> TaggedFile:
    text, encoding, replaced = decoded(path, content, WANTED)
    found = TaggedFile(path, encoding, replaced=replaced)
    if header_of(text) is not None:
        read_table(text, found)
    else:
        read_columns(text, found)
    _require_entities(found)
    return found


def _require_entities(found: TaggedFile) -> None:
    if any(tag != OUTSIDE for sentence in found.sentences for tag in sentence.tags):
        return
    if found.wrong:
        raise LabError(
            "no sentence of it can be read",
            got=f"{found.path}: {found.wrong_lines:,} wrong lines; {'; '.join(map(str, found.wrong[:LISTED]))}",
            expected=found.layout,
        )
    raise LabError(
        "no word is tagged as an entity",
        got=f"{found.path}: {len(found.sentences):,} sentences of {OUTSIDE} alone",
        expected="tags like B-per and I-per in the last column",
    )
