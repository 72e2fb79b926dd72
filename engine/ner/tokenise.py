"""Plain text to sentences of tokens, as the Groningen Meaning Bank and the Penn Treebank part them. Torch-free.

White space parts chunks of text; a chunk is peeled from both ends and its rest cut where no blank should be needed:

    She said: "They can't."   She said : " They ca n't . "        leaders' U.S.'s   leaders ' U.S. 's
    $1,000.5 and 70%          $ 1,000.5 and 70 %                  oil-rich AT&T     as they are

A full stop stays with an abbreviation (U.S., Mr., Nov., J.) and parts from any other word. A token knows where it
stands: text[start:end] is the token, tokens follow each other, and all but white space lies in one. Every step moves
on by at least a character and none looks back, so the time is linear whatever the text.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Token(NamedTuple):
    text: str
    start: int  # characters from the beginning of the text
    end: int  # one beyond the last


CHUNK = re.compile(r"\S+")
BLANK_LINE = re.compile(r"\n[^\S\n]*\n")

# Typographic quotes by their numbers, for they look like others: 2018-201e, 2039 203a (single), 00ab 00bb (double).
APOSTROPHE = "\u2019"
OPENING = frozenset("\"'`([{<\u201c\u2018\u00ab\u201e\u201a\u2039¿¡$€£¥*")  # parts from the beginning of a word
CLOSING = frozenset("\"'`)]}>\u201d\u2019\u00bb\u201c\u203a,;:!?%*")  # ... and from its end
ANYWHERE = frozenset('"\u201c\u201d\u00ab\u00bb()[]{};!?$€£¥%')  # ... and wherever it stands
STOPS = frozenset([".", "!", "?", "…"])
AFTER_STOP = frozenset("\"'`)]}\u201d\u2019\u00bb")  # of the sentence that a stop ended, if no blank parts them
BEFORE_WORD = frozenset("\"'`([{\u201c\u2018\u00ab\u201e¿¡")  # a sentence may begin with

CLITICS = frozenset(["'s", "'re", "'ve", "'ll", "'d", "'m"])
DECADE = re.compile(r"['\u2019`]\d0s\b")  # '80s
PLACE = re.compile(r"\w{1,20}://|www\.|[^\s@]{1,64}@[\w-]{1,64}\.\w")  # a web or mail address: not cut inside
INITIALS = re.compile(r"(?:[^\W\d_]\.){2,8}")  # U.S., a.m.
_NEVER_WORDS = """
    mr mrs dr prof lt sgt capt maj cmdr adm cpl pvt gov messrs jr sr corp ltd bros dept univ assn blvd vs etc e.g i.e
    cf approx ph.d jan feb apr jul aug sept oct nov ariz calif colo conn fla kan ky mich minn mont neb nev okla tenn tex
    wis wyo"""
_WORDS_IN_LOWER_CASE = """
    ms st mt ft gen col rep sen rev hon pres co inc ave est al mar jun sep dec ala ark del ga ill ind la md miss mo ore
    pa va vt wash"""
ONLY_CAPITALISED = frozenset(_WORDS_IN_LOWER_CASE.split())
ABBREVIATIONS = ONLY_CAPITALISED.union(_NEVER_WORDS.split())
BEFORE_A_NUMBER = frozenset(["no", "nos", "fig", "figs", "art", "sec", "vol", "pp", "p"])  # No. 5


def tokenise(text: str) -> list[list[Token]]:
    """Sentences of tokens. No sentence is empty; a text of white space has none."""
    sentences: list[list[Token]] = []
    current: list[Token] = []
    chunks = list(CHUNK.finditer(text))
    for place, chunk in enumerate(chunks):
        after = chunks[place + 1] if place + 1 < len(chunks) else None
        gap = text[chunk.end() : after.start()] if after else "\n\n"
        blank_line = BLANK_LINE.search(gap) is not None if "\n" in gap else False
        first = text[after.start()] if after else ""
        tokens = _tokens(text, chunk.start(), chunk.end(), last=blank_line, before_digit=first.isdigit())
        current += tokens
        if blank_line or (_ends(current) and _begins(first)):
            sentences.append(current)
            current = []
    return sentences + [current] * bool(current)


# --- sentences -------------------------------------------------------------------------------------------------------


def _ends(tokens: list[Token]) -> bool:
    """Whether the last token ends a sentence, quotes and brackets right behind it left aside."""
    place = len(tokens) - 1
    while place > 0 and tokens[place].text in AFTER_STOP and tokens[place - 1].end == tokens[place].start:
        place -= 1
    return tokens[place].text in STOPS or tokens[place].text.startswith("..")


def _begins(first: str) -> bool:
    """Whether a sentence may begin with this character."""
    return first.isupper() or first.istitle() or first.isdigit() or first in BEFORE_WORD


# --- one chunk between white space -----------------------------------------------------------------------------------


def _tokens(text: str, start: int, end: int, last: bool, before_digit: bool) -> list[Token]:
    """The tokens of text[start:end], which holds no white space. `last` in its paragraph; a digit stands behind it."""
    front: list[Token] = []
    back: list[Token] = []  # from the end

    def take(tokens: list[Token], begin: int, stop: int) -> None:
        tokens.append(Token(text[begin:stop], begin, stop))

    while start < end:
        # A chunk may be a clitic alone, in a text that was tokenised already.
        if _is_clitic(text, start, end) or DECADE.match(text, start, end):
            break
        stop = _run(text, start, end)
        if stop - start < 2:
            number = text[start] == "#" and text[start + 1 : start + 2].isdigit()
            if not (number or text[start] in OPENING or (text[start] in CLOSING and end - start > 1)):
                break
            stop = start + 1
        take(front, start, stop)
        start = stop
    while start < end:
        begin = _run_back(text, start, end)
        if end - begin < 2:
            begin = end - 1
            dot = text[begin] == "." and begin > start and not _keeps_dot(text, start, end, last, before_digit)
            clitic = _is_clitic(text, start, end)
            if clitic or not (dot or text[begin] in CLOSING or text[begin] == "…"):
                break
        take(back, begin, end)
        end = begin
        last = before_digit = False  # something follows in the sentence
    if start < end:
        front += _core(text, start, end)
    return front + back[::-1]


def _run(text: str, start: int, end: int) -> int:
    """The end of a run of full stops or of hyphens that begins at `start`."""
    stop = start
    while stop < end and text[stop] == text[start] and text[start] in ".-":
        stop += 1
    return stop


def _run_back(text: str, start: int, end: int) -> int:
    begin = end
    while begin > start and text[begin - 1] == text[end - 1] and text[end - 1] in ".-":
        begin -= 1
    return begin


def _is_clitic(text: str, start: int, end: int) -> bool:
    return end - start <= 3 and _straight(text[start:end]).lower() in (*CLITICS, "n't")


def _straight(piece: str) -> str:
    return piece.replace(APOSTROPHE, "'")


def _keeps_dot(text: str, start: int, end: int, last: bool, before_digit: bool) -> bool:
    """Whether the full stop at the end of text[start:end] belongs to the word before it."""
    if end - start > 24:  # no abbreviation is so long
        return False
    before, _, word = text[start : end - 1].rpartition("-")
    if before[-1:].isdigit():  # 06-Mar
        return False
    if INITIALS.fullmatch(word + "."):
        return True
    if len(word) == 1 and word.isalpha():  # an initial, unless the sentence ends here: vitamin C.
        return word.isupper() and not last
    lower = word.lower()
    if lower in BEFORE_A_NUMBER:
        return before_digit
    return lower in ABBREVIATIONS and (word[0].isupper() or lower not in ONLY_CAPITALISED)


def _core(text: str, start: int, end: int) -> list[Token]:
    """The middle of a chunk: cut at signs that part words wherever they stand, then at clitics."""
    if PLACE.match(text, start, end):
        return [Token(text[start:end], start, end)]
    found: list[Token] = []
    begin = place = start
    while place < end:
        stop = _cut(text, start, place, end)
        if stop == place:
            place += 1
            continue
        if begin < place:
            found += _words(text, begin, place)
        found.append(Token(text[place:stop], place, stop))
        begin = place = stop
    return found + (_words(text, begin, end) if begin < end else [])


def _cut(text: str, start: int, place: int, end: int) -> int:
    """The end of the sign at `place` if it is a token of its own, else `place`."""
    sign = text[place]
    if sign.isalnum():
        return place
    if sign in ANYWHERE:
        return place + 1
    if sign in ",:" and place > start:
        inside = place + 1 < end and text[place - 1].isdigit() and text[place + 1].isdigit()
        return place if inside else place + 1
    if sign in ".-":
        stop = _run(text, place, end)
        return stop if stop - place > 1 else place
    return place + 1 if sign in "…—" else place


def _words(text: str, start: int, end: int) -> list[Token]:
    """A word, parted from a clitic at its end."""
    tail = _straight(text[max(start, end - 3) : end]).lower()
    cut = end
    if (tail == "n't" and end - start > 3) or (end - start == 6 and text[start:end].lower() == "cannot"):
        cut = end - 3
    else:
        for length in (2, 3):
            if end - start > length and tail[-length:] in CLITICS:
                cut = end - length
    words = [Token(text[start:cut], start, cut)]
    return words + [Token(text[cut:end], cut, end)] * (cut < end)
