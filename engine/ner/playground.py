"""What the inference process does with a trained tagger: tag a text, show examples with what stands in the corpus.

Each operation takes the loaded model and the request's arguments, checks them, and returns what goes back as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.arguments import number, one_of, split_of
from engine.errors import UsageError
from engine.jobs import Say, TrainedModel
from engine.ner.corpus import Sentence
from engine.ner.tagging import Tagged
from engine.ner.tagging import tag as tag_all
from engine.ner.task import NerTask
from engine.ner.tokenise import Token, tokenise
from engine.task import Split

Answer = dict[str, Any]
Arguments = Mapping[str, Any]
ORDERS = ("corpus", "wrong")  # as they stand, or those that went wrong, the surest first
MOST = 1_000  # examples asked for at a time
MEMORY = "tagged"  # of the model: what it made of whole splits


def tag(model: TrainedModel, args: Arguments, cache: Path, say: Say) -> Answer:
    """Tag plain text, or sentences of tokens: {text, lines | sentences, second}.

    `lines`: a sentence ends with its line, at the latest. `second`: with the second-best taggings, which take a while
    for a long text.
    """
    task, network = ready(model)
    if args.get("sentences") is not None:
        sentences, offsets = checked_sentences(args["sentences"]), None
    else:
        whole = checked_text(args.get("text"))
        found = by_line(whole) if args.get("lines") else tokenise(whole)
        sentences = [[token.text for token in each] for each in found]
        offsets = [[[token.start, token.end] for token in each] for each in found]
    answers = task.predict(network, sentences, second=bool(args.get("second", True)))
    for place, each in enumerate(answers):
        each["offsets"] = offsets[place] if offsets is not None else []
    return {"types": list(task.vocabulary.types), "sentences": answers}


def by_line(text: str) -> list[list[Token]]:
    """The sentences of each line, with their places in the whole text."""
    found, begins = [], 0
    for line in text.split("\n"):
        for sentence in tokenise(line):
            found.append([Token(each.text, begins + each.start, begins + each.end) for each in sentence])
        begins += len(line) + 1
    return found


def examples(model: TrainedModel, args: Arguments, cache: Path, say: Say) -> Answer:
    """Sentences of a split, tagged, with their gold tags: {split, order, start, count}."""
    split, order = split_of(args, "test"), one_of(args, "order", "corpus", ORDERS)
    start, count = number(args, "start", 0, 0, 2**31), number(args, "count", 1, 1, MOST)
    task, network = ready(model)
    if MEMORY not in model.memory:
        say("opening the corpus")
        model.attach_own_data(model.settings, cache, say)
        model.memory[MEMORY] = {}
    sentences = task.encoded(split).sentences
    if order == "corpus":
        chosen = list(range(start, min(start + count, len(sentences))))
        total = len(sentences)
    else:
        wrong = wrong_ones(model, task, network, split, say)
        chosen, total = wrong[start : start + count], len(wrong)
    found = task.predict(network, [sentences[index].tokens for index in chosen])
    for index, each in zip(chosen, found, strict=True):
        gold = list(sentences[index].tags)
        each |= {"offsets": [], "gold": gold, "index": index, "correct": gold == each["tags"]}
    return {"split": split, "order": order, "total": total, "types": list(task.vocabulary.types), "sentences": found}


def wrong_ones(model: TrainedModel, task: NerTask, network: Any, split: Split, say: Say) -> list[int]:
    """Places of the sentences tagged otherwise than the corpus does, those it was surest of first."""
    known: dict[str, list[int]] = model.memory[MEMORY]
    if split not in known:
        encoded = task.encoded(split)
        say(f"tagging {len(encoded.sentences):,} sentences")
        tagged = tag_all(network, encoded, task.device, task.settings.batch_size)
        wrong = [place for place, each in enumerate(encoded.sentences) if differs(task, each, tagged, place)]
        known[split] = sorted(wrong, key=lambda place: -tagged.best[place].log_probability)
    return known[split]


def differs(task: NerTask, sentence: Sentence, tagged: Tagged, place: int) -> bool:
    return tuple(task.names(tagged.best[place])) != sentence.tags


def ready(model: TrainedModel) -> tuple[NerTask, Any]:
    """The task, which needs no data to tag, and the network in evaluation mode."""
    task: NerTask = model.task  # type: ignore[assignment]
    if not hasattr(task, "reader"):
        task.attach(None, model.settings, model.artifacts, model.learner.device)  # type: ignore[arg-type]
    return task, model.learner.evaluation_model()


def checked_text(value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError("text must be a text", got=repr(value)[:80])
    return value


def checked_sentences(value: Any) -> list[Sequence[str]]:
    """Sentences as lists of tokens; an empty one is refused: nothing could be said of it."""
    good = isinstance(value, list) and all(
        isinstance(each, list) and each and all(isinstance(token, str) and token for token in each) for each in value
    )
    if not good:
        raise UsageError("sentences must be lists of tokens, each with one at least", got=repr(value)[:80])
    return list(value)
