"""Words and the types below them: read without colours, in any width, whatever the words are."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from labapp.tag.layout import Line, lay_out
from labapp.tag.replies import Second, Sentence
from labapp.tag.spans import spans_of
from labapp.tag.stack import Stack, stack_of


def sentence(text: str, tags: str, **more: object) -> Sentence:
    tokens = tuple(text.split())
    given = {
        "tokens": tokens, "tags": tuple(tags.split()), "probabilities": (0.9,) * len(tokens),
        "known": (True,) * len(tokens), "entities": spans_of(tags.split()), "probability": 0.5,
    }  # fmt: skip
    return Sentence(**{**given, **more})  # type: ignore[arg-type]


SMITH = sentence("Ann Smith saw U.N. men in Rome .", "B-per I-per O B-org O O B-geo O")


def drawn(stack: Stack, width: int = 80, *, ascii: bool = False) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lay_out(stack, width, ascii=ascii)]


def test_a_type_stands_under_its_words_with_a_line_as_long_as_they_are() -> None:
    assert drawn(stack_of(SMITH)) == [
        "         Ann Smith saw U.N. men in Rome .",
        "tags .50 per──────     org─        geo─",
    ]


def test_rows_that_differ_are_marked_with_signs() -> None:
    other = sentence("Ann Smith saw U.N. men in Rome .", "B-per O O B-geo O O B-geo O")
    gold = ["B-per", "I-per", "O", "O", "O", "O", "B-geo", "I-geo"]
    second = Second(("O", "O", "O", "B-org", "O", "O", "B-geo", "O"), 0.04)
    stack = stack_of(
        sentence(" ".join(SMITH.tokens), " ".join(SMITH.tags), second=second),
        name="A", other=other, gold=gold, second=True,
    )  # fmt: skip
    assert drawn(stack) == [
        "         Ann  Smith saw U.N. men in Rome .",
        "A    .50 per───────     org─        geo─",
        "B    .50 per═ ·····     geo═        geo─",
        "gold     per───────     ····        geo═══",
        "2nd  .04 ···· ·····     org─        geo─",
    ]


def test_terminals_without_unicode_get_signs_they_know() -> None:
    gold = ["B-per", "O", "O", "B-geo", "O", "O", "O", "O"]
    unknown = sentence(" ".join(SMITH.tokens), " ".join(SMITH.tags), known=(True, False, *[True] * 6))
    found = drawn(stack_of(unknown, gold=gold), ascii=True)
    assert found[0] == "         Ann  Smith* saw U.N. men in Rome ."
    assert found[2] == "gold     per= ......     geo=        ...."
    assert all(line.isascii() for line in found)


def test_a_probability_needs_its_room_and_words_make_way() -> None:
    entities = tuple(type(span)(span.type, span.start, span.end, 0.98) for span in SMITH.entities)
    found = drawn(stack_of(sentence(" ".join(SMITH.tokens), " ".join(SMITH.tags), entities=entities)))
    assert found == [
        "         Ann Smith saw U.N.    men in Rome    .",
        "tags .50 per .98──     org .98        geo .98",
    ]


def test_two_entities_side_by_side_have_a_space_between_them() -> None:
    glued = sentence("Rome Paris", "B-geo B-geo", offsets=((0, 4), (4, 9)))
    assert drawn(stack_of(glued))[0].endswith("Rome Paris")


def test_what_stands_together_in_the_text_stands_together() -> None:
    text = sentence("( Rome ) , so", "O B-geo O O O", offsets=((0, 1), (1, 5), (5, 6), (6, 7), (8, 10)))
    assert drawn(stack_of(text)) == ["         (Rome), so", "tags .50  geo─"]


def test_lines_are_broken_between_entities_and_words_not_within() -> None:
    found = drawn(stack_of(SMITH), 27)
    assert found == [
        "Ann Smith saw U.N. men in",
        "per──────     org─",
        "",
        "Rome .",
        "geo─",
    ]
    assert drawn(stack_of(SMITH), 13)[0] == "Ann Smith saw"
    assert drawn(stack_of(SMITH), 8)[:5] == ["Ann", "per", "", "Smith", "per──"]  # it cannot be kept whole


def test_wide_characters_count_twice() -> None:
    text = sentence("東京 is big", "B-geo O O")
    assert drawn(stack_of(text)) == ["         東京 is big", "tags .50 geo─"]


HOSTILE = (
    "\x1b[31mred", "\x00", "\u202eabc", "a\u200db", "\u0301", "x" * 5_000, "[bold]m[/]",
    "\u05e9\u05dc\u05d5\u05dd", "語" * 90,
)  # fmt: skip


@pytest.mark.parametrize("width", [1, 5, 20, 40, 200])
def test_nothing_acts_on_the_terminal_and_nothing_is_wider_than_the_room(width: int) -> None:
    tags = ("B-\x1b[1m", "I-\x1b[1m", "O", "B-" + "t" * 99, "O", "B-per", "O", "O", "B-geo")
    text = Sentence(HOSTILE, tags, (0.5,) * 9, (False,) * 9, spans_of(tags), float("nan"))
    for line in drawn(stack_of(text, gold=("B-per",) * 9), width):
        assert cell_len(line) <= width
        assert not set("\x1b\x00\u202e\u200d\n") & set(line)


words = st.lists(
    st.tuples(st.text(max_size=12), st.sampled_from(["O", "B-a", "I-a", "B-bbbb"]), st.booleans()), max_size=30
)


@given(words, st.integers(1, 100), st.lists(st.sampled_from(["O", "B-a", "I-a"]), min_size=30, max_size=30))
@example([(" 0", "O", False)], 1, ["O"] * 30)  # a token of two words, in one cell
@example([("\u2e80", "O", False)], 1, ["O"] * 30)  # two cells wide
def test_every_row_is_as_wide_as_its_words_and_no_token_is_lost(
    tokens: list[tuple[str, str, bool]], width: int, gold: list[str]
) -> None:
    tags = tuple(tag for _, tag, _ in tokens)
    count = len(tokens)
    text = Sentence(
        tuple(word for word, _, _ in tokens), tags, (0.5,) * count, tuple(known for _, _, known in tokens),
        spans_of(tags), 0.5,
    )  # fmt: skip
    lines = lay_out(stack_of(text, gold=gold[:count]), width)
    assert all(width_of(line) <= width for line in lines)
    blocks = [lines[start : start + 3] for start in range(0, len(lines), 4)]
    for block in blocks:
        assert len({width_of(line) for line in block}) == 1
    shown = sum(look.kind == "word" and text.strip() != "" for line in lines for text, look in line)
    assert shown <= count
    if all(word.strip() for word, _, _ in tokens):
        assert shown == count


def width_of(line: Line) -> int:
    return sum(cell_len(text) for text, _ in line)


def test_a_text_without_spaces_takes_no_longer_than_it_is_long() -> None:
    count = 4_000
    text = Sentence(
        ("語",) * count, ("O",) * count, (0.9,) * count, (True,) * count, (), 0.1,
        tuple((place, place + 1) for place in range(count)),
    )  # fmt: skip
    lines = lay_out(stack_of(text), 89)
    assert len(lines) == 100 * 3 - 1
