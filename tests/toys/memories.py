"""Memories: honest ones, and some that cheat or err, each with the law that it breaks."""

from collections.abc import Mapping, Sequence

import numpy as np

from seqbench import Memory, Probes, RecallContext, Settled
from seqbench.interface import Arrays
from seqbench.tasks.patterns.model import Signs


class Nearest(Memory):
    """Honest: the stored pattern that agrees in most units."""

    stochastic = False

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        self.stored = train.whole.copy()

    def predict(self, damaged: Signs) -> Settled:
        return Settled(self.stored[(damaged.astype(int) @ self.stored.T).argmax(axis=1)])


class Told(Nearest):
    """Honest: tells that it needs one step."""

    def predict(self, damaged: Signs) -> Settled:
        rows = len(damaged)
        return Settled(super().predict(damaged).patterns, np.ones(rows, int), np.zeros(rows), np.ones(rows, int))


class Saved(Nearest):
    """Honest: its patterns are an array."""

    def arrays(self) -> Arrays:
        return {"stored": self.stored}

    def restore(self, arrays: Arrays) -> None:
        self.stored = arrays["stored"]


class Forgetful(Saved):
    """Restores other patterns than were stored."""

    def restore(self, arrays: Arrays) -> None:
        self.stored = -arrays["stored"]


class Averse(Nearest):
    """Fails to store a pattern twice."""

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        if len(np.unique(train.whole, axis=0)) < len(train):
            raise ValueError("a pattern was given twice")
        super().fit(train, ctx)


class Small(Nearest):
    """Holds few patterns, and fails at more."""

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        if len(train) > 20:
            raise MemoryError("too many patterns")
        super().fit(train, ctx)


class Coins(Nearest):
    """Draws without a seed."""

    def predict(self, damaged: Signs) -> Settled:
        return Settled(np.where(np.random.default_rng().random(damaged.shape) < 0.5, 1, -1).astype(np.int8))


class Crowd(Nearest):
    """Returns the pattern that most probes of the call are like."""

    def predict(self, damaged: Signs) -> Settled:
        found = super().predict(damaged).patterns
        return Settled(np.tile(np.where(found.sum(axis=0) >= 0, 1, -1).astype(np.int8), (len(damaged), 1)))


class Remembers(Nearest):
    """Stores what it was asked about."""

    def predict(self, damaged: Signs) -> Settled:
        found = super().predict(damaged)
        self.stored = np.concatenate([self.stored, np.where(damaged == 0, 1, damaged)])
        return found


class Tires(Nearest):
    """Inverts all patterns after the first large call: that which scores the test part."""

    tired = False

    def predict(self, damaged: Signs) -> Settled:
        found = super().predict(damaged).patterns
        said = Settled(-found if self.tired else found)
        self.tired |= len(damaged) > 16
        return said


class Peeks(Nearest):
    """Stores the patterns of the validation part too."""

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        self.stored = np.concatenate([train.whole, ctx.valid.whole])


class Negates(Nearest):
    """Changes the patterns of the training part."""

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        super().fit(train, ctx)
        train.whole[0] *= -1


class Overwrites(Nearest):
    """Works on the probes that it was passed."""

    def predict(self, damaged: Signs) -> Settled:
        found = super().predict(damaged)
        damaged[:] = found.patterns
        return found


class Reuses(Nearest):
    """Returns one buffer again and again."""

    def predict(self, damaged: Signs) -> Settled:
        if not hasattr(self, "buffer") or self.buffer.shape != damaged.shape:
            self.buffer = np.empty_like(damaged)
        self.buffer[:] = super().predict(damaged).patterns
        return Settled(self.buffer)


class Erased(Nearest):
    """Leaves units erased."""

    def predict(self, damaged: Signs) -> Settled:
        return Settled(damaged)


class Bare(Nearest):
    """Returns patterns alone."""

    def predict(self, damaged: Signs) -> Settled:
        return super().predict(damaged).patterns  # type: ignore[return-value]


class Shorter(Nearest):
    """Loses a unit."""

    def predict(self, damaged: Signs) -> Settled:
        return Settled(super().predict(damaged).patterns[:, 1:])


class Endless(Nearest):
    """Tells an energy that is no number."""

    def predict(self, damaged: Signs) -> Settled:
        return Settled(super().predict(damaged).patterns, energy=np.full(len(damaged), np.nan))


class Seedless(Nearest):
    """Says that its seed changes nothing, and draws patterns by it."""

    def fit(self, train: Probes, ctx: RecallContext) -> None:
        rng = np.random.default_rng(ctx.seed)
        self.stored = np.where(rng.random(train.whole.shape) < 0.5, 1, -1).astype(np.int8)


class Stuck(Nearest):
    """Fails at a pattern that is wholly erased."""

    def predict(self, damaged: Signs) -> Settled:
        if not damaged.any(axis=1).all():
            raise ValueError("nothing is left of a pattern")
        return super().predict(damaged)


CHEATS: Mapping[str, Sequence[type[Memory]]] = {
    "scores": [Bare, Shorter, Erased, Endless],
    "repeatable": [Coins],
    "batched": [Crowd],
    "saved": [Forgetful],
    "pure": [Overwrites, Reuses],
    "frozen": [Remembers, Tires],
    "untouched": [Negates],
    "seedless": [Seedless],
    "validation": [Peeks],
    "blank": [Stuck],
    "twice": [Averse],
    "crowded": [Small],
}
