"""A small language for tests of taggers: a noun follows each determiner; `saw` is a noun there and a verb elsewhere."""

from collections.abc import Callable

import numpy as np

from seqbench.interface import Budget
from seqbench.tasks.tags.model import Tagged, TaggingContext

TAGS = ("DET", "NOUN", "VERB", "X")
"""No word has the last one."""


def corpus(count: int, seed: int = 0) -> Tagged:
    """Return sentences of one to six words, some of which are new words with the ending of their tag."""
    rng = np.random.default_rng(seed)
    sentences, tags = [], []
    for _ in range(count):
        words: list[str] = []
        own: list[int] = []
        for _ in range(int(rng.integers(1, 4))):
            if rng.random() < 0.6:
                words += [str(rng.choice(["the", "a"])), str(rng.choice(["saw", "cat", f"n{rng.integers(500)}ness"]))]
                own += [0, 1]
            else:
                words += [str(rng.choice(["saw", "ran", f"v{rng.integers(500)}ify"]))]
                own += [2]
        sentences.append(words)
        tags.append(np.array(own, dtype=np.int64))
    return Tagged(sentences, tags)


def context(
    valid: Tagged, epochs: int = 1, seed: int = 0, log: Callable[[str, float], None] = lambda name, value: None
) -> TaggingContext:
    return TaggingContext(seed=seed, budget=Budget(epochs=epochs), valid=valid, tags=TAGS, log=log)
