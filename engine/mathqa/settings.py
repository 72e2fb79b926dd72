"""Settings of the math lab."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from engine.settings import TrainSettings, setting
from engine.text.settings import SplitSettings
from engine.text.sources import whole_encoder, whole_vectors

WIDEST = 64  # beams


class MathSettings(SplitSettings, TrainSettings):
    """An encoder and an LSTM decoder that write the program which solves a word problem."""

    monitor: Literal["loss", "exact_match", "execution_accuracy"] = setting(
        "exact_match", "validation metric that picks the best checkpoint and stops early"
    )
    label_smoothing: float = setting(0.0, "share of the target given to all tokens alike", ge=0.0, lt=1.0)
    # teacher forcing
    teacher_forcing: float = setting(
        0.6, "chance that the decoder reads the gold token rather than its own guess", ge=0.0, le=1.0
    )
    forcing_per: Literal["token", "batch"] = setting(
        "token", "what is drawn for: every token, or a whole batch (faster: a forced batch runs in one pass)"
    )
    forcing_schedule: Literal["constant", "linear", "sigmoid"] = setting(
        "constant", "how that chance goes from teacher_forcing to forcing_final over the training"
    )
    forcing_final: float = setting(0.3, "that chance at the end, unless it is constant", ge=0.0, le=1.0)
    # words
    word_dim: int = setting(100, "width of a word's vector (seq2seq, attention)", ge=1, le=4_096, needs=("vectors",))
    vectors: str = setting(
        "",
        "file of pretrained word vectors, as GloVe writes them (seq2seq, attention); random = without",
        source=True,
        needs=("vectors",),
    )
    extra_vectors: int = setting(
        5_000,
        "most frequent words of the vectors' file that are known though training never saw them",
        "words",
        ge=0,
        le=10_000_000,
        needs=("vectors",),
    )
    min_count: int = setting(
        1,
        "words rarer than this in training are unknown (seq2seq, attention)",
        "occurrences",
        ge=1,
        le=1_000_000,
        needs=("vectors",),
    )
    singleton_dropout: float = setting(
        0.0,
        "chance that a word seen once in training is taken as unknown (seq2seq, attention)",
        ge=0.0,
        le=1.0,
        needs=("vectors",),
    )
    word_dropout: float = setting(
        0.0,
        "chance that any word is taken as unknown in training (seq2seq, attention)",
        ge=0.0,
        lt=1.0,
        needs=("vectors",),
    )
    # network
    encoder_hidden: int = setting(128, "units of the encoder's LSTM per direction", "units", ge=1, le=8_192)
    layers: int = setting(
        1, "bidirectional LSTM layers of the encoder (seq2seq, attention)", "layers", ge=1, le=16, needs=("vectors",)
    )
    hidden: int = setting(256, "units of the decoder's LSTM", "units", ge=1, le=8_192)
    token_dim: int = setting(100, "width of a program token's vector", ge=1, le=4_096)
    dropout: float = setting(
        0.3, "share of inputs of the encoder's layers and of the output layer dropped", ge=0.0, lt=1.0
    )
    # pretrained encoder
    encoder: str = setting(
        "",
        "pretrained encoder: a name on the hub, or ./FOLDER (bert variants); empty = bert-base-cased, or the "
        "embedded sample's own; scratch = a small new one",
        source=True,
        needs=("frozen", "finetuned"),
    )
    encoder_lr: float = setting(
        3e-5,
        "learning rate of the encoder at the top of the schedule (bert-finetuned)",
        gt=0.0,
        le=1.0,
        needs=("finetuned",),
    )
    encoder_layers: int = setting(
        0,
        "bidirectional LSTM layers between a pretrained encoder and the decoder (bert variants)",
        "layers",
        ge=0,
        le=16,
        needs=("frozen", "finetuned"),
    )
    # decoding
    beam: int = setting(10, "beams of a search", "beams", ge=1, le=WIDEST)
    beams: tuple[int, ...] = setting(
        (), "widths that an evaluation measures besides, such as 1,20", "beams", place=True
    )
    length_penalty: float = setting(
        1.0, "exponent of the length by which a log-probability is divided to rank beams; 0 = none", ge=0.0, le=4.0
    )
    grammar: bool = setting(True, "a search writes only what parses and uses numbers that the problem has")
    max_program: int = setting(100, "a search gives up a program of more tokens", "tokens", ge=2, le=1_024)
    max_words: int = setting(200, "of a longer problem the middle is left out", "words", ge=8, le=4_096)

    def rates(self) -> dict[str, float]:
        return {"encoder.encoder.": self.encoder_lr}

    _whole_vectors = field_validator("vectors")(whole_vectors)
    _whole_encoder = field_validator("encoder")(whole_encoder)

    @field_validator("beams")
    @classmethod
    def _widths(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= width <= WIDEST for width in value):
            raise ValueError(f"each must be from 1 to {WIDEST}")
        return tuple(dict.fromkeys(value))
