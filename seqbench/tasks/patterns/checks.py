"""What the laws of a class of memories are measured on: random patterns, of which a few units are changed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from seqbench.interface import Context
from seqbench.tasks.items import Kind
from seqbench.tasks.patterns.laws import probes, settled
from seqbench.tasks.patterns.model import Probes, RecallContext, Signs
from seqbench.tasks.trials import Corpus, Trial

UNITS, STORED, CHANGED = 60, 4, 9
"""Units of the generated patterns, how many are stored, and the units that are changed or erased in a probe."""


class Recalling(Trial[Probes, Signs]):
    context: ClassVar[type[Context[Any]]] = RecallContext

    def corpus(self, rng: np.random.Generator) -> Corpus[Probes]:
        whole = _patterns(STORED, rng)
        return Corpus(_whole(whole), _damaged(whole, 4, rng), _damaged(whole, 6, rng))

    def sources(self, rng: np.random.Generator) -> tuple[Corpus[Probes], Probes, Probes, Probes]:
        """The second source damages other patterns, which are not stored."""
        own, other = _patterns(STORED, rng), _patterns(STORED, rng)
        corpus = Corpus(_whole(own), _damaged(own, 4, rng), _damaged(own, 4, rng))
        return corpus, _damaged(own, 4, rng), _damaged(other, 4, rng), _damaged(other, 20, rng)

    def kind(self, corpus: Corpus[Probes]) -> Kind[Signs]:
        return probes(corpus.train.whole.shape[1])

    def items(self, part: Probes) -> Signs:
        return part.damaged

    def same(self, a: Probes, b: Probes) -> bool:
        return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("damaged", "whole", "numbers"))

    def losses(self, model: Any, corpus: Corpus[Probes], part: Probes) -> Sequence[float]:
        """Return -ln of the share of damaged units that are restored, which is no less than by chance."""
        units = part.whole.shape[1]
        right = (settled(model, part.damaged)[:, :units] == part.whole)[part.damaged != part.whole]
        return (-float(np.log(max(float(right.mean()), 0.5))),)

    def ignorant(self, part: Probes) -> float:
        return float(np.log(2))

    def unseen(self, corpus: Corpus[Probes], rng: np.random.Generator) -> dict[str, tuple[Probes, str]]:
        whole = corpus.train.whole
        blank = Probes(np.zeros_like(whole), whole, np.arange(len(whole)))
        strange = _patterns(len(whole), rng)
        return {
            "blank": (blank, "patterns that are wholly erased get one"),
            "unseen": (Probes(strange, strange, np.arange(len(whole))), "patterns unlike all stored ones get one"),
        }

    def unusual(self, corpus: Corpus[Probes], rng: np.random.Generator) -> dict[str, tuple[Corpus[Probes], str]]:
        one = _patterns(1, rng)
        named = {
            "lone": (one, "a single pattern can be stored"),
            "twice": (np.concatenate([one, one]), "a pattern can be stored twice"),
            "constant": (np.ones((2, UNITS), dtype=np.int8), "patterns without a -1 can be stored"),
            "crowded": (_patterns(2 * UNITS, rng), "more patterns than units can be stored, or are forgotten"),
        }
        return {
            name: (replace(corpus, train=_whole(whole), valid=_damaged(whole, 1, rng)), message)
            for name, (whole, message) in named.items()
        }


def _patterns(count: int, rng: np.random.Generator) -> Signs:
    return np.where(rng.random((count, UNITS)) < 0.5, 1, -1).astype(np.int8)


def _whole(patterns: Signs) -> Probes:
    return Probes(patterns.copy(), patterns, np.arange(len(patterns)))


def _damaged(whole: Signs, times: int, rng: np.random.Generator) -> Probes:
    """Return probes of each pattern so many times: units change their sign, in every second probe they are erased."""
    numbers = np.repeat(np.arange(len(whole)), times)
    damaged = whole[numbers]
    for row, probe in enumerate(damaged):
        places = rng.permutation(UNITS)[:CHANGED]
        probe[places] *= -(row % 2)
    return Probes(damaged, whole[numbers], numbers)
