"""What all tests share: the same examples on every run, and no clock, so that a result depends on the code alone.

`pytest --hypothesis-profile=explore` draws new ones.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import settings

from seqbench.interface import Budget, Documents
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import Vocab

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("repeatable")

Lend = Callable[..., LanguageContext]


@pytest.fixture(scope="session")
def lend() -> Lend:
    """A context for `size` symbols, which appends curves to `curves`."""

    def make(
        size: int,
        epochs: int = 1,
        updates: int | None = None,
        valid: Documents = (),
        seed: int = 0,
        curves: dict[str, list[float]] | None = None,
    ) -> LanguageContext:
        kept = {} if curves is None else curves
        return LanguageContext(
            seed=seed,
            budget=Budget(epochs=epochs, updates=updates),
            valid=valid,
            vocab=Vocab(tuple(f"s{i}" for i in range(size))),
            log=lambda name, value: kept.setdefault(name, []).append(value),
        )

    return make


@pytest.fixture(scope="session")
def draw() -> Callable[[int, Sequence[int]], Documents]:
    """Documents of the lengths given, of symbols 0..size-1, the low ones more frequent."""

    def make(size: int, lengths: Sequence[int], seed: int = 0) -> Documents:
        rng = np.random.default_rng(seed)
        weights = 1 / np.arange(1, size + 1)
        return [rng.choice(size, size=n, p=weights / weights.sum()) for n in lengths]

    return make
