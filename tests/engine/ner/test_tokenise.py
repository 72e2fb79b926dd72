# ruff: noqa: RUF001  (typographic signs are what is tested)
"""From plain text to sentences of tokens: as the corpus parts them, and never losing a character."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.ner.tokenise import tokenise

EVERYTHING = st.text(st.characters()) | st.text(
    st.sampled_from(" \n.,'\"-–—…()’`$%#0159aBnst!?:;/@wI\x00\x85\u2028🙂é")
)


def flat(text: str) -> list[str]:
    return [token.text for sentence in tokenise(text) for token in sentence]


def sentences(text: str) -> list[str]:
    return [" ".join(token.text for token in sentence) for sentence in tokenise(text)]


@given(EVERYTHING)
@example("'")
@example("…'s")
@example("n't.")
@example("\x1c.\x1c")
def test_every_character_but_white_space_is_in_one_token_in_order(text: str) -> None:
    made = tokenise(text)
    assert all(made)
    place = 0
    for token in (token for sentence in made for token in sentence):
        assert text[token.start : token.end] == token.text != ""
        assert text[place : token.start].strip() == ""
        assert not any(sign.isspace() for sign in token.text)
        place = token.end
    assert text[place:].strip() == ""


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("He left.", "He left ."),
        ("yes, no; maybe: (so) [what]?!", "yes , no ; maybe : ( so ) [ what ] ? !"),
        ("Mali's leaders' plan", "Mali 's leaders ' plan"),
        ("the U.S.'s, Ann’s", "the U.S. 's , Ann ’s"),
        (
            "They don't, can't, won’t; I'll, we're, you've, he'd, I'm",
            "They do n't , ca n't , wo n’t ; I 'll , we 're , you 've , he 'd , I 'm",
        ),
        ("I cannot.", "I can not ."),
        ("DON'T", "DO N'T"),
        ("$1,000.5 or $5million, €7 and £8", "$ 1,000.5 or $ 5million , € 7 and £ 8"),
        ("US$5", "US $ 5"),
        ("70% of 2,00,000; 3.5%.", "70 % of 2,00,000 ; 3.5 % ."),
        ("at 10:30 a.m. on Nov. 5, 2003", "at 10:30 a.m. on Nov. 5 , 2003"),
        ("in the 1990s and the '80s", "in the 1990s and the '80s"),
        ("Mr. Bush, Dr. No, J. Smith and St. Louis", "Mr. Bush , Dr. No , J. Smith and St. Louis"),
        ("Wal-Mart Corp. bought Acme Inc., then Co. X", "Wal-Mart Corp. bought Acme Inc. , then Co. X"),
        ("the U.S.-led force in Washington, D.C.", "the U.S.-led force in Washington , D.C."),
        ("Shi'ite, O'Connor, d'Ivoire, al-Qaida, oil-rich", "Shi'ite , O'Connor , d'Ivoire , al-Qaida , oil-rich"),
        ("well--known... or...not… – yes", "well -- known ... or ... not … – yes"),
        ("AT&T, H.I.V./AIDS, bbl/day, 20/20", "AT&T , H.I.V./AIDS , bbl/day , 20/20"),
        ('"Go!" he said. "No."', '" Go ! " he said . " No . "'),
        ("(\"'so'\")", "( \" ' so ' \" )"),
        ("“Go,” he said", "“ Go , ” he said"),
        ("No. 5 said no. On 06-Mar.", "No. 5 said no . On 06-Mar ."),
        ("vitamin C.", "vitamin C ."),
        ("a,b and a:b", "a , b and a : b"),
        ("me@example.org, http://example.org/a,b?c=(d).", "me@example.org , http://example.org/a,b?c=(d ) ."),
        ("#5 and #tag", "# 5 and #tag"),
        ("great🙂 naïve Ångström 東京", "great🙂 naïve Ångström 東京"),
        ("already 's parted , do n't worry .", "already 's parted , do n't worry ."),
        ("", ""),
        (" \n\t ", ""),
    ],
)
def test_words_and_signs_part_as_in_the_corpus(text: str, tokens: str) -> None:
    assert flat(text) == tokens.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He came. She left! Why? 20 stayed.", ["He came .", "She left !", "Why ?", "20 stayed ."]),
        ('He came. "She left."', ["He came .", '" She left . "']),
        ('"He came." She left.', ['" He came . "', "She left ."]),
        ("(He came.) She left.", ["( He came . )", "She left ."]),
        ("He came... She left… Why", ["He came ...", "She left …", "Why"]),
        ("He met Mr. Smith of the U.S. Senate on Nov. 5.", ["He met Mr. Smith of the U.S. Senate on Nov. 5 ."]),
        ("J. R. Smith came.", ["J. R. Smith came ."]),
        ("It cost 3.5 dollars. it was", ["It cost 3.5 dollars . it was"]),
        ("A headline\n\nA text\ngoes on\r\n\r\nand on", ["A headline", "A text goes on", "and on"]),
        ("one.Two", ["one.Two"]),
        ("Ünder. Über", ["Ünder .", "Über"]),
    ],
)
def test_sentences_end_at_stops_before_a_new_beginning_and_at_blank_lines(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "piece",
    ["a", ".", "'", '"', "(-", "a,", "a.b@", "n't", "\n \n", "$1.5-", "A.", "A. ", "://", "''s", "…'", "- ", "0:"],
)
def test_time_grows_with_the_text_and_not_faster(piece: str) -> None:
    """Ten times the text may not take a hundred times as long, of processor time; a quadratic step would."""

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        began = time.process_time()
        tokenise(text)
        return time.process_time() - began

    short = min(seconds(10_000) for _ in range(3))
    assert min(seconds(100_000) for _ in range(2)) < 50 * short + 0.5
