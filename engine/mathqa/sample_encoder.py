"""The tiny encoder that comes with the sample: `python -m engine.mathqa.sample_encoder`, about two minutes on a CPU.

A two-layer BERT pretrained on the texts of the sample's training problems as BERT was, by guessing masked words (Devlin
et al. 2019, arXiv:1810.04805, section 3.1): enough to try the variants with a pretrained encoder without a network.
The weights are stored in half precision.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import BertForMaskedLM

from engine.mathqa.numbers import read
from engine.mathqa.sample import ENCODER, texts
from engine.text.encoder import Encoder, PieceInputs, from_scratch
from engine.text.sources import located

WIDTH, LAYERS, POSITIONS = 64, 2, 128
EPOCHS, BATCH, RATE = 40, 64, 2e-3
CHOSEN, MASKED, OTHER = 0.15, 0.8, 0.1  # of all pieces; of those: replaced by [MASK], by any other piece
IGNORED = -100


def pretrain(epochs: int) -> tuple[Encoder, BertForMaskedLM]:
    """The encoder after so many passes over the texts."""
    torch.manual_seed(1)
    sentences = [[word.text for word in read(text).words] for text in texts()]
    encoder = from_scratch(sentences, width=WIDTH, layers=LAYERS, positions=POSITIONS)
    model = BertForMaskedLM(encoder.config).train()
    inputs = encoder.reader(POSITIONS).read(sentences)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    steps = epochs * -(-len(sentences) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATE, total_steps=steps, pct_start=0.1)
    for epoch in range(epochs):
        losses = []
        for rows in torch.randperm(len(sentences)).split(BATCH):
            loss = masked_loss(model, inputs, rows, encoder.tokenizer)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        print(f"epoch {epoch + 1} of {epochs}: loss {sum(losses) / len(losses):.3f}", flush=True)
    return encoder, model


def masked_loss(model: BertForMaskedLM, inputs: PieceInputs, rows: Tensor, tokenizer: object) -> Tensor:
    """Cross-entropy of the pieces that were chosen to be guessed."""
    batch = inputs.take(rows)
    special = torch.tensor([tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id])  # type: ignore[attr-defined]
    guessed = (torch.rand(batch.pieces.shape) < CHOSEN) & ~torch.isin(batch.pieces, special)
    how = torch.rand(batch.pieces.shape)
    shown = batch.pieces.masked_fill(guessed & (how < MASKED), tokenizer.mask_token_id)  # type: ignore[attr-defined]
    others = torch.randint_like(shown, model.config.vocab_size)
    shown = torch.where(guessed & (how >= MASKED) & (how < MASKED + OTHER), others, shown)
    logits = model(input_ids=shown, attention_mask=batch.piece_mask.long()).logits
    gold = batch.pieces.masked_fill(~guessed, IGNORED)
    return F.cross_entropy(logits.flatten(0, 1), gold.flatten(), ignore_index=IGNORED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--out", type=Path, default=Path(located(ENCODER)))
    args = parser.parse_args()
    encoder, model = pretrain(args.epochs)
    args.out.mkdir(parents=True, exist_ok=True)
    encoder.tokenizer.save_pretrained(args.out)
    model.bert.half().save_pretrained(args.out)


if __name__ == "__main__":
    main()
