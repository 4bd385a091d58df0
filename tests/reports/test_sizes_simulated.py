"""Where the order of a unigram and an add-one bigram turns on a Markov source: is the true size in the interval?

The true size comes from a computation of its own: the expected cross-entropy of both models, exact over the test items,
averaged over many independent training samples of each length. The simulated users have one training part each, of
which they take random stretches. `pytest tests/reports/test_sizes_simulated.py -m slow -s` prints the figures of
docs/curve.md.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from scipy import stats

from seqbench.interface import Floats, Ids
from seqbench.reports.groups import Run
from seqbench.reports.sizes import Order, curves
from seqbench.tasks.language.data import TextSplit

Make = Callable[..., Run]
SYMBOLS, SEEDS = 8, 3


@dataclass(frozen=True)
class World:
    """A Markov source; the more alike its rows, the more data a bigram needs to beat a unigram."""

    pool: int
    """Symbols of the training part."""
    sizes: int
    test: int = 20_000
    dependence: float = 0.3

    @property
    def shares(self) -> list[float]:
        return [2.0**-k for k in reversed(range(self.sizes))]


@cache
def source(dependence: float) -> tuple[Floats, Floats]:
    """Transitions (V, V) and their stationary distribution (V,)."""
    rng = np.random.default_rng(5)
    rows, base = rng.dirichlet(np.ones(SYMBOLS), size=SYMBOLS), rng.dirichlet(np.full(SYMBOLS, 5.0))
    moves = dependence * rows + (1 - dependence) * base
    return moves, np.linalg.matrix_power(moves, 200)[0]


def chains(dependence: float, length: int, count: int, rng: np.random.Generator) -> Ids:
    """(count, length) chains that begin in the stationary distribution."""
    moves, stationary = source(dependence)
    steps, found = np.cumsum(moves, axis=1), np.empty((count, length), dtype=np.int64)
    found[:, 0] = np.searchsorted(np.cumsum(stationary)[:-1], rng.random(count))
    for t in range(1, length):
        found[:, t] = (rng.random(count)[:, None] > steps[found[:, t - 1], :-1]).sum(axis=1)
    return found


def unigram(ids: Ids) -> Floats:
    counts = np.bincount(ids, minlength=SYMBOLS) + 1.0
    return np.log(counts / counts.sum())


def bigram(documents: list[Ids]) -> Floats:
    pairs = np.concatenate([d[:-1] * SYMBOLS + d[1:] for d in documents])
    counts = np.bincount(pairs, minlength=SYMBOLS**2).reshape(SYMBOLS, SYMBOLS) + 1.0
    return np.log(counts / counts.sum(axis=1, keepdims=True))


@cache
def true_crossing(dependence: float, samples: int = 1000) -> float:
    """The size from which on a bigram is expected to be better, by 1,000 independent samples per size."""
    moves, stationary = source(dependence)
    joint = stationary[:, None] * moves
    sizes = np.unique(np.geomspace(200, 4000, 40).astype(int))
    gains = np.zeros(len(sizes))
    for chain in chains(dependence, int(sizes[-1]), samples, np.random.default_rng(1)):
        for k, size in enumerate(sizes):
            gains[k] += (joint * bigram([chain[:size]])).sum() - stationary @ unigram(chain[:size])
    last = int(np.flatnonzero(gains < 0)[-1])
    return float(np.exp(np.interp(0, gains[last : last + 2], np.log(sizes[last : last + 2]))))


def measured(world: World, make: Make, rng: np.random.Generator) -> Order:
    """What a user sees who draws a training part and a test part."""
    pool, test = chains(world.dependence, world.pool, 1, rng)[0], chains(world.dependence, world.test, 1, rng)[0]
    split = TextSplit([pool], [np.ones_like(pool)])
    runs, first = [], rng.integers(2**31)
    for share in world.shares:
        for seed in range(SEEDS if share < 1 else 1):
            part = split if share == 1 else split.stretch(share, int(first) + seed, whole=False)
            alone = unigram(np.concatenate(list(part.documents)))[test]
            after = np.concatenate([alone[:1], bigram(list(part.documents))[test[:-1], test[1:]]])
            for label, scores in (("unigram", alone), ("bigram", after)):
                data = {"items": world.test}
                identity = {"share": share}
                size = (part.tokens, "symbol")
                run = make(
                    label, 10.0, seed=seed, nats=-scores, identity=identity, comparability=data, training_size=size
                )
                runs.append(run)
    (curve,) = curves(runs)
    assert curve.reference == "bigram"
    return curve.orders[0]


def told(order: Order) -> list[tuple[str, float, float]]:
    """How each crossing was found, and its interval, without bounds where there are none."""
    found = [
        ("open" if one.low is None or one.high is None else "within", one.low or 0.0, one.high or np.inf)
        for one in order.crossings
    ]
    if order.beyond is None or order.beyond.low is None:
        return found
    return [*found, ("extrapolated", order.beyond.low, order.beyond.high or np.inf)]


def covered(world: World, make: Make, repeats: int, seed: int = 0) -> tuple[float, Counter[str], float]:
    """The share of runs with an interval that holds the true crossing, how crossings were found, and the median of
    high / low of intervals with both ends."""
    truth, rng = true_crossing(world.dependence), np.random.default_rng(seed)
    kinds, ratios, hits = Counter[str](), [], 0
    for _ in range(repeats):
        found = told(measured(world, make, rng))
        kinds[" and ".join(kind for kind, *_ in found) or "none"] += 1
        hits += any(low <= truth <= high for _, low, high in found)
        ratios += [high / low for kind, low, high in found if kind == "within"]
    return hits / repeats, kinds, float(np.median(ratios)) if ratios else np.nan


def test_the_interval_holds_the_true_crossing(run: Make) -> None:
    """At least as often as a method of 90 % does in all but one of a thousand cases."""
    repeats = 24
    share, kinds, ratio = covered(World(pool=2048, sizes=5, test=6000), run, repeats)
    assert share * repeats >= stats.binom.ppf(0.001, repeats, 0.9)
    assert kinds["within"] + kinds["open"] >= 0.8 * repeats
    assert ratio < 6


WITHIN = [World(4096, 6), World(4096, 6, test=4000), World(16384, 8), World(1024, 5)]
BEYOND = [World(512, 5), World(256, 5)]
"""Worlds whose crossing lies beyond the data: an extrapolation must find it, and too few symbols show no power law."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "least"), [*((world, 0.9) for world in WITHIN), *((world, 0.7) for world in BEYOND)], ids=str
)
def test_coverage_of_crossings(run: Make, world: World, least: float) -> None:
    repeats = 400
    share, kinds, ratio = covered(world, run, repeats)
    truth, error = true_crossing(world.dependence), np.sqrt(share * (1 - share) / repeats)
    print(
        f"\n{world}: true crossing {truth:.0f}; held by {100 * share:.1f} ± {100 * error:.1f} %; {dict(kinds)}; ",
        end="",
    )
    print(f"median of high / low: {ratio:.2f}")
    assert share >= least - 3 * np.sqrt(least * (1 - least) / repeats)
