"""How the learning rate changes during training, and how many updates a budget allows."""

import math
from typing import Protocol

from seqbench.interface import Budget


class ScheduleSettings(Protocol):
    """Settings of the schedules, as `TrainingConfig` describes them."""

    @property
    def decay(self) -> float: ...

    @property
    def decay_after(self) -> int: ...


class Schedule:
    """A constant learning rate."""

    def __init__(self, config: ScheduleSettings, updates: int, epoch: int) -> None:
        """updates: number of updates in the whole training. epoch: number of updates per epoch."""
        self.config, self.updates, self.epoch = config, updates, epoch

    def factor(self, update: int) -> float:
        """Return the factor of the configured learning rate for an update; updates are numbered 1, 2, …, `updates`."""
        return 1.0

    def validated(self, improved: bool) -> None:
        """Called after each validation; `improved`: whether its score is the best so far."""


class Step(Schedule):
    """Multiplies the learning rate by `decay` at every epoch after the first `decay_after` (Zaremba et al. 2014)."""

    def factor(self, update: int) -> float:
        epoch = 1 + (update - 1) // self.epoch
        return self.config.decay ** max(0, epoch - self.config.decay_after)


class Staircase(Schedule):
    """Multiplies the learning rate by `decay` after every `decay_after` epochs (Sukhbaatar et al. 2015)."""

    def factor(self, update: int) -> float:
        return self.config.decay ** ((update - 1) // (self.epoch * max(1, self.config.decay_after)))


class Plateau(Schedule):
    """Multiplies the learning rate by `decay` after every validation without a better score."""

    scale = 1.0

    def factor(self, update: int) -> float:
        return self.scale

    def validated(self, improved: bool) -> None:
        self.scale *= 1.0 if improved else self.config.decay


class OneCycle(Schedule):
    """A linear increase during the first tenth of the updates, then a decrease to zero along half a cosine.

    After Smith & Topin 2019, but without their cycle of the momentum.
    """

    def factor(self, update: int) -> float:
        rise = max(1.0, self.updates / 10)
        if update <= rise:
            return update / rise
        return 0.5 * (1 + math.cos(math.pi * (update - rise) / (self.updates + 1 - rise)))


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Schedule,
    "step": Step,
    "staircase": Staircase,
    "plateau": Plateau,
    "one-cycle": OneCycle,
}


def updates_within(budget: Budget, epoch: int) -> int:
    """Return the number of updates that a budget allows; an epoch has `epoch` updates."""
    most = budget.epochs * epoch
    return most if budget.updates is None else min(most, budget.updates)
