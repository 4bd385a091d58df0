"""Compare training and beam search with a plain program of the same translator, in turn, on a CPU.

    python benchmarks/translation.py [--size 256 512] [--batch 128] [--repeats 5] [--sentences 200] [--threads 1]
        [--cpu-time]

The model is that of Bahdanau, Cho & Bengio 2015: a GRU that reads in both directions, a GRU that writes, additive
attention; word vectors and hidden layers have the sizes of --size; there are 8,000 source and 6,000 target words,
and sentences have 10 to 15 words. The plain program follows the paper's equations as tutorials do: a loop over the
words of the target, in which embedding, attention with W_a [s; h], GRU and output layer come one after another.

Training: target words per second of forward pass, backward pass, clipping and AdamW's step; the two programs in turn.
Beam search: sentences per second with a beam of 5, all together and one by one, in turn. It prints how many
translations are the same; others are ties within rounding.

--cpu-time counts the seconds of the process instead of those of the clock: for one thread on a busy machine.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Ids
from seqbench.learning.padding import padded_words
from seqbench.learning.teacher_forcing import TranslationBatches, shifted
from seqbench.learning.training import clip_gradient
from seqbench.recurrent.translation.seq2seq import GRUSeq2Seq, GRUSeq2SeqConfig
from seqbench.tasks.language.vocab import Vocab

SOURCE_WORDS, TARGET_WORDS, SHORTEST, LONGEST = 8000, 6000, 10, 15
BEAM = 5


class Plain(nn.Module):
    """The model as a loop over the words of the target."""

    def __init__(self, embedding_size: int, hidden_size: int, dropout: float) -> None:
        super().__init__()
        self.source = nn.Embedding(SOURCE_WORDS + 1, embedding_size)
        self.target = nn.Embedding(TARGET_WORDS + 1, embedding_size)
        self.encoder = nn.GRU(embedding_size, hidden_size, bidirectional=True)
        self.start = nn.Linear(2 * hidden_size, hidden_size)
        self.compare = nn.Linear(3 * hidden_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)
        self.decoder = nn.GRU(embedding_size + 2 * hidden_size, hidden_size)
        self.readout = nn.Linear(embedding_size + 3 * hidden_size, embedding_size)
        self.output = nn.Linear(embedding_size, TARGET_WORDS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, source: Tensor, lengths: Tensor, words: Tensor) -> Tensor:
        """Return the logits (B, T, V) of the words after `words` (B, T)."""
        packed = nn.utils.rnn.pack_padded_sequence(self.dropout(self.source(source.t())), lengths, enforce_sorted=False)
        outputs, ends = self.encoder(packed)
        h = nn.utils.rnn.pad_packed_sequence(outputs)[0].transpose(0, 1)
        mask = torch.arange(h.shape[1]) < lengths[:, None]
        s = torch.tanh(self.start(torch.cat([ends[0], ends[1]], dim=1)))
        logits = []
        for word in words.unbind(1):
            y = self.dropout(self.target(word))
            e = self.v(torch.tanh(self.compare(torch.cat([s[:, None].expand(-1, h.shape[1], -1), h], dim=2))))[..., 0]
            weights = e.masked_fill(~mask, -torch.inf).softmax(1)
            c = torch.bmm(weights[:, None], h)[:, 0]
            s = self.decoder(torch.cat([y, c], dim=1)[None], s[None])[1][0]
            seen = torch.tanh(self.readout(torch.cat([s, c, y], dim=1)))
            logits.append(self.output(self.dropout(seen)))
        return torch.stack(logits, dim=1)


def sentences(count: int, words: int, rng: np.random.Generator, end: int | None = None) -> list[Ids]:
    drawn = [rng.integers(0, words - 1, rng.integers(SHORTEST, LONGEST + 1)) for _ in range(count)]
    return drawn if end is None else [np.append(sentence[:-1], end) for sentence in drawn]


def translator(embedding_size: int, hidden_size: int, batch: int) -> GRUSeq2Seq:
    """Return our model, untrained."""
    model = GRUSeq2Seq(
        GRUSeq2SeqConfig(
            embedding_size=embedding_size,
            hidden_size=hidden_size,
            batch_size=batch,
            attention="additive",
            encoder="both",
            dropout=0.5,
        )
    )
    model.source_vocab = Vocab(tuple(f"s{i}" for i in range(SOURCE_WORDS)))
    model.target_vocab = Vocab((*(f"t{i}" for i in range(TARGET_WORDS - 1)), "<eos>"))
    model.longest, model.ratio = LONGEST, 1.0
    model.network = model.build(np.ones(TARGET_WORDS, np.int64))
    return model


def updater(module: nn.Module, loss: Callable[[], Tensor]) -> Callable[[], None]:
    optimiser = torch.optim.AdamW(module.parameters(), 1e-3, fused=True)
    parameters = list(module.parameters())

    def update() -> None:
        optimiser.zero_grad()
        torch.autograd.backward(loss())
        clip_gradient(parameters, 1.0)
        optimiser.step()

    return update


def seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    work()
    return clock() - started


def training(size: tuple[int, int], batch: int, repeats: int, clock: Callable[[], float]) -> None:
    rng, cpu = np.random.default_rng(0), torch.device("cpu")
    model, plain = translator(*size, batch), Plain(*size, dropout=0.5)
    sources = padded_words(sentences(batch, SOURCE_WORDS, rng), SOURCE_WORDS, cpu)
    targets = padded_words(sentences(batch, TARGET_WORDS, rng, TARGET_WORDS - 1), TARGET_WORDS, cpu)
    batches = TranslationBatches(model.network, sources, targets, model.config.batch_size, 0.0, None)
    source, lengths = sources.take(np.arange(batch))
    words = targets.take(np.arange(batch))[0]
    count = int(targets.lengths.sum())

    def plain_loss() -> Tensor:
        logits = plain(source, lengths, shifted(words, TARGET_WORDS))
        return F.cross_entropy(logits.flatten(0, 1), words.flatten(), ignore_index=TARGET_WORDS)

    model.network.train()
    ours = updater(model.network, lambda: batches.loss(source, lengths, words).mean)
    theirs = updater(plain, plain_loss)
    ours()
    theirs()
    pairs = [(seconds(ours, clock), seconds(theirs, clock)) for _ in range(repeats)]
    own, other = (median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(theirs / ours for ours, theirs in pairs)
    print(f"training, {size[0]}/{size[1]}, batch {batch}: target words per second")
    print(f"  seqbench {count / own:8.0f}   plain {count / other:8.0f}   ratio {median(ratios):.2f}", end="")
    print(f" (from {ratios[0]:.2f} to {ratios[-1]:.2f} in {repeats} repeats)")


def searching(size: tuple[int, int], count: int, repeats: int, clock: Callable[[], float]) -> None:
    rng = np.random.default_rng(1)
    model = translator(*size, 1)
    model.network.eval()
    assert model.source_vocab is not None
    asked = [model.source_vocab.decode(sentence) for sentence in sentences(count, SOURCE_WORDS, rng)]

    def together() -> list[list[str]]:
        return model.translate(asked, BEAM)

    def one_by_one() -> list[list[str]]:
        return [model.translate([sentence], BEAM)[0] for sentence in asked]

    equal = sum(a == b for a, b in zip(together(), one_by_one(), strict=True))  # which also warms up
    pairs = [(seconds(together, clock), seconds(one_by_one, clock)) for _ in range(repeats)]
    own, other = (median(column) for column in zip(*pairs, strict=True))
    print(f"beam search of {BEAM}, {size[0]}/{size[1]}: sentences per second; {equal} of {count} are translated alike")
    print(f"  together {count / own:8.1f}   one by one {count / other:8.1f}   ratio {other / own:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, nargs=2, default=(256, 512), metavar=("EMBEDDING", "HIDDEN"))
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sentences", type=int, default=200, help="translated by beam search")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cpu-time", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    clock = time.process_time if asked.cpu_time else time.perf_counter
    print(f"torch {torch.__version__}, {asked.threads} thread(s), {'CPU' if asked.cpu_time else 'wall'} time")
    training(tuple(asked.size), asked.batch, asked.repeats, clock)
    searching(tuple(asked.size), asked.sentences, asked.repeats, clock)


if __name__ == "__main__":
    main()
