"""The tables of what there is: tasks with their variants, datasets and recipes. Imports in milliseconds.

Everything heavy is named as a "module:attribute" string and loaded when it is used. Adding a variant or a dataset is
one implementation and one row here; the command line, the help, the forms and the tests read these tables.
A row for a task that lives elsewhere can be named in LABAPP_PLUGINS ("module:attribute", comma-separated).
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from engine.errors import UsageError, unknown

Reference = str  # "module:attribute"


@dataclass(frozen=True)
class Variant:
    """One architecture of a task; `options` go to the task's model function as they are."""

    title: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Dataset:
    """One dataset of a task.

    `open` is called as open(source, settings, cache, say) -> data, in a worker; `source` is the path the user gave
    or the row's name, `cache` a folder for what is derived from it. `check(source, settings, cache, say)` returns
    findings. `fetch(folder, from_file, progress)` brings `archive` into `folder`, $LABAPP_HOME/data/<name>: the file
    is there under that name once it is whole. `open_unseen(source, split, settings, artifacts, cache, say)` opens
    data for a run that never saw it. `defaults` are settings that belong to the data.
    """

    title: str
    open: Reference
    defaults: Mapping[str, Any] = field(default_factory=dict)
    check: Reference | None = None
    fetch: Reference | None = None
    archive: str | None = None
    open_unseen: Reference | None = None
    embedded: bool = False


@dataclass(frozen=True)
class TaskRow:
    """One task of the laboratory."""

    name: str
    title: str
    settings: Reference
    implementation: Reference
    recipes: Mapping[str, Reference]  # name -> function (variant, data defaults) -> settings dictionary
    variants: Mapping[str, Variant]
    datasets: Mapping[str, Dataset]
    default_dataset: str
    path_dataset: Dataset | None  # opens a path the user gave
    probe: Reference | None = None  # probe(path) -> settings that belong to the data at a path
    # check(row, variant, data, settings, disk) raises a UsageError where these do not go together, before anything
    # starts; without `disk` it must not look at files
    check: Reference | None = None
    # what the inference process can do with a trained run: name -> function (model, arguments, cache, say) -> answer
    operations: Mapping[str, Reference] = field(default_factory=dict)
    learner: Reference = "engine.learner:TorchLearner"
    examples: str = "examples"  # what throughput counts
    metric: str = "loss"  # by which its runs are compared
    curves_over: str = "epochs"  # or "steps": in reports
    recipe_version: int = 1


def load(reference: Reference) -> Any:
    """The object a "module:attribute" string names."""
    module, _, attribute = reference.partition(":")
    return getattr(importlib.import_module(module), attribute)


_PICTURE_FOLDER = Dataset(
    title="any folder of pictures",
    open="engine.images.folder:open_folder",
    check="engine.images.folder:check",
    open_unseen="engine.images.folder:open_unseen",
)

IMAGES = TaskRow(
    name="images",
    title="image classification with ResNets and interchangeable normalisation",
    settings="engine.images.settings:ImageSettings",
    implementation="engine.images.task:ImageTask",
    recipes={"seed": "engine.images.recipes:seed", "best": "engine.images.recipes:best"},
    variants={
        "torch-bn": Variant("torch's own batch normalisation", {"norm": "torch-bn"}),
        "bn": Variant("batch normalisation", {"norm": "bn"}),
        "in": Variant("instance normalisation", {"norm": "in"}),
        "bin": Variant("batch-instance normalisation", {"norm": "bin"}),
        "ln": Variant("layer normalisation", {"norm": "ln"}),
        "gn": Variant("group normalisation", {"norm": "gn"}),
        "none": Variant("no normalisation", {"norm": "none"}),
    },
    datasets={
        "sample": Dataset(
            title="generated shapes, ten classes, 32x32",
            open="engine.images.sample:open_sample",
            defaults={"image_size": 32},
            embedded=True,
        ),
        "sample-256": Dataset(
            title="generated shapes, ten classes, 256x256 (slow without a GPU)",
            open="engine.images.sample:open_sample",
            defaults={"image_size": 256},
            embedded=True,
        ),
        "cifar10": Dataset(
            title="CIFAR-10: 50,000 + 10,000 photographs, ten classes, 32x32",
            open="engine.images.cifar10:open_cifar10",
            defaults={"image_size": 32},
            fetch="engine.images.cifar10:fetch",
            archive="cifar-10-binary.tar.gz",
        ),
    },
    default_dataset="sample",
    path_dataset=_PICTURE_FOLDER,
    probe="engine.images.listing:probe",
    operations={
        "pictures": "engine.images.playground:pictures",
        "explain": "engine.images.playground:explain",
        "gradcam": "engine.images.playground:gradcam",
    },
    examples="images",
    metric="accuracy",
    recipe_version=2,  # 2: the best recipe compiles
)

NER = TaskRow(
    name="ner",
    title="named entity tagging with bidirectional LSTMs, characters and a CRF",
    settings="engine.ner.settings:NerSettings",
    implementation="engine.ner.task:NerTask",
    recipes={"seed": "engine.ner.recipes:seed", "best": "engine.ner.recipes:best"},
    variants={
        "bilstm": Variant("random word embeddings"),
        "bilstm-glove": Variant("pretrained word vectors", {"vectors": True}),
        "bilstm-char": Variant("pretrained vectors and characters", {"vectors": True, "characters": True}),
        "bilstm-ln": Variant(
            "the same with a layer-normalised LSTM", {"vectors": True, "characters": True, "layer_norm": True}
        ),
        "bilstm-crf": Variant(
            "pretrained vectors, characters and a CRF", {"vectors": True, "characters": True, "crf": True}
        ),
        "encoder-crf": Variant("a pretrained transformer encoder and a CRF", {"encoder": True, "crf": True}),
    },
    datasets={
        "sample": Dataset(
            title="generated sentences with names of eight types",
            open="engine.ner.sample:open_sample",
            embedded=True,
        ),
    },
    default_dataset="sample",
    path_dataset=Dataset(
        title="a file or folder of tagged text",
        open="engine.ner.folder:open_corpus",
        check="engine.ner.folder:check",
        open_unseen="engine.ner.folder:open_unseen",
    ),
    probe="engine.ner.listing:probe",
    check="engine.ner.checking:check",
    operations={"tag": "engine.ner.playground:tag", "examples": "engine.ner.playground:examples"},
    examples="sentences",
    metric="micro_f1",
    curves_over="steps",
)

MATHQA = TaskRow(
    name="mathqa",
    title="math word problems to programs that solve them, with attention and beam search",
    settings="engine.mathqa.settings:MathSettings",
    implementation="engine.mathqa.task:MathTask",
    recipes={"seed": "engine.mathqa.recipes:seed", "best": "engine.mathqa.recipes:best"},
    variants={
        "seq2seq": Variant("BiLSTM encoder and LSTM decoder, pretrained word vectors", {"vectors": True}),
        "attention": Variant("the same with attention", {"vectors": True, "attention": True}),
        "bert-frozen": Variant("a frozen pretrained encoder, attention", {"frozen": True, "attention": True}),
        "bert-finetuned": Variant("a fine-tuned pretrained encoder, attention", {"finetuned": True, "attention": True}),
    },
    datasets={
        "sample": Dataset(
            title="generated word problems over fifteen operations",
            open="engine.mathqa.sample:open_sample",
            defaults={"vectors": "random"},
            embedded=True,
        ),
        "mathqa": Dataset(
            title="MathQA as published: 29,837 + 4,475 + 2,985 problems",
            open="engine.mathqa.archive:open_archive",
            check="engine.mathqa.archive:check",
            fetch="engine.mathqa.archive:fetch",
            archive="MathQA.zip",
        ),
    },
    default_dataset="sample",
    path_dataset=Dataset(
        title="a file or folder of word problems",
        open="engine.mathqa.folder:open_problems",
        check="engine.mathqa.folder:check",
        open_unseen="engine.mathqa.folder:open_unseen",
    ),
    probe="engine.mathqa.listing:probe",
    check="engine.mathqa.checking:check",
    operations={
        "solve": "engine.mathqa.playground:solve",
        "attend": "engine.mathqa.playground:attend",
        "examples": "engine.mathqa.playground:examples",
    },
    examples="problems",
    metric="exact_match",
    recipe_version=3,  # 3: twice the rate; 2: smaller batches, fewer epochs, a weaker length penalty
)

_ROWS = (IMAGES, NER, MATHQA)


@cache
def tasks() -> Mapping[str, TaskRow]:
    """All tasks by name: ours, then those LABAPP_PLUGINS names."""
    rows = {row.name: row for row in _ROWS}
    for reference in filter(None, os.environ.get("LABAPP_PLUGINS", "").split(",")):
        try:
            row = load(reference.strip())
            if not isinstance(row, TaskRow):
                raise TypeError(f"this is a {type(row).__name__}")
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            raise UsageError(
                "a task plug-in cannot be loaded",
                got=f"LABAPP_PLUGINS={reference}: {error}",
                expected="module:attribute of an engine.catalogue.TaskRow",
                hint="correct or unset LABAPP_PLUGINS",
            ) from error
        rows[row.name] = row
    return MappingProxyType(rows)


def task_row(name: str) -> TaskRow:
    if name not in tasks():
        raise unknown("task", name, tasks())
    return tasks()[name]


def parse_target(target: str) -> tuple[TaskRow, str]:
    """`images/bn` -> (row, "bn")."""
    name, slash, variant = target.partition("/")
    row = task_row(name)
    if not slash or variant not in row.variants:
        known = [f"{name}/{each}" for each in row.variants]
        raise unknown("variant" if slash else "variant (TASK/VARIANT)", target, known)
    return row, variant
