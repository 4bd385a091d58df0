"""Compare the training of our LSTM language model with that of a plain program around nn.LSTM, on equal threads.

    python benchmarks/recurrent_language.py [--threads 2] [--updates 30] [--repeats 2] [--tokens 210000]
        [--valid 20000] [--rate 0.01] [--adaptive-rate 0.01] [--sampled-rate 0.01] [--made] [--speed-only]

The text is WikiText-2 as a stream, V = 33,278, or with --made a random text with the same number of words. All models
have 20 columns, windows of 35, two layers of 200 units and no dropout. The reference is a dense embedding, nn.LSTM,
nn.Linear and cross entropy in float32, and has the same initial weights as our model with a full softmax. All are
trained with fused AdamW (ours uses SparseAdam for word vectors and for the vectors of the sampled softmax), with the
norm of the gradient clipped at 1, and with a one-cycle schedule of the learning rate over the budget of each. Options
set the learning rates; the default is the library's, which was not tuned for any of these models. Our adaptive and
sampled softmax use bfloat16 if the processor computes in it.

Tokens per second are those of updates alone, after a warm-up, without validation. Each round times all models in turn.
A ratio is to the mean of the reference before and after, and the table shows the median over the rounds. Perplexity is
exact and in float32 for all models, and measured on the same tokens at the start of the validation part. It is measured
after equal tokens, and for the adaptive softmax also after equal time: the tokens are multiplied by the measured ratio.
Takes about a quarter of an hour on two slow cores.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from statistics import median
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.data import DataError
from seqbench.datasets.text.wikitext import WikiText2
from seqbench.interface import Budget, Documents, Floats, Ids
from seqbench.learning.column_language import Truncated
from seqbench.learning.schedules import SCHEDULES
from seqbench.learning.training import Loss, computes_bfloat16, seeded
from seqbench.recurrent.language.lstm import LSTMLanguageConfig, LSTMLanguageModel
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.scoring import score_documents
from seqbench.tasks.language.vocab import UNK, Vocab

UNITS, LAYERS, COLUMNS, STEPS, CLIP, SEED = 200, 2, 20, 35, 1.0, 0
WINDOW = COLUMNS * STEPS
WARM_UP = 5
VOCAB_SIZE = 33_278


@dataclass(frozen=True)
class Text:
    name: str
    train: Ids
    valid: Ids
    vocab: Vocab


@dataclass(frozen=True)
class Trained:
    clock: list[float]
    """Clock times in seconds, at the start and after each update."""
    nats: Callable[[Ids], Floats]
    """(T,) symbols → (T - 1,) −ln p of each symbol after the first."""

    @property
    def seconds(self) -> float:
        return self.clock[-1] - self.clock[0]

    @property
    def tokens_per_second(self) -> float:
        return WINDOW * (len(self.clock) - 1 - WARM_UP) / (self.clock[-1] - self.clock[WARM_UP])


@dataclass(frozen=True)
class Subject:
    name: str
    rate: float
    train: Callable[[int], Trained]
    """Train a fresh model for this number of updates."""
    equal_time: bool = False
    """Whether to train it a second time for as long as the reference."""


@dataclass(frozen=True)
class Speed:
    tokens_per_second: float
    ratio: float
    """Ratio to the reference's tokens per second."""


@dataclass(frozen=True)
class Learned:
    perplexity: float
    at_equal_time: float | None


class PlainLSTM(nn.Module):
    """The small model of the papers in a few lines of torch."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, UNITS)
        self.lstm = nn.LSTM(UNITS, UNITS, LAYERS)
        self.output = nn.Linear(UNITS, vocab_size)

    def forward(self, ids: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """ids (T, B) → logits (T, B, V)."""
        hidden, state = self.lstm(self.embedding(ids), state)
        return self.output(hidden), state

    @torch.no_grad()
    def start_as(self, ours: LSTMLanguageModel) -> None:
        """Copy the weights of an untrained model with a full softmax."""
        theirs = ours.network.state_dict()
        self.embedding.weight.copy_(theirs["embedding.weight"][:-1])
        for name, weight in self.lstm.named_parameters():
            kind, depth = name.rsplit("_l", 1)
            weight.copy_(theirs[f"body.layers.{depth}.cell.{kind}"])
        self.output.weight.copy_(theirs["output.linear.weight"])
        self.output.bias.copy_(theirs["output.linear.bias"])

    @torch.no_grad()
    def nats(self, ids: Ids) -> Floats:
        inputs, targets = torch.tensor(ids[:-1, None]), torch.tensor(ids[1:])
        found, state = [], None
        for begin in range(0, len(targets), 500):
            logits, state = self(inputs[begin : begin + 500], state)
            found.append(F.cross_entropy(logits[:, 0], targets[begin : begin + 500], reduction="none"))
        return torch.cat(found).double().numpy()


def train_plain(text: Text, config: LSTMLanguageConfig, updates: int) -> Trained:
    ours = LSTMLanguageModel(config)
    with seeded(SEED, torch.device("cpu")):
        ours.network = ours.build(np.bincount(text.train, minlength=text.vocab.size))
    model = PlainLSTM(text.vocab.size)
    model.start_as(ours)
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=0.0, fused=True)
    columns = torch.tensor(text.train[: len(text.train) // COLUMNS * COLUMNS].reshape(COLUMNS, -1).T.copy())
    windows = (len(columns) - 1) // STEPS
    course, state = SCHEDULES[config.schedule](config, updates, windows), None

    clock = [perf_counter()]
    for update in range(1, updates + 1):
        begin = (update - 1) % windows * STEPS
        state = (state[0].detach(), state[1].detach()) if state is not None and begin else None
        optimiser.param_groups[0]["lr"] = config.learning_rate * course.factor(update)
        optimiser.zero_grad()
        logits, state = model(columns[begin : begin + STEPS], state)
        loss = F.cross_entropy(logits.flatten(0, 1), columns[begin + 1 : begin + 1 + STEPS].flatten())
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimiser.step()
        clock.append(perf_counter())
    return Trained(clock, model.nats)


class Clocked(Truncated):
    """Records when each update but the last has ended: when the next loss is requested."""

    def __init__(self, losses: Truncated) -> None:
        super().__init__(losses.network, losses.windows)
        self.clock = [perf_counter()]

    def __iter__(self) -> Iterator[Loss]:
        for loss in super().__iter__():
            yield loss
            self.clock.append(perf_counter())


class ClockedLSTM(LSTMLanguageModel):
    def batches(self, train: Documents) -> Clocked:
        self.losses = Clocked(super().batches(train))
        return self.losses


def train_ours(text: Text, config: LSTMLanguageConfig, updates: int) -> Trained:
    model = ClockedLSTM(config)
    budget = Budget(epochs=1 + updates * WINDOW // len(text.train), updates=updates)
    model.fit([text.train], LanguageContext(seed=SEED, budget=budget, valid=[], vocab=text.vocab))
    clock = [*model.losses.clock, perf_counter()]
    return Trained(clock, lambda ids: score_documents(model, [ids])[0][1:])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--updates", type=int, default=30, help=f"timed updates per round, after {WARM_UP} untimed")
    arguments.add_argument("--repeats", type=int, default=2, help="number of rounds")
    arguments.add_argument("--tokens", type=int, default=210_000, help="training tokens, equal for all models")
    arguments.add_argument("--valid", type=int, default=20_000, help="validation tokens for the perplexity")
    arguments.add_argument("--rate", type=float, default=0.01, help="highest learning rate with a full softmax")
    arguments.add_argument("--adaptive-rate", type=float, default=0.01)
    arguments.add_argument("--sampled-rate", type=float, default=0.01)
    arguments.add_argument("--made", action="store_true", help="use a random text instead of WikiText-2")
    arguments.add_argument("--speed-only", action="store_true", help="measure no perplexities")
    chosen = arguments.parse_args()
    torch.set_num_threads(chosen.threads)

    text = made() if chosen.made else wikitext2()
    print(
        f"{text.name}: {len(text.train):,} training tokens, V = {text.vocab.size:,}; {LAYERS} layers of {UNITS} units, "
        f"{COLUMNS} columns, windows of {STEPS}, {chosen.threads} thread(s)",
        flush=True,
    )
    subjects = compared(text, chosen.rate, chosen.adaptive_rate, chosen.sampled_rate)
    speeds, drift = time_in_turn(subjects, chosen.updates, chosen.repeats)
    # One token more than is scored: the plain model has no start symbol from which to predict the first token.
    valid = text.valid[: chosen.valid + 1]
    learned = [] if chosen.speed_only else learn(subjects, speeds, chosen.tokens // WINDOW, valid)

    titles = ["rate", "tokens/s", "ratio", *(["perplexity", "difference", "at equal time"] if learned else [])]
    print(f"{'':28}" + "".join(f"{title:>14}" for title in titles))
    for i, (subject, speed) in enumerate(zip(subjects, speeds, strict=True)):
        cells = [f"{subject.rate:g}", f"{speed.tokens_per_second:,.0f}", f"{speed.ratio:.2f}"]
        if learned:
            perplexity, later = learned[i].perplexity, learned[i].at_equal_time
            cells.append(f"{perplexity:.2f}")
            cells.append(f"{100 * (perplexity / learned[0].perplexity - 1):+.2f} %" if i else "-")
            cells.append("-" if later is None else f"{later:.2f}")
        print(f"{subject.name:28}" + "".join(f"{cell:>14}" for cell in cells))
    if not able():
        print(f"{'ours, full, bfloat16':28}  this CPU has no bfloat16")
    print(f"speed of the reference over the rounds: {drift}")
    if learned:
        print(f"perplexity of {len(valid) - 1:,} validation tokens, one fit each, with seed {SEED}")
    print("targets: full softmax in bfloat16 at a ratio of 2, perplexity within 1 %; adaptive softmax at a ratio of 6")


def compared(text: Text, rate: float, adaptive_rate: float, sampled_rate: float) -> list[Subject]:
    """Return the reference, then our models."""

    def config(output: str, precision: str, rate: float) -> LSTMLanguageConfig:
        settings = {"output": output, "precision": precision, "learning_rate": rate, "clip": CLIP, "dropout": 0.0}
        sizes = {"embedding_size": UNITS, "hidden_size": UNITS, "layers": LAYERS, "batch_size": COLUMNS, "bptt": STEPS}
        return LSTMLanguageConfig.model_validate(settings | sizes)

    def ours(output: str, rate: float, precision: str = "bfloat16" if able() else "float32") -> Subject:
        name = f"ours, {output}, {precision}"
        return Subject(name, rate, partial(train_ours, text, config(output, precision, rate)), output == "adaptive")

    plain = partial(train_plain, text, config("full", "float32", rate))
    return [
        Subject("plain nn.LSTM, float32", rate, plain),
        ours("full", rate, "float32"),
        *([ours("full", rate)] if able() else []),
        ours("adaptive", adaptive_rate),
        ours("sampled", sampled_rate),
    ]


def able() -> bool:
    """Return whether the processor computes in bfloat16."""
    return computes_bfloat16(torch.device("cpu"))


def time_in_turn(subjects: list[Subject], updates: int, rounds: int) -> tuple[list[Speed], str]:
    """Return the speed of each subject, and how the speed of the reference (the first one) changed over time."""
    seen: list[list[float]] = [[] for _ in subjects]

    def measure(i: int) -> None:
        seen[i].append(subjects[i].train(WARM_UP + updates).tokens_per_second)
        tell(f"{subjects[i].name}: {seen[i][-1]:,.0f} tokens/s")

    for _ in range(rounds):
        for i in range(len(subjects)):
            measure(i)
    measure(0)
    beside = [(before + after) / 2 for before, after in pairwise(seen[0])]
    speeds = [Speed(median(own), median(v / base for v, base in zip(own, beside, strict=True))) for own in seen[1:]]
    drift = ", ".join(f"{v:,.0f}" for v in seen[0]) + f" tokens/s, {100 * (seen[0][-1] / seen[0][0] - 1):+.1f} %"
    return [Speed(median(seen[0]), 1.0), *speeds], drift


def learn(subjects: list[Subject], speeds: list[Speed], updates: int, valid: Ids) -> list[Learned]:
    """Return each subject's perplexity after `updates`, for some also after the time that the reference takes."""

    def perplexity(subject: Subject, updates: int) -> float:
        trained = subject.train(updates)
        found = float(np.exp(trained.nats(valid).mean()))
        tell(f"{subject.name}: perplexity {found:.2f}, {updates * WINDOW:,} tokens in {trained.seconds:.0f} s")
        return found

    learned = [Learned(perplexity(subject, updates), None) for subject in subjects]
    for i, (subject, speed) in enumerate(zip(subjects, speeds, strict=True)):
        if subject.equal_time:
            learned[i] = replace(learned[i], at_equal_time=perplexity(subject, round(updates * speed.ratio)))
    return learned


def wikitext2() -> Text:
    try:
        data = WikiText2().load()
    except DataError as error:
        sys.exit(f"{error}; or use --made")
    return Text("WikiText-2", data.train.documents[0], data.valid.documents[0], data.vocab)


def made() -> Text:
    """Return a random text as long as WikiText-2: words follow Zipf's law, and half of them are one of four successors
    of the word before."""
    rng = np.random.default_rng(0)
    frequency = 1 / np.arange(3, 3 + VOCAB_SIZE)
    cumulative = np.cumsum(frequency / frequency.sum())

    def zipf(shape: tuple[int, ...]) -> Ids:
        return np.searchsorted(cumulative, rng.random(shape)).clip(max=VOCAB_SIZE - 1)

    successors = zipf((VOCAB_SIZE, 4))

    def draw(length: int) -> Ids:
        ids = zipf((-(-length // 1000), 1000))
        for before, now in pairwise(ids):
            follows = rng.random(1000) < 1 / 2
            now[follows] = successors[before[follows], rng.integers(4, size=follows.sum())]
        return ids.T.ravel()[:length]

    vocab = Vocab((UNK, *(f"w{i}" for i in range(1, VOCAB_SIZE))))
    return Text("made", draw(2_088_628), draw(217_646), vocab)


def tell(progress: str) -> None:
    print(f"  {progress}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
