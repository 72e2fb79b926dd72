"""Tagged text as a table with a header: the Kaggle copy of the Groningen Meaning Bank, `Sentence #,Word,POS,Tag`.

The number of a sentence stands in its first row only, or in each. Fields may be quoted (the double quote is a word,
and commas are). Other columns are ignored, and their order does not matter.
"""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

from engine.errors import LabError
from engine.ner.tagged import TaggedFile, instead, pair_of

SENTENCE, WORD, TAG = "sentence #", "word", "tag"
NAMES = {"sentence": SENTENCE, "sentence_id": SENTENCE, "sentence id": SENTENCE, "token": WORD}


class Header(NamedTuple):
    delimiter: str
    names: list[str]


def header_of(text: str) -> Header | None:
    """The names in the first line, if it is one of a table of tagged words."""
    first = text[: text.find("\n") if "\n" in text else len(text)]
    for delimiter in ",;\t":
        names = [name.strip(' "').lower() for name in first.split(delimiter)]
        names = [NAMES.get(name, name) for name in names]
        if {SENTENCE, WORD, TAG} <= set(names):
            return Header(delimiter, names)
    return None


def read_table(text: str, found: TaggedFile) -> None:
    header = header_of(text)
    assert header is not None
    found.layout = "a table: " + ", ".join(header.names)
    sentence_at, word_at, tag_at = (header.names.index(name) for name in (SENTENCE, WORD, TAG))
    known: dict[tuple[str, str], tuple[str, str] | str] = {}
    pairs: list[tuple[str, str]] = []
    current, wrong = "", False

    rows = csv.reader(io.StringIO(text, newline=""), delimiter=header.delimiter)
    next(rows)
    try:
        last = rows.line_num
        for row in rows:
            number, last = last + 1, rows.line_num  # a quoted field may run over several lines
            if not row:
                continue
            given = row[sentence_at].strip() if len(row) > sentence_at else ""
            if given and given != current:
                found.close(pairs, wrong)
                current, pairs, wrong = given, [], False
            if len(row) != len(header.names):
                why = instead(len(row), len(header.names))
            elif "\n" in row[word_at]:
                why = "a quoted word that runs over the end of the line"
            else:
                key = (row[word_at], row[tag_at])
                meaning = known.get(key)
                if meaning is None:
                    meaning = known[key] = pair_of(*key)
                if isinstance(meaning, tuple):
                    pairs.append(meaning)
                    continue
                why = meaning
            found.note(number, header.delimiter.join(row), why)
            wrong = True
    except csv.Error as error:
        raise LabError(
            "the table cannot be read",
            got=f"{found.path}, line {rows.line_num:,}: {error}",
            expected="fields with quotes closed in their line",
        ) from error
    found.close(pairs, wrong)
