"""Models made of other models: how their parts are configured, fitted, stored and restored."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from pydantic import Field, SerializeAsAny, model_validator

from seqbench.interface import Arrays, Budget, Config, Lent, SequenceModel, Train
from seqbench.packing import nested, within


class CombinationConfig(Config):
    parts: tuple[SerializeAsAny[Config], ...] = Field(description="settings of each part, defaults included")
    budgets: tuple[Budget, ...] = Field((), description="budget of each part; empty: each has that of the whole")


class WeighedConfig(CombinationConfig):
    weights: tuple[float, ...] = Field(description="weight of each part, above 0; their sum is 1")

    @model_validator(mode="after")
    def _one_weight_per_part(self) -> Self:
        if len(self.weights) != len(self.parts):
            raise ValueError(f"there are {len(self.parts)} parts, but {len(self.weights)} weights")
        if min(self.weights) <= 0 or abs(sum(self.weights) - 1) > 1e-9:
            raise ValueError("weights must be above 0, and their sum must be 1")
        return self


class Combination(SequenceModel[Train, Lent]):
    """A model that fits its parts one after the other, each with its own seed and independently of the others.

    `combination` creates subclasses of it.
    """

    config_class: ClassVar[type[Config]] = CombinationConfig
    kinds: ClassVar[tuple[type[SequenceModel[Any, Any]], ...]]
    config: CombinationConfig
    parts: list[Any]

    def __init__(self, config: CombinationConfig | None = None) -> None:
        super().__init__(config or CombinationConfig(parts=tuple(kind.config_class() for kind in self.kinds)))
        self.parts = [kind(part) for kind, part in zip(self.kinds, self.config.parts, strict=True)]

    def fit(self, train: Train, ctx: Lent) -> None:
        """Fit the parts. Curves of part k are logged as `k.name`.

        Raises:
            Exception: whatever the fit of a part raises.
        """
        budgets = self.config.budgets or (ctx.budget,) * len(self.parts)
        for k, (part, budget, seed) in enumerate(zip(self.parts, budgets, self.seeds(ctx.seed), strict=True), start=1):

            def log(name: str, value: float, k: int = k) -> None:
                ctx.log(f"{k}.{name}", value)

            part.fit(train, replace(ctx, seed=seed, budget=budget, log=log))

    def seeds(self, seed: int) -> list[int]:
        """Return the seed of each part's fit."""
        return [int(one) for one in np.random.SeedSequence(seed).generate_state(len(self.parts)) >> 1]

    def arrays(self) -> Arrays | None:
        """Return the arrays of the parts, under `k.name`; None if a part returns none."""
        return nested({str(k): part.arrays() for k, part in enumerate(self.parts, start=1)})

    def restore(self, arrays: Arrays) -> None:
        for k, part in enumerate(self.parts, start=1):
            part.restore(within(arrays, str(k)))

    def parameter_count(self) -> int | None:
        counts = [part.parameter_count() for part in self.parts]
        return None if None in counts else sum(counts)


class Weighed(Combination[Train, Lent]):
    """A combination with given weights, as tuning makes them of its trials.

    Its parts are one model with several settings. All have the seed of the whole, so that each is the fit of its trial.
    """

    config_class = WeighedConfig
    config: WeighedConfig

    def __init__(self, config: WeighedConfig | None = None) -> None:
        if config is None:
            parts = tuple(kind.config_class() for kind in self.kinds)
            config = WeighedConfig(parts=parts, weights=(1 / len(parts),) * len(parts))
        super().__init__(config)

    def seeds(self, seed: int) -> list[int]:
        return [seed] * len(self.parts)


Combined = TypeVar("Combined", bound=Combination[Any, Any])


def combination(base: type[Combined], kinds: Sequence[type[SequenceModel[Any, Any]]]) -> type[Combined]:
    """Create the subclass of `base` whose parts are of these classes. It is neural or stochastic if a part is."""
    members = {
        "kind": "neural" if any(kind.kind == "neural" for kind in kinds) else "classic",
        "stochastic": any(kind.stochastic for kind in kinds),
        "kinds": tuple(kinds),
        "__module__": base.__module__,
    }
    return type("+".join(kind.__name__ for kind in kinds), (base,), members)
