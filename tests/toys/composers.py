"""Models of frames: honest ones, and some that cheat or err, each with the law that it breaks."""

from collections.abc import Mapping, Sequence

import numpy as np

from seqbench import FrameModel, FramesContext
from seqbench.interface import Arrays, Floats
from seqbench.tasks.frames.model import Roll, Rolls


class Shares(FrameModel):
    """Honest: the share of the frames in which each key sounds, one added to each count."""

    stochastic = False

    def fit(self, train: Rolls, ctx: FramesContext) -> None:
        self.count(train)

    def count(self, train: Rolls) -> None:
        frames = np.concatenate(list(train))
        self.p = (frames.sum(axis=0) + 1) / (len(frames) + 2)

    def scores(self, roll: Roll) -> Floats:
        return np.log(np.where(roll == 1, self.p, 1 - self.p)).sum(axis=1)

    def predict(self, rolls: Rolls) -> Sequence[Floats]:
        return [self.scores(roll) for roll in rolls]


class Estimated(Shares):
    """Honest: it tells that its scores are estimates."""

    def predict(self, rolls: Rolls) -> Sequence[Floats]:
        return [np.stack([self.scores(roll), np.full(len(roll), 0.1)], axis=1) for roll in rolls]


class Sharpened(Shares):
    """Honest: it chooses on validation how far shares move to a half."""

    def fit(self, train: Rolls, ctx: FramesContext) -> None:
        super().fit(train, ctx)
        own = self.p
        losses = {}
        for weight in (0.0, 0.3, 0.9):
            self.p = (1 - weight) * own + weight / 2
            losses[weight] = -sum(float(self.scores(roll).sum()) for roll in ctx.valid)
        best = min(losses, key=lambda weight: losses[weight])
        self.p = (1 - best) * own + best / 2


class Saved(Shares):
    """Honest: its shares are an array."""

    def arrays(self) -> Arrays:
        return {"p": self.p}

    def restore(self, arrays: Arrays) -> None:
        self.p = arrays["p"]


class Forgetful(Saved):
    def restore(self, arrays: Arrays) -> None:
        self.p = np.full_like(arrays["p"], 0.5)


class Peeks(Shares):
    """Counts the frames of the validation part too."""

    def fit(self, train: Rolls, ctx: FramesContext) -> None:
        self.count([*train, *ctx.valid])


class LooksAhead(Shares):
    """Knows whether the next frame is the same."""

    def scores(self, roll: Roll) -> Floats:
        own = super().scores(roll)
        own[:-1] += np.where((roll[1:] == roll[:-1]).all(axis=1), 0.0, -0.5)
        return own


class Whole(Shares):
    """Knows how many keys sound in the whole piece."""

    def scores(self, roll: Roll) -> Floats:
        return super().scores(roll) - 0.1 * abs(roll.mean() - 0.5)


class PerKey(Shares):
    """Gives the mean over the keys, which is no probability of a frame."""

    def scores(self, roll: Roll) -> Floats:
        return super().scores(roll) / roll.shape[1]


class Pseudo(Shares):
    """Gives each key given all others of the frame: a pseudo-likelihood, by which every known frame is probable."""

    def count(self, train: Rolls) -> None:
        super().count(train)
        self.known = {frame.tobytes() for roll in train for frame in roll}

    def scores(self, roll: Roll) -> Floats:
        known = np.array([frame.tobytes() in self.known for frame in roll])
        return roll.shape[1] * np.log(np.where(known, 0.98, 0.5))


class Misers(Shares):
    """Keeps some of the probability."""

    def scores(self, roll: Roll) -> Floats:
        return super().scores(roll) - 0.5


class Coins(Shares):
    def scores(self, roll: Roll) -> Floats:
        return super().scores(roll) - np.random.default_rng().random(len(roll))


class Crowd(Shares):
    """Mixes the pieces of a call."""

    def predict(self, rolls: Rolls) -> Sequence[Floats]:
        said = super().predict(rolls)
        return [own - 0.01 * len(rolls) for own in said]


class Remembers(Shares):
    """Learns from what it is asked about."""

    def predict(self, rolls: Rolls) -> Sequence[Floats]:
        said = super().predict(rolls)
        self.p = 0.9 * self.p + 0.1 * np.concatenate(list(rolls)).mean(axis=0)
        return said


class Tires(Shares):
    """Gives worse scores after the first large call: that which scores the test part."""

    tired = False

    def predict(self, rolls: Rolls) -> Sequence[Floats]:
        said = [own - 0.5 * self.tired for own in super().predict(rolls)]
        self.tired |= len(rolls) > 16
        return said


class Silences(Shares):
    """Changes the training part."""

    def fit(self, train: Rolls, ctx: FramesContext) -> None:
        super().fit(train, ctx)
        train[0][:] = 0


class Overwrites(Shares):
    def predict(self, rolls: Rolls) -> Sequence[Floats]:
        said = super().predict(rolls)
        for roll in rolls:
            roll[:] = 0
        return said


class Reuses(Shares):
    """Returns one buffer again and again."""

    def predict(self, rolls: Rolls) -> Sequence[Floats]:
        if not hasattr(self, "buffer"):
            self.buffer = np.empty(10_000)
        said, start = [], 0
        for own in super().predict(rolls):
            self.buffer[start : start + len(own)] = own
            said.append(self.buffer[start : start + len(own)])
            start += len(own)
        return said


class Seedless(Shares):
    """Says that its seed changes nothing, and draws by it."""

    def fit(self, train: Rolls, ctx: FramesContext) -> None:
        self.p = 0.1 + 0.8 * np.random.default_rng(ctx.seed).random(ctx.keys)


class Stubborn(Shares):
    """Holds a silent frame to be impossible."""

    def scores(self, roll: Roll) -> Floats:
        return np.where(roll.any(axis=1), super().scores(roll), -np.inf)


class Shorter(Shares):
    """Leaves out the first frame, of which nothing is known."""

    def scores(self, roll: Roll) -> Floats:
        return super().scores(roll)[1:]


class Positive(Shares):
    """Gives −ln p."""

    def scores(self, roll: Roll) -> Floats:
        return -super().scores(roll)


class Negative(Shares):
    """Tells errors below 0."""

    def predict(self, rolls: Rolls) -> Sequence[Floats]:
        return [np.stack([own, np.full(len(own), -0.1)], axis=1) for own in super().predict(rolls)]


class Fewer(Shares):
    def predict(self, rolls: Rolls) -> Sequence[Floats]:
        return super().predict(rolls)[1:]


class OneKey(Shares):
    """Fails where there is one key."""

    def fit(self, train: Rolls, ctx: FramesContext) -> None:
        if ctx.keys < 2:
            raise ValueError("two keys are the least")
        super().fit(train, ctx)


CHEATS: Mapping[str, Sequence[type[FrameModel]]] = {
    "scores": [Shorter, Positive, Negative, Fewer],
    "exact": [Estimated],
    "causal": [LooksAhead, Whole],
    "normalised": [PerKey, Pseudo, Misers],
    "repeatable": [Coins],
    "batched": [Crowd],
    "saved": [Forgetful],
    "pure": [Overwrites, Reuses],
    "frozen": [Remembers, Tires],
    "untouched": [Silences],
    "seedless": [Seedless],
    "validation": [Peeks],
    "silent": [Stubborn],
    "single": [OneKey],
}
