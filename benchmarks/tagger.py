"""Compare the training of our bidirectional LSTM tagger with that of a plain PyTorch program of the same model.

    python benchmarks/tagger.py [--sentences 1500] [--repeats 9] [--threads 1] [--cpu-time]

The plain program is nn.Embedding, nn.LSTM over packed sequences, nn.Linear and cross-entropy, once without letters and
once with nn.Conv1d over the letters of each word. Both have the same sizes, initial weights, batches, dropout, fused
AdamW and limit on the norm of the gradient; before training, both must give the same scores. Ours makes sparse updates
of word vectors, and reads the letters of a word that occurs twice in a batch once.

Sentences are made: lengths, words and letters have the skewed frequencies of text. A repeat trains one epoch with the
plain program, with ours, and with the plain program again; its ratio is that of our words per second to the mean of
the other two. The table shows medians over the repeats, and a 95 % interval of the ratio from order statistics.
--cpu-time counts the seconds of the process instead of those of the clock: for one thread on a busy machine.
"""

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from statistics import median

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqbench.interface import Budget
from seqbench.learning import training
from seqbench.learning.letters import WIDTH
from seqbench.learning.order import random_batches
from seqbench.learning.padding import Padded, inside
from seqbench.learning.sentences import PaddedSentences, alphabet, vocabulary
from seqbench.learning.tagger import TaggedBatches
from seqbench.learning.training import seeded
from seqbench.recurrent.layers.time import Bidirectional
from seqbench.recurrent.taggers import BidirectionalLSTMTagger, RecurrentBody
from seqbench.tasks.tags.model import Tagged, TaggingContext

TAGS, VOCABULARY, RATE, CPU = 17, 15_000, 1e-3, torch.device("cpu")


class PlainTagger(nn.Module):
    """Words (B, T), letters (B, T, L) and lengths (B,) → scores (B, T, C)."""

    def __init__(self, ours: BidirectionalLSTMTagger) -> None:
        super().__init__()
        c, words, letters = ours.config, ours.vocab.size, ours.alphabet.size
        self.words = nn.Embedding(words + 1, c.embedding_size, padding_idx=words)
        self.letters = nn.Embedding(letters + 1, c.letter_size, padding_idx=letters) if c.letters else None
        self.convolve = nn.Conv1d(c.letter_size, c.letter_features, WIDTH, padding=WIDTH // 2)
        width = c.embedding_size + (c.letter_features if c.letters else 0)
        self.lstm = nn.LSTM(width, c.hidden_size, bidirectional=True, batch_first=True)
        self.output, self.dropout = nn.Linear(2 * c.hidden_size, TAGS), nn.Dropout(c.dropout)
        self.start_as(ours)

    @torch.no_grad()
    def start_as(self, ours: BidirectionalLSTMTagger) -> None:
        network, body = ours.network, ours.network.body
        assert isinstance(body, RecurrentBody)
        layer = body.stack.layers[0]
        assert isinstance(layer, Bidirectional)
        self.words.weight.copy_(network.embedding.weight)
        self.output.load_state_dict(network.output.state_dict())
        for end, own in (("", layer.body), ("_reverse", layer.backward_body)):
            for name, weight in own.cell.state_dict().items():
                getattr(self.lstm, f"{name}_l0{end}").copy_(weight)
        if self.letters is not None:
            theirs = network.letters.state_dict()
            self.letters.weight.copy_(theirs["embedding.weight"])
            windows = theirs["convolve.weight"].unflatten(1, (WIDTH, -1))
            self.convolve.load_state_dict({"weight": windows.transpose(1, 2), "bias": theirs["convolve.bias"]})

    def forward(self, words: Tensor, letters: Tensor, lengths: Tensor) -> Tensor:
        vectors = self.words(words)
        if self.letters is not None:
            flat = letters.flatten(0, 1)
            found = self.convolve(self.letters(flat).transpose(1, 2))
            outside = flat == self.letters.padding_idx
            strongest = found.masked_fill(outside[:, None], -1e9).amax(2)
            vectors = torch.cat([vectors, strongest.view(*words.shape, -1)], dim=2)
        packed = pack_padded_sequence(self.dropout(vectors), lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        scores: Tensor = self.output(self.dropout(states))
        return scores


@dataclass(frozen=True)
class Subject:
    network: nn.Module
    epoch: Callable[[], None]
    """Train for one epoch."""


def ours(train: Tagged, letters: bool) -> tuple[BidirectionalLSTMTagger, Subject]:
    """Return an untrained tagger, and its training as `fit` does it, without validation."""
    kind = BidirectionalLSTMTagger.config_class
    config = kind(learning_rate=RATE, schedule="constant", word_dropout=0.0, **({} if letters else {"letters": None}))
    model = BidirectionalLSTMTagger(config)
    model.vocab = vocabulary(chain.from_iterable(train.sentences))
    model.alphabet = alphabet(chain.from_iterable(train.sentences))
    with seeded(0, CPU):
        model.network = model.build(TAGS)
    batches = TaggedBatches(model.network, padded(model, train), train, config)
    ctx = TaggingContext(seed=0, budget=Budget(epochs=1), valid=Tagged([], []), tags=tuple(map(str, range(TAGS))))

    def epoch() -> None:
        with seeded(0, CPU):
            training.train(model.network, batches, None, config, ctx)

    return model, Subject(model.network, epoch)


def plain(model: BidirectionalLSTMTagger, train: Tagged) -> Subject:
    network, sentences, c = PlainTagger(model), padded(model, train), model.config
    tags = Padded(np.concatenate(train.tags), sentences.lengths, 0, CPU)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.0, fused=True)

    def epoch() -> None:
        network.train()
        with seeded(0, CPU):
            for rows in random_batches(sentences.lengths, c.batch_size):
                batch, (right, lengths) = sentences.take(rows), tags.take(rows)
                known = inside(lengths, right.shape[1])
                optimiser.zero_grad()
                scores = network(batch.words, batch.spellings[batch.places], batch.lengths)
                F.cross_entropy(scores[known], right[known]).backward()
                nn.utils.clip_grad_norm_(network.parameters(), c.clip)
                optimiser.step()

    return Subject(network, epoch)


def padded(model: BidirectionalLSTMTagger, train: Tagged) -> PaddedSentences:
    return PaddedSentences(train.sentences, model.vocab, model.alphabet, CPU)


def check(model: BidirectionalLSTMTagger, theirs: nn.Module, train: Tagged) -> None:
    """Check that both untrained networks give the same scores."""
    batch = padded(model, train).take(np.arange(20))
    with torch.no_grad():
        one = model.network.eval()(batch)
        other = theirs.eval()(batch.words, batch.spellings[batch.places], batch.lengths)
    inside = batch.words != model.vocab.size
    torch.testing.assert_close(one[inside], other[inside], rtol=0, atol=1e-5)


def made(sentences: int) -> Tagged:
    """Return sentences of 1 to 80 words, 16 on average; words follow Zipf's law and have 2 to 14 letters."""
    rng = np.random.default_rng(0)
    spelled = ["".join(rng.choice(list("etaoinshrdlu"), size=rng.integers(2, 15))) for _ in range(VOCABULARY)]
    cumulative = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
    lengths = np.clip(rng.geometric(1 / 16, size=sentences), 1, 80)
    words = [np.searchsorted(cumulative / cumulative[-1], rng.random(n)) for n in lengths.tolist()]
    return Tagged([[spelled[i] for i in own] for own in words], [(own % TAGS).astype(np.int64) for own in words])


def interval(values: list[float]) -> tuple[float, float, float]:
    """Return the median with a 95 % interval: the order statistics that a binomial puts around it."""
    values, n = sorted(values), len(values)
    reach = math.ceil(0.98 * math.sqrt(n))
    return values[max(0, (n - 1) // 2 - reach)], median(values), values[min(n - 1, n // 2 + reach)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=1500)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cpu-time", action="store_true")
    chosen = parser.parse_args()
    clock = time.process_time if chosen.cpu_time else time.perf_counter
    torch.set_num_threads(chosen.threads)
    train = made(chosen.sentences)
    words = sum(map(len, train.sentences))
    print(f"torch {torch.__version__}, {chosen.threads} thread(s), {words:,} words per epoch")
    print(f"{'words/s':20}{'ours':>10}{'plain':>10}{'ratio':>9}{'95 % interval':>18}")

    def speed(subject: Subject) -> float:
        began = clock()
        subject.epoch()
        return words / (clock() - began)

    for letters in (False, True):
        model, mine = ours(train, letters)
        theirs = plain(model, train)
        check(model, theirs.network, train)
        speed(theirs), speed(mine)
        rounds = [(speed(theirs), speed(mine), speed(theirs)) for _ in range(chosen.repeats)]
        low, middle, high = interval([own / ((before + after) / 2) for before, own, after in rounds])
        own, other = median(own for _, own, _ in rounds), median(x for x, _, y in rounds for x in (x, y))
        name = "words and letters" if letters else "words"
        print(f"{name:20}{own:10,.0f}{other:10,.0f}{middle:9.2f}{low:11.2f} – {high:.2f}", flush=True)


if __name__ == "__main__":
    main()
