"""The embedded sample: the same for everybody, all eight types, new names in validation and test, no text twice."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path

import pytest

from engine.errors import LabError
from engine.files import sha256
from engine.ner.corpus import Corpus, type_of
from engine.ner.sample import COUNTS, Writer, generated, open_sample
from engine.ner.sample_grammar import ENTITIES, PHRASES, TEMPLATES, WORDS
from engine.ner.sample_names import gentilic, pools
from engine.ner.schemes import mistakes, transitions
from engine.ner.settings import NerSettings
from engine.ner.splitting import text_of
from engine.task import SPLITS
from engine.text.dice import Dice
from engine.text.vectors import Vectors, read_vectors

FINGERPRINT = "22a8f56ab33d4f65bb5c56fe03fa302c1f1b23c00b65f84612ac1dd912b6bb7f"
VECTORS = "f1d21d528427d896fac7df3ff07ea26dd4ef0f76521c041bcfb4436722ca9d2c"  # SHA-256 of their file


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def sample(cache: Path) -> Corpus:
    return open_sample("sample", NerSettings(), cache, lambda _: None)


@pytest.fixture(scope="module")
def vectors(sample: Corpus) -> Vectors:
    assert sample.vectors is not None
    words = {token.lower() for split in SPLITS for each in sample.split(split) for token in each.tokens}
    return read_vectors(sample.vectors, words, 0, lambda _: None)


def entities(sample: Corpus, split: str) -> Counter[tuple[str, str]]:
    """(type, words) -> times."""
    found: list[tuple[str, str]] = []
    for sentence in sample.split(split):  # type: ignore[arg-type]
        for token, tag in zip(sentence.tokens, sentence.tags, strict=True):
            if tag[0] == "B":
                found.append((type_of(tag), token))
            elif tag[0] == "I":
                found[-1] = (found[-1][0], f"{found[-1][1]} {token}")
    return Counter(found)


def test_is_the_same_on_every_machine(sample: Corpus) -> None:
    """When a word or a number moved: raise SAMPLE_VERSION, and note the new hashes above."""
    assert sample.vectors is not None
    assert (sample.fingerprint, sha256(sample.vectors)) == (FINGERPRINT, VECTORS)


def test_another_seed_gets_the_same_and_its_vectors_are_written_once(sample: Corpus, cache: Path) -> None:
    said: list[str] = []
    again = open_sample("sample", NerSettings(seed=99, split_seed=99), cache, said.append)
    assert (again.fingerprint, again.sentences, said) == (sample.fingerprint, sample.sentences, [])


def test_generated_again_it_is_the_same_to_the_byte(sample: Corpus, tmp_path: Path) -> None:
    generated.cache_clear()
    again = open_sample("sample", NerSettings(), tmp_path, print)
    assert again.sentences == sample.sentences
    assert again.vectors is not None
    assert sample.vectors is not None
    assert again.vectors.read_bytes() == sample.vectors.read_bytes()


def test_sizes_and_types(sample: Corpus) -> None:
    assert sample.counts == COUNTS == {"train": 3_000, "val": 600, "test": 600}
    assert sample.types == ("art", "eve", "geo", "gpe", "nat", "org", "per", "tim")
    for split in SPLITS:
        counts = Counter(name for name, _ in entities(sample, split).elements())
        assert min(counts.values()) >= COUNTS[split] / 20


def test_no_text_is_there_twice(sample: Corpus) -> None:
    texts = [text_of(each) for split in SPLITS for each in sample.split(split)]
    assert len(set(texts)) == sum(COUNTS.values())


def test_tags_are_sound_iob2(sample: Corpus) -> None:
    for split in SPLITS:
        assert mistakes(transitions(each.tags for each in sample.split(split)), "IOB2") == 0
        assert all(len(each.tokens) == len(each.tags) and 4 <= len(each.tokens) < 60 for each in sample.split(split))


def test_nothing_of_the_grammar_is_left_in_a_sentence(sample: Corpus) -> None:
    text = " ".join(token for split in SPLITS for each in sample.split(split) for token in each.tokens)
    assert not re.search(r"[\[\]{}<>|]|  ", text)


def test_two_fifths_or_so_of_the_later_entities_are_new(sample: Corpus) -> None:
    known = entities(sample, "train")
    for split in ("val", "test"):
        found = entities(sample, split)
        new = sum(times for entity, times in found.items() if entity not in known)
        assert 0.35 < new / found.total() < 0.6


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("Washington", {"per", "geo"}),
        ("Amazon", {"geo", "org"}),
        ("Jordan", {"per", "gpe", "geo"}),
        ("May", {"per", "tim"}),
        ("Chelsea", {"per", "geo", "org"}),
        ("Katrina", {"per", "nat"}),
    ],
)
def test_some_names_mean_several_things(sample: Corpus, name: str, types: set[str]) -> None:
    assert types <= {kind for kind, words in entities(sample, "train") if words.split()[0] == name}


def test_names_are_words_as_well(sample: Corpus) -> None:
    """Only capitals and context tell Will from will."""
    for name in ("will", "mark", "rose", "may"):
        tags = Counter(
            tag
            for each in sample.split("train")
            for token, tag in zip(each.tokens, each.tags, strict=True)
            if token.lower() == name
        )
        assert tags["O"] > 0
        assert tags.total() > tags["O"]


def test_remembering_each_words_commonest_tag_is_not_enough(sample: Corpus) -> None:
    seen: dict[str, Counter[str]] = {}
    for each in sample.split("train"):
        for token, tag in zip(each.tokens, each.tags, strict=True):
            seen.setdefault(token, Counter())[tag] += 1
    right = total = 0
    for each in sample.split("test"):
        guess = [seen[token].most_common(1)[0][0] if token in seen else "O" for token in each.tokens]
        right += sum(x == y != "O" for x, y in zip(guess, each.tags, strict=True))
        total += sum(tag != "O" for tag in each.tags)
    assert 0.4 < right / total < 0.8


def test_there_is_noise(sample: Corpus) -> None:
    train = sample.split("train")
    assert 30 < sum(all(token == token.upper() for token in each.tokens) for each in train) < 150
    lower = sum(all(token == token.lower() for token in each.tokens) and set(each.tags) != {"O"} for each in train)
    assert 60 < lower < 300
    assert 30 < sum(each.tokens[-1] not in (".", "?", "!") for each in train) < 300


class TestGrammar:
    def test_every_slot_and_list_it_names_is_there(self) -> None:
        names = pools(Dice("any"))
        texts = [
            *TEMPLATES,
            *itertools.chain(*PHRASES.values()),
            *itertools.chain(*(looks for _, looks in ENTITIES.values())),
        ]
        for text in texts:
            for slot in re.findall(r"\{(\w+)\}", text):
                assert (slot in ENTITIES) != (slot in PHRASES), slot
            for kind in re.findall(r"<(\w+)>", text):
                assert (kind in names) != (kind in WORDS), kind

    def test_every_slot_and_list_that_is_there_is_used(self) -> None:
        texts = " ".join(
            [
                *TEMPLATES,
                *itertools.chain(*PHRASES.values()),
                *itertools.chain(*(looks for _, looks in ENTITIES.values())),
            ]
        )
        assert not [slot for slot in (*ENTITIES, *PHRASES) if f"{{{slot}}}" not in texts and slot != "lead"]
        assert not [kind for kind in WORDS if f"<{kind}>" not in texts]

    def test_training_draws_from_the_first_part_of_every_pool_alone(self) -> None:
        names = {kind: [f"{kind}{number}" for number in range(10)] for kind in pools(Dice("any"))}
        for new, drawn in ((0.0, "012345"), (1.0, "6789")):
            writer = Writer(Dice("x"), names, new)
            words = " ".join(word.text.lower() for _ in range(300) for word in writer.sentence())
            assert {number for kind, number in re.findall(rf"\b({'|'.join(names)})(\d)\b", words)} == set(drawn)

    @pytest.mark.parametrize(
        ("country", "adjective"),
        [
            ("Velmia", "Velmian"),
            ("Dorland", "Dorlandish"),
            ("Krastan", "Krastani"),
            ("Moro", "Morese"),
            ("Tal", "Talese"),
        ],
    )
    def test_gentilics(self, country: str, adjective: str) -> None:
        assert gentilic(country) == adjective


class TestVectors:
    def test_are_in_gloves_format_and_cover_most_words(self, sample: Corpus, vectors: Vectors) -> None:
        assert vectors.dim == 100
        assert vectors.skipped == 0
        assert 0.8 < vectors.coverage < 0.9

    def test_words_of_a_kind_lie_near_each_other(self, vectors: Vectors) -> None:
        values = dict(zip(vectors.words, vectors.values, strict=True))

        def near(one: str, other: str) -> float:
            x, y = values[one], values[other]
            return float(x @ y / (x @ x * (y @ y)) ** 0.5)

        assert near("monday", "friday") > near("monday", "oil") + 0.1
        assert near("oil", "wheat") > near("oil", "minister") + 0.1

    def test_cover_names_that_training_never_saw(self, sample: Corpus, vectors: Vectors) -> None:
        known = {token.lower() for each in sample.split("train") for token in each.tokens}
        assert sum(word not in known for word in vectors.words) > 100

    def test_a_folder_that_cannot_be_written_is_an_error_with_its_name(self, tmp_path: Path) -> None:
        (tmp_path / "ner").write_text("in the way")
        with pytest.raises(LabError, match="cannot be written"):
            open_sample("sample", NerSettings(), tmp_path, print)
