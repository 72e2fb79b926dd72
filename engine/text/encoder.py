"""A pretrained transformer encoder, and how it reads: words cut into pieces (Devlin et al. 2019).

The encoder comes from a folder or the hub, as safetensors and without code of its own. Its tokenizer and configuration
are kept with the run, its fine-tuned weights are in the checkpoints: such a run is used without the folder or the hub.
A frozen one is not copied: its weights must be where they were, or on the hub, and the same.
`scratch` is a small encoder of our own making, untrained, with a vocabulary out of the training split: it needs
nothing from outside, and shows what pretraining is worth.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, BertConfig, PreTrainedTokenizerFast
from transformers.utils import logging
from transformers.utils.hub import cached_file

from engine.errors import LabError
from engine.files import explained, sha256, write_json
from engine.text.batches import padded
from engine.text.sources import ELSEWHERE, ORIGIN, SCRATCH, located, not_here
from engine.text.sources import ENCODER_WEIGHTS as WEIGHTS
from models.words import Pieces

MOST_PIECES = 8  # of a word: it is read off its first, and an address should not crowd out the sentence
EDGES = 2  # special pieces at the ends of a sentence
MOST_REMEMBERED = 100_000  # tokens whose pieces are kept
SCRATCH_WORDS = 6_000  # whole words in the vocabulary of an encoder from scratch

UNUSED = ("pooler.",)  # tensors that a file may lack

logging.set_verbosity_error()
logging.disable_progress_bar()


@dataclass(frozen=True)
class Encoder:
    """Tokenizer and configuration of an encoder, and where its weights came from."""

    tokenizer: Any
    config: Any
    origin: str
    sha: str = ""  # SHA-256 of the weights; none from scratch

    @property
    def sources(self) -> dict[str, str]:
        return {"encoder": self.sha} if self.sha else {}

    def save(self, directory: Path) -> None:
        with explained(directory):
            self.tokenizer.save_pretrained(directory)
            self.config.save_pretrained(directory)
        write_json(directory / ORIGIN, {"origin": self.origin, "sha256": self.sha})

    @classmethod
    def restore(cls, directory: Path) -> Encoder:
        try:
            raw = json.loads((directory / ORIGIN).read_text(encoding="utf-8"))
            tokenizer = AutoTokenizer.from_pretrained(directory, trust_remote_code=False, local_files_only=True)
            config = plain(AutoConfig.from_pretrained(directory, trust_remote_code=False, local_files_only=True))
            return cls(tokenizer, config, str(raw["origin"]), str(raw["sha256"]))
        except Exception as error:  # whatever a foreign configuration provokes
            raise LabError(
                "a run's tokenizer cannot be read",
                got=f"{directory}: {error}",
                hint="restore the folder, or train again with labapp train --from RUN",
            ) from error

    @property
    def width(self) -> int:
        return int(self.config.hidden_size)

    def reader(self, longest: int) -> PieceReader:
        """Reads sentences of at most `longest` words."""
        most = int(getattr(self.config, "max_position_embeddings", 512)) - EDGES - 2  # RoBERTa counts from two
        return PieceReader(self.tokenizer, min(longest, most), most)

    def network(self, *, blank: bool) -> nn.Module:
        """The encoder itself; `blank`: without the pretrained weights, since trained ones are loaded over them."""
        if blank or not self.sha:
            try:
                network: nn.Module = AutoModel.from_config(self.config, trust_remote_code=False)
            except Exception as error:  # whatever a foreign configuration provokes
                raise not_loaded(self.origin, error) from error
        else:
            network = self.pretrained()
        if isinstance(pooler := getattr(network, "pooler", None), nn.Module):
            pooler.requires_grad_(False)  # of no use for single words
        return network

    def pretrained(self) -> nn.Module:
        path = weights_of(self.origin)
        if sha256(path) != self.sha:
            raise LabError(
                "the encoder's weights are not those this run began with",
                got=f"{path}",
                expected=f"SHA-256 {self.sha[:12]}...",
                hint="bring the old ones back, or start anew with labapp train --from RUN",
            )
        try:
            model, found = AutoModel.from_pretrained(
                path.parent, config=self.config, trust_remote_code=False, use_safetensors=True, dtype=torch.float32,
                local_files_only=True, output_loading_info=True,
            )  # fmt: skip
        except Exception as error:  # whatever a foreign configuration provokes
            raise not_loaded(self.origin, error) from error
        missing = sorted(name for name in found["missing_keys"] if not name.startswith(UNUSED))
        if missing:  # they would be random
            raise not_loaded(self.origin, f"{path.name} lacks {len(missing)} of its tensors: {', '.join(missing[:3])}")
        return cast(nn.Module, model)


def load(name: str, train: Iterable[Sequence[str]]) -> Encoder:
    """The encoder of that name; `train` are the tokens of sentences, for one from scratch."""
    if name == SCRATCH:
        return from_scratch(train)
    path = weights_of(name)  # first: a missing one is known at once
    try:
        tokenizer = AutoTokenizer.from_pretrained(located(name), trust_remote_code=False, add_prefix_space=True)
        config = plain(AutoConfig.from_pretrained(located(name), trust_remote_code=False))
    except Exception as error:  # whatever a foreign configuration provokes
        raise not_loaded(name, error) from error
    special = (tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.unk_token_id)
    if None in special or getattr(config, "is_encoder_decoder", False):
        raise not_loaded(name, f"a {config.model_type} is no encoder that reads [CLS] a sentence [SEP]")
    return Encoder(tokenizer, config, name, sha256(path))


def plain(config: Any) -> Any:
    """A configuration may name code on the hub that computes attention: what torch has is taken instead."""
    config._attn_implementation = None
    return config


def weights_of(name: str) -> Path:
    """The file of an encoder's weights, fetched from the hub if the name is not a folder."""
    if name.startswith(ELSEWHERE):
        raise not_here(name)
    name = located(name)
    if Path(name).is_dir():
        path = Path(name, WEIGHTS)
        if not path.is_file():
            raise not_loaded(name, f"no {WEIGHTS} in it")
        return path
    try:
        return Path(str(cached_file(name, WEIGHTS, local_files_only=True)))  # what is here needs no network
    except (OSError, ValueError):
        pass
    try:
        return Path(str(cached_file(name, WEIGHTS)))
    except (OSError, ValueError) as error:
        raise not_loaded(name, error) from error


def not_loaded(name: str, why: object) -> LabError:
    return LabError(
        "the pretrained encoder cannot be loaded",
        got=f"encoder={name}: {' '.join(str(why).split())[:300]}",
        expected=f"a folder with config.json, a tokenizer and {WEIGHTS}, or a name on the hub and a network",
        hint=f"--set encoder=FOLDER, or --set encoder={SCRATCH} for a small untrained one",
    )


def from_scratch(train: Iterable[Sequence[str]], *, width: int = 128, layers: int = 2, positions: int = 512) -> Encoder:
    """A small BERT and a WordPiece vocabulary: every character, and the commonest words."""
    counts = Counter(token for sentence in train for token in sentence)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    characters = sorted({character for token in counts for character in token})
    words = [word for word, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])) if count > 1]
    pieces = dict.fromkeys([*special, *characters, *(f"##{each}" for each in characters), *words[:SCRATCH_WORDS]])
    numbers = {piece: number for number, piece in enumerate(pieces)}
    core = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]", max_input_chars_per_word=100))
    core.normalizer = normalizers.Sequence([])
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )
    config = BertConfig(
        vocab_size=len(numbers),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=2 * width,
        max_position_embeddings=positions,
    )
    return Encoder(tokenizer, config, SCRATCH)


class PieceReader:
    """Reads words by their pieces, for `models.tagger.EncoderTagger`."""

    def __init__(self, tokenizer: Any, longest: int, most_pieces: int):
        self.tokenizer, self.longest, self.most_pieces = tokenizer, longest, most_pieces
        self._pieces: dict[str, list[int]] = {}

    def known(self, token: str) -> bool:
        """Whether it can be spelled in pieces."""
        self._learn([token])
        return self.tokenizer.unk_token_id not in self._pieces[token]

    def _learn(self, tokens: Sequence[str]) -> None:
        new = [token for token in dict.fromkeys(tokens) if token not in self._pieces]
        if new:
            if len(self._pieces) > MOST_REMEMBERED:
                self._pieces.clear()
                new = list(dict.fromkeys(tokens))
            whole = [[token.encode("utf-8", "replace").decode("utf-8")] for token in new]  # half characters are ?
            found = self.tokenizer(whole, is_split_into_words=True, add_special_tokens=False)
            for token, pieces in zip(new, found["input_ids"], strict=True):
                self._pieces[token] = pieces[:MOST_PIECES] or [self.tokenizer.unk_token_id]

    def read(self, sentences: Sequence[Sequence[str]]) -> PieceInputs:
        self._learn([token for sentence in sentences for token in sentence])
        begin, end = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        flat, first, lengths = [], [], []
        for sentence in sentences:
            cut = [self._pieces[token] for token in sentence]
            if sum(map(len, cut)) > self.most_pieces:
                cut = [pieces[:1] for pieces in cut]
            places, place = [], 1
            for pieces in cut:
                places.append(place)
                place += len(pieces)
            flat += [begin, *(piece for pieces in cut for piece in pieces), end]
            first += places
            lengths.append(place + 1)
        words = torch.tensor([len(each) for each in sentences], dtype=torch.int64)
        return PieceInputs(torch.tensor(flat), torch.tensor(lengths), torch.tensor(first), words)


class PieceInputs:
    """Pieces of all sentences end to end, and where each word begins among those of its own."""

    def __init__(self, flat: Tensor, piece_lengths: Tensor, first: Tensor, lengths: Tensor):
        self.flat, self.piece_lengths, self.first, self.lengths = flat, piece_lengths, first, lengths
        self.piece_starts = piece_lengths.cumsum(0) - piece_lengths
        self.starts = lengths.cumsum(0) - lengths

    def take(self, rows: Tensor) -> Pieces:
        pieces, piece_mask = padded(self.flat, self.piece_starts[rows], self.piece_lengths[rows])
        first, mask = padded(self.first, self.starts[rows], self.lengths[rows])
        return Pieces(pieces, piece_mask, first, mask)
