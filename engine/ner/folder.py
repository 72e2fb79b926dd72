"""Any corpus of tagged text: a folder with files for its splits, or one file that is split here.

    train.txt  dev.txt  test.txt     also valid, val, validation, testa and testb; .conll .bio .iob .iob2 .tsv .csv
    train.txt  test.txt              the missing splits are split off train, see `splitting`
    anything.csv                     ... and so are both, from one file, alone in a folder or named itself

Shares of the splits are of the file they are split off. The fingerprint is of what the files hold: names, layout,
scheme and the split's seed are not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.errors import LabError
from engine.ner import facts
from engine.ner.corpus import Corpus, Sentence
from engine.ner.formats import read_tagged
from engine.ner.identity import fingerprint_of, types_of
from engine.ner.listing import list_files, unseen_file
from engine.ner.schemes import Scheme, mistakes, recognise, to_iob2, transitions
from engine.ner.settings import NerSettings
from engine.ner.splitting import split_off
from engine.ner.tagged import TaggedFile
from engine.task import SPLITS, Split
from engine.text.listing import LISTED

SHOWN = 20  # wrong lines that a check lists

Say = Callable[[str], None]


class KnowsTypes(Protocol):
    """Of a trained run's artifacts: the types of entities that it can tell."""

    @property
    def types(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Read:
    """A file in IOB2."""

    file: TaggedFile
    scheme: Scheme
    repaired: int
    sentences: list[Sentence]

    @property
    def findings(self) -> list[str]:
        name, file = self.file.path.name, self.file
        found = [f"{name}: {file.layout}; tags in {self.scheme}; {file.encoding}"]
        if file.replaced:
            found.append(f"{name}: {file.replaced:,} bytes that cp1252 does not know")
        if self.repaired:
            found.append(f"{name}: {self.repaired:,} tags that {self.scheme} forbids where they stand, repaired")
        if file.dropped:
            found.append(f"{name}: left out: {file.dropped:,} sentences with {file.wrong_lines:,} wrong lines")
        return found


def open_corpus(source: str | Path, settings: NerSettings, cache: Path, say: Say) -> Corpus:
    """The corpus at a path, with all three splits. Wrong lines are refused, or their sentences left out."""
    reads = _read_all(Path(source).expanduser())
    _judge(reads.values(), settings.broken)
    corpus = _corpus(reads, settings)
    for line in corpus.findings:
        say(line)
    return corpus


def open_unseen(
    source: str | Path, split: Split, settings: NerSettings, artifacts: KnowsTypes, cache: Path, say: Say
) -> Corpus:
    """Sentences that a run never saw, as its `split`: a file, the folder's file of that split, or its only file."""
    read = _read(unseen_file(Path(source).expanduser(), split))
    _judge([read], settings.broken)
    types = types_of([read.sentences])
    if strange := sorted(set(types) - set(artifacts.types)):
        raise LabError(
            "the run knows no such entities",
            got=f"{', '.join(strange[:LISTED])} in {read.file.path}",
            expected=f"types of entities that the run was trained on: {', '.join(artifacts.types)}",
        )
    for line in read.findings:
        say(line)
    given = {split: read.sentences}
    return Corpus(fingerprint_of(given), types, given, findings=tuple(read.findings))


def check(source: str | Path, settings: NerSettings, cache: Path, say: Say) -> list[str]:
    """Everything worth knowing about a corpus before training on it; what would stop a training is raised."""
    reads = _read_all(Path(source).expanduser())
    corpus = _corpus(reads, settings)
    found = list(corpus.findings)
    for read in reads.values():
        found += [f"{read.file.path.name}, {line}" for line in read.file.wrong[:SHOWN]]
        if read.file.wrong_lines > SHOWN:
            found.append(f"{read.file.path.name}: and {read.file.wrong_lines - SHOWN:,} more wrong lines")
    if any(read.file.wrong_lines for read in reads.values()):
        found.append("a training refuses wrong lines, or leaves their sentences out with --set broken=skip")
    return found + facts.of(corpus.sentences, settings.max_tokens)


# --- from files to splits --------------------------------------------------------------------------------------------


def _read_all(root: Path) -> dict[Split, Read]:
    files = list_files(root).files
    return {split: _read(files[split]) for split in SPLITS if split in files}


def _read(path: Path) -> Read:
    file = read_tagged(path)
    found = transitions(sentence.tags for sentence in file.sentences)
    scheme = recognise(found)
    repaired = mistakes(found, scheme)
    if scheme == "IOB2" and not repaired:
        return Read(file, scheme, 0, file.sentences)
    sentences = [Sentence(sentence.tokens, to_iob2(sentence.tags)) for sentence in file.sentences]
    return Read(file, scheme, repaired, sentences)


def _judge(reads: Collection[Read], broken: str) -> None:
    """Refuse wrong lines, if the user wants that."""
    wrong = [(read.file.path.name, line) for read in reads for line in read.file.wrong]
    if broken != "refuse" or not wrong:
        return
    count = sum(read.file.wrong_lines for read in reads)
    more = f"; and {count - LISTED:,} more" if count > LISTED else ""
    raise LabError(
        f"{count:,} line{'s' * (count != 1)} cannot be read",
        got="; ".join(f"{name}, {line}" for name, line in wrong[:LISTED]) + more,
        expected="; ".join(f"{read.file.path}: {read.file.layout}" for read in reads if read.file.wrong),
        hint="mend them, or leave their sentences out: --set broken=skip to train, --broken skip to evaluate",
    )


def _corpus(reads: Mapping[Split, Read], settings: NerSettings) -> Corpus:
    given: dict[Split, Sequence[Sentence]] = {split: read.sentences for split, read in reads.items()}
    findings = [line for read in reads.values() for line in read.findings] + facts.leaks(given)
    shares: dict[Split, float] = {"test": settings.test_fraction, "val": settings.validation_fraction}
    missing = {split: share for split, share in shares.items() if split not in given}
    sentences = dict(given)
    if missing:
        sentences |= split_off(given["train"], missing, settings.split_seed)
        findings.append(f"split off {reads['train'].file.path.name}: {' and '.join(missing)}")
    in_order: dict[Split, Sequence[Sentence]] = {split: sentences[split] for split in SPLITS}
    return Corpus(fingerprint_of(given), types_of(given.values()), in_order, findings=tuple(findings))
