"""Models that misbehave only where they are scored are found by the checks of a run; honest models are not accused."""

from collections.abc import Callable
from functools import cache
from typing import Any

import cheats
import numpy as np
import pytest

from seqbench import registry
from seqbench.evidence.laws import ScoreError
from seqbench.interface import Budget
from seqbench.spec import Spec
from seqbench.tasks import task
from seqbench.tasks.base import Task
from seqbench.tasks.documents.data import LabelledData
from seqbench.tasks.documents.model import Labelled, Texts
from seqbench.tasks.forecasts.data import SeriesData, rolling
from seqbench.tasks.forecasts.model import Panel
from seqbench.tasks.language.data import Convention, TextData, TextSplit
from seqbench.tasks.language.vocab import UNK, Vocab

V = 300


@cache
def text(seed: int, convention: Convention) -> TextData:
    """A Markov chain: 9,000 symbols to test on, in one document or in 250 of 36 symbols."""
    rng = np.random.default_rng(seed)
    steps = rng.dirichlet(0.1 / np.arange(1, V + 1) ** 0.5, size=V).cumsum(axis=1)

    def split(count: int, length: int) -> TextSplit:
        ids = np.empty((count, length), np.int64)
        ids[:, 0] = rng.integers(V, size=count)
        for t in range(1, length):
            ids[:, t] = np.minimum((steps[ids[:, t - 1]] < rng.random(count)[:, None]).sum(1), V - 1)
        shape = (1, -1) if convention == "stream" else ids.shape
        return TextSplit(list(ids.reshape(shape)), list(np.ones((count, length), np.int64).reshape(shape)))

    vocab = Vocab(tuple(f"s{i}" for i in range(V)))
    return TextData("chain", vocab, split(600, 36), split(60, 36), split(250, 36), convention, "symbol")


@cache
def documents(seed: int) -> LabelledData:
    """2,500 documents to test on, sorted by class, of 5 to 200 words."""
    rng = np.random.default_rng(seed)
    vocab, classes = Vocab((UNK, *(f"w{i}" for i in range(1, 200)))), ("a", "b", "c")
    words = 0.9 / len(vocab.symbols) + 0.1 * rng.dirichlet(np.ones(200), size=len(classes))

    def part(count: int) -> Labelled:
        labels = np.sort(np.arange(count) % len(classes))
        ids = [rng.choice(200, size=int(rng.integers(5, 201)), p=words[label]) for label in labels]
        return Labelled(Texts(ids, [vocab.decode(document) for document in ids]), labels)

    return LabelledData("sorted", vocab, classes, part(300), part(200), part(2500), "words")


@cache
def series(seed: int) -> SeriesData:
    """Eight random walks of 240 to 450 values; six origins of each in the test part."""
    rng = np.random.default_rng(seed)
    sizes = 240 + 30 * np.arange(8)
    values = [np.cumsum(rng.normal(size=size)) for size in sizes]
    valid, test = sizes - 120, sizes - 60
    return SeriesData(
        "walks",
        Panel(values, [f"walk {n}" for n in range(len(values))], 1),
        train_ends=test,
        valid=rolling(valid, test, 10, 10),
        test=rolling(test, sizes, 10, 10),
        horizon=10,
    )


def broken(model: Any, data: Any, seed: int) -> set[str]:
    """Return the laws that the checks of a run find broken; `scores` if the run refuses the scores."""
    kind: Task[Any, Any] = task(model.task)
    np.random.seed(seed)  # noqa: NPY002 (the generator that careless models use)
    model.fit(kind.train(data, "test"), kind.context(data, "test", seed, Budget(epochs=2), "cpu", lambda *_: None))
    unchanged = kind.probe(model, data)
    witness = kind.witness(data, seed)
    try:
        kind.score(model, data, "test", kind.score(model, data, "valid"), witness)
    except ScoreError:
        return {"scores"}
    return {check.name for check in (unchanged(), *kind.check(model, data, seed, witness)) if not check.passed}


def _cases(cheats: list[tuple[Callable[[], Any], str]], data: Callable[[], Any]) -> list[Any]:
    return [pytest.param(make, data, law, id=f"{type(make()).__name__}-{n}") for n, (make, law) in enumerate(cheats)]


CASES = [
    *_cases(cheats.STREAM, lambda: text(0, "stream")),
    *_cases(cheats.SENTENCES, lambda: text(0, "sentence")),
    *_cases(cheats.DOCUMENTS, lambda: documents(0)),
    *_cases(cheats.SERIES, lambda: series(0)),
]


def test_there_are_fifty_cheats() -> None:
    assert len(CASES) >= 50


@pytest.mark.parametrize(("make", "data", "law"), CASES)
def test_a_cheat_is_found_by_the_law_that_names_it(make: Callable[[], Any], data: Callable[[], Any], law: str) -> None:
    assert law in broken(make(), data(), seed=0)


HONEST = {
    "lm": ("unigram", "add-k", "witten-bell", "absolute-discounting", "kneser-ney", "cache"),
    "classify": ("majority", "naive-bayes"),
    "forecast": ("naive", "drift"),
}


@pytest.mark.parametrize(
    ("name", "runs", "data"),
    [
        ("lm", 100, lambda seed: text(seed % 4, "stream")),
        ("lm", 20, lambda seed: text(seed % 4, "sentence")),
        ("classify", 20, lambda seed: documents(seed % 2)),
        ("forecast", 60, lambda seed: series(seed % 4)),
    ],
    ids=["stream", "sentences", "documents", "series"],
)
def test_no_honest_fit_is_accused(name: str, runs: int, data: Callable[[int], Any]) -> None:
    """200 fits in all four cases together."""
    accused = {}
    for seed in range(runs):
        model = registry.find_model(Spec(HONEST[name][seed % len(HONEST[name])]), name).attribute()
        if found := broken(model, data(seed), seed):
            accused[seed] = found
    assert accused == {}
