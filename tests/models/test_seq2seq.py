"""Reading problems and writing programs: one pass, step by step, and by hand are the same. In float64."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.seq2seq import (
    END,
    PADDING,
    START,
    Decoder,
    FeatureEncoder,
    Inputs,
    LSTMEncoder,
    Memory,
    PretrainedEncoder,
    ReadFeatures,
    ReadPieces,
    ReadWords,
    Seq2Seq,
    log_likelihood,
    read_on,
)
from models.words import Dropout, Pieces, WordEmbedding

WORDS, TOKENS, FEATURES, HIDDEN, NUMBERS = 9, 7, 5, 4, 3
LENGTHS = [4, 1, 3]
STEPS = [5, 2, 3]  # tokens of the programs, with the end


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


class Transformer(nn.Module):
    """Stands for a pretrained encoder: every piece sees all that are not masked."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.mix = nn.Embedding(20, FEATURES), nn.Linear(FEATURES, FEATURES)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Any:
        x = self.embedding(input_ids)
        mean = (x * attention_mask[:, :, None]).sum(1) / attention_mask.sum(1, keepdim=True)
        return SimpleNamespace(last_hidden_state=torch.tanh(self.mix(x) + mean[:, None]))


def word_encoder(layers: int) -> LSTMEncoder:
    words = WordEmbedding(torch.zeros(WORDS, dtype=torch.bool), 3, None, 0.0, 0.0)
    return LSTMEncoder(words, HIDDEN, layers, Dropout(0.5, "token"))


def feature_encoder(layers: int) -> FeatureEncoder:
    return FeatureEncoder(FEATURES, HIDDEN, layers, NUMBERS, Dropout(0.5, "token"))


ENCODERS: dict[str, Any] = {
    "words": lambda: word_encoder(1),
    "words, two layers": lambda: word_encoder(2),
    "features": lambda: feature_encoder(0),
    "features and an LSTM": lambda: feature_encoder(1),
    "pieces": lambda: PretrainedEncoder(Transformer(), feature_encoder(0)),
    "pieces and an LSTM": lambda: PretrainedEncoder(Transformer(), feature_encoder(1)),
}
every_encoder = pytest.mark.parametrize("kind", ENCODERS)
with_and_without_attention = pytest.mark.parametrize("attention", [False, True], ids=["summary", "attention"])


def problems(kind: str, lengths: list[int]) -> Inputs:
    """Random problems. On padding there is rubbish wherever a reader should not look."""
    sizes = torch.tensor(lengths)
    mask = torch.arange(max(lengths)) < sizes[:, None]
    if "words" in kind:
        return ReadWords(torch.randint(1, WORDS, mask.shape).masked_fill(~mask, 0), mask, sizes)
    numbers = torch.randint(NUMBERS, mask.shape).masked_fill(~mask, 0)
    numbers[0, 0] = 1
    if "features" in kind:
        return ReadFeatures(torch.randn(*mask.shape, FEATURES).double(), numbers, mask, sizes)
    piece_mask = torch.arange(2 * max(lengths) + 2) < (2 * sizes + 2)[:, None]
    pieces = torch.randint(1, 20, piece_mask.shape)
    first = (1 + 2 * torch.arange(max(lengths))).expand(mask.shape).masked_fill(~mask, 0)
    return ReadPieces(Pieces(pieces, piece_mask, first, mask), numbers, sizes)


def only(batch: Inputs, row: int) -> Inputs:
    """One problem without its padding."""
    length = int(batch.lengths[row])
    lengths = batch.lengths[row : row + 1]
    if isinstance(batch, ReadWords):
        return ReadWords(batch.words[row : row + 1, :length], batch.mask[row : row + 1, :length], lengths)
    numbers = batch.numbers[row : row + 1, :length]
    if isinstance(batch, ReadFeatures):
        return ReadFeatures(
            batch.features[row : row + 1, :length], numbers, batch.mask[row : row + 1, :length], lengths
        )
    (pieces, piece_mask, first, mask), size = batch.pieces, int(batch.pieces.piece_mask[row].sum())
    own = Pieces(
        pieces[row : row + 1, :size], piece_mask[row : row + 1, :size], first[row : row + 1, :length],
        mask[row : row + 1, :length],
    )  # fmt: skip
    return ReadPieces(own, numbers, lengths)


def programs(steps: list[int]) -> tuple[Tensor, Tensor]:
    """Tokens that begin with START, and gold ones that end with END, zero behind it."""
    mask = torch.arange(max(steps)) < torch.tensor(steps)[:, None]
    gold = torch.randint(END + 1, TOKENS, mask.shape)
    gold[torch.arange(len(steps)), torch.tensor(steps) - 1] = END
    gold = gold.masked_fill(~mask, PADDING)
    return torch.cat([torch.full((len(steps), 1), START), gold], 1)[:, :-1], gold


def decoder(attention: bool = True) -> Decoder:
    """With weights large enough that the best token is not always the same one."""
    found = Decoder(TOKENS, 3, HIDDEN, 2 * HIDDEN, attention, 0.0).double()
    for parameter in found.parameters():
        nn.init.normal_(parameter, 0.0, 2.0)
    nn.init.zeros_(found.output.bias)
    return found


def memory(lengths: list[int] = LENGTHS) -> Memory:
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    states = torch.randn(*mask.shape, 2 * HIDDEN).double().masked_fill(~mask[:, :, None], 0.0)
    return Memory(states, mask, torch.randn(len(lengths), 2 * HIDDEN).double())


def network(kind: str, attention: bool) -> Seq2Seq:
    return Seq2Seq(ENCODERS[kind](), decoder(attention)).double()


def gradients(module: nn.Module, value: Tensor) -> dict[str, Tensor]:
    module.zero_grad()
    value.backward()
    return {name: each.grad.clone() for name, each in module.named_parameters() if each.grad is not None}


def written_out(ours: Decoder, tokens: Tensor, read: Memory) -> Tensor:
    """States behind tokens (steps,) of one problem, by the equations of an LSTM."""
    of_input, of_hidden, bias, other_bias = ours.lstm.all_weights[0]
    hidden, cell = torch.tanh(ours.begin.weight @ read.summary[0] + ours.begin.bias).chunk(2)
    states = []
    for token in tokens:
        gates = of_input @ ours.embedding.weight[token] + of_hidden @ hidden + bias + other_bias
        i, f, g, o = gates.chunk(4)
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
        states.append(hidden)
    return torch.stack(states)


def greedy(ours: Decoder, read: Memory, steps: int, forced: dict[int, int]) -> list[int]:
    """What one problem's decoder reads, step by step: the tokens of `forced` at their steps, else its own best."""
    tokens = [START]
    while len(tokens) < steps:
        states = written_out(ours, torch.tensor(tokens), read)
        best = int(ours.logits(states[None], read)[0, -1].argmax())
        tokens.append(forced.get(len(tokens), best))
    return tokens


class TestDecoder:
    def test_in_one_pass_it_is_the_equations_written_out(self) -> None:
        ours, (tokens, _) = decoder(), programs([5])
        read = memory([4])
        torch.testing.assert_close(ours.states(tokens, read)[0], written_out(ours, tokens[0], read))

    @with_and_without_attention
    def test_step_by_step_with_every_token_forced_is_one_pass_gradients_too(self, attention: bool) -> None:
        ours, read, (tokens, gold) = decoder(attention), memory(), programs(STEPS)
        once, stepped = (ours.states(tokens, read, forced) for forced in (None, torch.ones_like(tokens).bool()))
        torch.testing.assert_close(stepped, once)
        wanted, found = (
            gradients(ours, log_likelihood(ours.logits(states, read), gold).sum()) for states in (once, stepped)
        )
        assert wanted.keys() == found.keys()
        for name, value in wanted.items():
            torch.testing.assert_close(found[name], value)

    @with_and_without_attention
    def test_with_none_forced_it_reads_its_own_best_tokens(self, attention: bool) -> None:
        ours, read, (tokens, _) = decoder(attention), memory([3] * 6), programs([8] * 6)
        free = ours.states(tokens, read, torch.zeros_like(tokens).bool())
        own = [greedy(ours, Memory(*(each[[row]] for each in read)), 8, {}) for row in range(6)]
        assert len({token for some in own for token in some}) > 3  # or little would be seen here
        for row, some in enumerate(own):
            alone = Memory(*(each[[row]] for each in read))
            torch.testing.assert_close(free[row], written_out(ours, torch.tensor(some), alone))

    @with_and_without_attention
    def test_where_it_is_forced_it_reads_the_gold_token(self, attention: bool) -> None:
        ours, read, (tokens, _) = decoder(attention), memory(LENGTHS), programs([8, 8, 8])
        forced = torch.rand(tokens.shape) < 0.5
        mixed = ours.states(tokens, read, forced)
        for row, length in enumerate(LENGTHS):
            alone = Memory(read.states[[row], :length], read.mask[[row], :length], read.summary[[row]])
            given = {step: int(tokens[row, step]) for step in range(8) if forced[row, step]}
            wanted = written_out(ours, torch.tensor(greedy(ours, alone, 8, given)), alone)
            torch.testing.assert_close(mixed[row], wanted)

    def test_its_own_tokens_have_the_gradient_of_tokens_that_were_given(self) -> None:
        ours, read, (tokens, gold) = decoder(), memory([3]), programs([8])
        own = torch.tensor([greedy(ours, read, 8, {})])
        free = ours.states(tokens, read, torch.zeros_like(tokens).bool())
        found = gradients(ours, log_likelihood(ours.logits(free, read), gold).sum())
        wanted = gradients(ours, log_likelihood(ours.logits(ours.states(own, read), read), gold).sum())
        for name, value in wanted.items():
            torch.testing.assert_close(found[name], value)

    def test_a_step_is_that_of_the_lstm(self) -> None:
        ours = decoder()
        table = ours.table()
        token, (hidden, cell) = torch.tensor([3, 5]), torch.randn(2, 2, HIDDEN).double()
        _, (wanted_hidden, wanted_cell) = ours.lstm(ours.embedding(token)[:, None], (hidden[None], cell[None]))
        found = ours.cell(token, hidden, cell, table)
        torch.testing.assert_close(found, (wanted_hidden[0], wanted_cell[0]))

    def test_in_half_precision_states_and_cells_are_not(self) -> None:
        ours, read, (tokens, _) = decoder().float(), memory(), programs([8, 8, 8])
        read = Memory(read.states.float(), read.mask, read.summary.float())
        forced = torch.ones_like(tokens).bool()
        exact = ours.states(tokens, read, forced)
        with torch.autocast("cpu", torch.bfloat16):
            found = ours.states(tokens, read, forced)
            assert found.dtype == ours.table().dtype == torch.float32
            trained = gradients(ours, log_likelihood(ours.logits(found, read), tokens).sum())
        assert {
            "begin.weight",
            "output.weight",
        } <= trained.keys()  # what chose the tokens, without gradient, has one here
        torch.testing.assert_close(found, exact, atol=0.05, rtol=0.05)

    @with_and_without_attention
    def test_logits_of_many_states_are_those_of_each(self, attention: bool) -> None:
        ours, read, states = decoder(attention), memory(), torch.randn(3, 6, HIDDEN).double()
        alone = [ours.logits(states[:, [place]], read) for place in range(6)]
        torch.testing.assert_close(torch.cat(alone, 1), ours.logits(states, read))

    def test_only_attention_looks_at_the_words_again(self) -> None:
        read, states = memory(), torch.randn(3, 2, HIDDEN).double()
        other = read._replace(states=read.states * 2)
        blind, seeing = decoder(False), decoder(True)
        assert torch.equal(blind.logits(states, read), blind.logits(states, other))
        assert not torch.equal(seeing.logits(states, read), seeing.logits(states, other))


@every_encoder
@with_and_without_attention
class TestEveryNetwork:
    def test_a_batch_is_its_problems_one_by_one(self, kind: str, attention: bool) -> None:
        model, batch, (tokens, _) = network(kind, attention).eval(), problems(kind, LENGTHS), programs(STEPS)
        together = model(batch, tokens)
        assert together.shape == (3, max(STEPS), TOKENS)
        read = model.encoder(batch)
        assert not read.states[~read.mask].any()
        for row, steps in enumerate(STEPS):
            alone = model.encoder(only(batch, row))
            torch.testing.assert_close(alone.states[0], read.states[row, : LENGTHS[row]])
            torch.testing.assert_close(alone.summary[0], read.summary[row])
            torch.testing.assert_close(model(only(batch, row), tokens[[row], :steps])[0], together[row, :steps])

    @pytest.mark.parametrize("share", [None, 0.5])
    def test_every_parameter_gets_a_gradient(self, kind: str, attention: bool, share: float | None) -> None:
        model, batch, (tokens, gold) = network(kind, attention).train(), problems(kind, LENGTHS), programs(STEPS)
        forced = None if share is None else torch.rand(tokens.shape) < share
        log_likelihood(model(batch, tokens, forced), gold).sum().backward()
        without = [name for name, each in model.named_parameters() if each.grad is None or not each.grad.any()]
        assert without == []

    def test_its_weights_make_another_the_same(self, kind: str, attention: bool) -> None:
        model, other = network(kind, attention).eval(), network(kind, attention).eval()
        batch, (tokens, _) = problems(kind, LENGTHS), programs(STEPS)
        assert not torch.equal(model(batch, tokens), other(batch, tokens))
        other.load_state_dict(model.state_dict())
        assert torch.equal(model(batch, tokens), other(batch, tokens))


@pytest.mark.parametrize("kind", [name for name in ENCODERS if "words" not in name])
def test_a_pretrained_encoders_features_are_told_which_words_are_numbers(kind: str) -> None:
    model, batch, (tokens, _) = network(kind, True).eval(), problems(kind, LENGTHS), programs(STEPS)
    assert not isinstance(batch, ReadWords)
    swapped = batch.numbers.clone()
    swapped[0, 0] = 2
    found = model(batch._replace(numbers=swapped), tokens)
    wanted = model(batch, tokens)
    assert not torch.isclose(found[0], wanted[0]).all()
    torch.testing.assert_close(found[1:], wanted[1:])


def test_a_words_features_are_read_off_its_first_piece() -> None:
    batch = problems("pieces", [2, 1])
    assert isinstance(batch, ReadPieces)
    encoder = Transformer().double()
    model = PretrainedEncoder(encoder, feature_encoder(0).double()).eval()
    states = encoder(batch.pieces.pieces, batch.pieces.piece_mask.long()).last_hidden_state
    features = torch.stack([states[:, 1], states[:, 3]], 1)
    wanted = model.reader(ReadFeatures(features, batch.numbers, batch.pieces.mask, batch.lengths))
    torch.testing.assert_close(model(batch), wanted)


def test_the_summary_is_the_last_state_ahead_and_the_first_behind() -> None:
    mask = torch.arange(4) < torch.tensor(LENGTHS)[:, None]
    encoder = word_encoder(1).double()
    read = read_on(torch.randn(3, 4, 3).double(), mask, torch.tensor(LENGTHS), encoder.lstms, Dropout(0.0, "token"))
    for row, length in enumerate(LENGTHS):
        wanted = torch.cat([read.states[row, length - 1, :HIDDEN], read.states[row, 0, HIDDEN:]])
        assert torch.equal(read.summary[row], wanted)


def test_without_an_lstm_the_summary_is_the_mean_of_the_words() -> None:
    read = feature_encoder(0).double().eval()(problems("features", LENGTHS))
    for row, length in enumerate(LENGTHS):
        torch.testing.assert_close(read.summary[row], read.states[row, :length].mean(0))


class TestLogLikelihood:
    def test_is_the_sum_over_the_tokens_that_are_not_padding(self) -> None:
        logits, (_, gold) = torch.randn(3, 5, TOKENS).double(), programs(STEPS)
        found = log_likelihood(logits, gold)
        for row, steps in enumerate(STEPS):
            wanted = sum(logits[row, step].log_softmax(0)[gold[row, step]] for step in range(steps))
            torch.testing.assert_close(found[row], wanted)
        torch.testing.assert_close(-found.sum(), F.cross_entropy(
            logits.flatten(0, 1), gold.flatten(), ignore_index=PADDING, reduction="sum"
        ))  # fmt: skip

    @with_and_without_attention
    def test_all_programs_there_are_share_a_probability_of_one(self, attention: bool) -> None:
        """Those that end in time, and the beginnings of all others."""
        longest, others = 4, [token for token in range(TOKENS) if token not in (PADDING, END)]
        model, batch = network("words", attention).eval(), problems("words", [3])
        with torch.no_grad():
            model.decoder.output.bias[PADDING] = -torch.inf
        ended = [(*some, END) for n in range(longest) for some in itertools.product(others, repeat=n)]
        whole = ended + list(itertools.product(others, repeat=longest))
        gold = torch.tensor([(*program, *[PADDING] * (longest - len(program))) for program in whole])
        tokens = torch.cat([torch.full((len(gold), 1), START), gold], 1)[:, :-1]
        read = Memory(*(each.expand(len(gold), *each.shape[1:]) for each in model.encoder(batch)))
        found = log_likelihood(model.decoder.logits(model.decoder.states(tokens, read), read), gold).exp()
        assert 0 < found[: len(ended)].sum().item() < 1
        assert found.sum().item() == pytest.approx(1, abs=1e-12)

    def test_gradients_are_those_of_differences(self) -> None:
        logits, (_, gold) = torch.randn(3, 5, TOKENS).double().requires_grad_(), programs(STEPS)
        assert torch.autograd.gradcheck(lambda x: log_likelihood(x, gold), logits)
