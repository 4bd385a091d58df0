"""How long a translation is: a life table of targets, by their length relative to the source."""

from collections.abc import Sequence

import numpy as np

from seqbench.interface import Arrays, Floats, Ids


class LifeTable:
    r"""The probability that a target ends after j words, given that it has j words and the source has l.

        p(end | j, l) = (ends(d) + ½) / (reached(d) + 1),     d = j − round(r l)

    r is the ratio of target to source words in training; `ends` counts the training targets that end at d, `reached`
    those that come so far. Beyond what was met, both are 0. The ½ keeps all probabilities above 0 and below 1.
    """

    def fit(self, sources: Ids, targets: Ids) -> None:
        """Learn from the lengths (N,) of training sources and targets."""
        self.ratio = float(targets.sum() / max(1, sources.sum()))
        starts, ends = self._before(sources), targets + self._before(sources)
        self.first = int(starts.min(initial=0))
        size = int(ends.max(initial=0)) - self.first + 1
        born, died = (np.bincount(d - self.first, minlength=size) for d in (starts, ends))
        reached = np.cumsum(born) - np.cumsum(died) + died
        self.p_end: Floats = np.append((died + 0.5) / (reached + 1), 0.5)

    def __call__(self, source: int, target: int) -> Floats:
        """Return p(end | j, l) for j = 0..target, (target + 1,), of a source of l words."""
        d = np.arange(target + 1) + self._before(np.array([source])) - self.first
        said: Floats = self.p_end[np.where((d < 0) | (d >= len(self.p_end)), -1, d)]
        return said

    def _before(self, sources: Ids | Sequence[int]) -> Ids:
        """Return d of an empty target."""
        return -np.rint(self.ratio * np.asarray(sources)).astype(np.int64)

    def arrays(self) -> Arrays:
        return {"p_end": self.p_end, "first": np.array(self.first), "ratio": np.array(self.ratio)}

    def restore(self, arrays: Arrays) -> None:
        self.p_end, self.first, self.ratio = arrays["p_end"], int(arrays["first"]), float(arrays["ratio"])
