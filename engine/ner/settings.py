"""Settings of the entity lab."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from engine.settings import TrainSettings, setting
from engine.text.settings import SplitSettings
from engine.text.sources import whole_encoder, whole_vectors


class NerSettings(SplitSettings, TrainSettings):
    """A BiLSTM, or a pretrained encoder, that tags the entities of sentences."""

    monitor: Literal["loss", "accuracy", "micro_f1", "macro_f1", "weighted_f1"] = setting(
        "micro_f1", "validation metric that picks the best checkpoint and stops early"
    )
    loss_per: Literal["token", "sentence"] = setting(
        "token", "what the loss of a batch is averaged over; sentence is the log-likelihood of Lample et al."
    )
    scheme: Literal["default", "strict"] = setting(
        "default", "seqeval's reading of tags: default lets an entity begin with I-, strict is IOB2"
    )
    # words
    word_dim: int = setting(100, "width of a word's vector", ge=1, le=4_096, lacks="encoder")
    vectors: str = setting(
        "",
        "file of pretrained word vectors, as GloVe writes them (variants that start from them); random = without",
        source=True,
        needs=("vectors",),
    )
    extra_vectors: int = setting(
        20_000,
        "most frequent words of the vectors' file that are known though training never saw them",
        "words",
        ge=0,
        le=10_000_000,
        needs=("vectors",),
    )
    fold_case: bool = setting(True, "words are looked up in lower case; characters keep theirs", lacks="encoder")
    zero_digits: bool = setting(False, "words are looked up with every digit as 0", lacks="encoder")
    min_count: int = setting(
        1, "words rarer than this in training are unknown", "occurrences", ge=1, le=1_000_000, lacks="encoder"
    )
    singleton_dropout: float = setting(
        0.0, "chance that a word seen once in training is taken as unknown", ge=0.0, le=1.0, lacks="encoder"
    )
    word_dropout: float = setting(
        0.0, "chance that any word is taken as unknown in training", ge=0.0, lt=1.0, lacks="encoder"
    )
    case_dim: int = setting(
        0, "width of a vector for a word's capitals and digits; 0 = none", ge=0, le=256, lacks="encoder"
    )
    # characters
    character_network: Literal["lstm", "cnn"] = setting(
        "lstm", "what reads a word's characters (variants with them)", needs=("characters",)
    )
    character_dim: int = setting(25, "width of a character's vector", ge=1, le=1_024, needs=("characters",))
    character_hidden: int = setting(
        25, "character LSTM: units per direction; CNN: half its filters", "units", ge=1, le=4_096, needs=("characters",)
    )
    max_characters: int = setting(
        24, "characters of a word that are read, half of them at its end", ge=2, le=256, needs=("characters",)
    )
    # sentences
    hidden: int = setting(100, "units of the LSTM per direction", "units", ge=1, le=8_192, lacks="encoder")
    layers: int = setting(1, "bidirectional LSTM layers", "layers", ge=1, le=16, lacks="encoder")
    dropout: float = setting(0.5, "share of the inputs of every layer that is dropped", ge=0.0, lt=1.0)
    dropout_per: Literal["token", "sentence"] = setting(
        "token", "what a mask of the dropout is drawn for; all tokens of a sentence may share one", lacks="encoder"
    )
    max_tokens: int = setting(150, "longer sentences are read in pieces of at most this", "tokens", ge=4, le=4_096)
    forbid_illegal: bool = setting(
        True, "the CRF never follows a tag by one that BIO forbids after it (variants with it)", needs=("crf",)
    )
    # pretrained encoder
    encoder: str = setting(
        "bert-base-cased",
        "pretrained encoder: a name on the hub, or ./FOLDER (variant encoder-crf); scratch = a small new one",
        source=True,
        needs=("encoder",),
    )
    encoder_lr: float = setting(
        3e-5, "learning rate of the encoder at the top of the schedule", gt=0.0, le=1.0, needs=("encoder",)
    )

    def rates(self) -> dict[str, float]:
        return {"encoder.": self.encoder_lr}

    _whole_vectors = field_validator("vectors")(whole_vectors)
    _whole_encoder = field_validator("encoder")(whole_encoder)
