"""Language models with search spaces, of which some corners fail."""

import os
import time
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from seqbench import Config, LanguageModel
from seqbench.interface import Documents, Floats, Ids
from seqbench.tasks.language.model import LanguageContext

TRUE = 0.8
"""The share of heads of `toys.py:Coins`."""


class BiasConfig(Config):
    heads: float = Field(0.5, gt=0, lt=1, json_schema_extra={"search": {"low": 0.05, "high": 0.95}})
    side: str = Field("up", json_schema_extra={"search": {"choices": ["up", "down"]}})


class Bias(LanguageModel[None]):
    """A coin whose share of heads is a setting; it learns nothing."""

    stochastic = False
    config_class = BiasConfig
    config: BiasConfig

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.vocab_size = ctx.vocab.size

    def share(self, ids: Ids) -> float:
        return self.config.heads if self.config.side == "up" else 1 - self.config.heads

    def predict(self, ids: Ids, state: None = None) -> tuple[Floats, None]:
        heads = self.share(ids)
        return np.log(np.where(ids == 1, heads, 1 - heads)), None

    def arrays(self) -> dict[str, Floats]:
        return {"nothing": np.zeros(0)}

    def restore(self, arrays: object) -> None:
        self.vocab_size = 2


class Opposed(Bias):
    """Scores the text that it was given for validation as its settings say, and any other text the other way round."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        self.known = {document.tobytes() for document in ctx.valid}

    def share(self, ids: Ids) -> float:
        heads = super().share(ids)
        return heads if any(ids.tobytes() in document for document in self.known) else 1 - heads


class TouchyConfig(BiasConfig):
    trouble: Literal["none", "refused", "raises", "crashes", "memory", "hangs", "exits"] = Field(
        "none",
        json_schema_extra={"search": {"choices": ["none", "refused", "raises", "crashes", "memory", "hangs", "exits"]}},
    )

    @model_validator(mode="after")
    def _refused(self) -> Self:
        if self.trouble == "refused":
            raise ValueError("these settings do not go together")
        return self


class Touchy(Bias):
    """Fails in as many ways as there are."""

    config_class = TouchyConfig
    config: TouchyConfig  # type: ignore[assignment]

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        if self.config.trouble == "raises":
            raise ArithmeticError("the corner fails")
        if self.config.trouble == "crashes":
            os._exit(3)
        if self.config.trouble == "memory":
            raise MemoryError("no room")
        if self.config.trouble == "hangs":
            time.sleep(600)
        if self.config.trouble == "exits":
            raise SystemExit(5)


class BusyConfig(BiasConfig):
    seconds: float = Field(0.5, gt=0, description="processor time of a fit")


class Busy(Bias):
    """Burns processor time."""

    config_class = BusyConfig
    config: BusyConfig  # type: ignore[assignment]

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        started = time.process_time()
        while time.process_time() - started < self.config.seconds:
            pass


class FewConfig(Config):
    """A space of four settings."""

    heads: float = Field(0.5, json_schema_extra={"search": {"choices": [0.2, 0.5, 0.7, 0.8]}})


class Few(Bias):
    config_class = FewConfig
    config: FewConfig  # type: ignore[assignment]

    def share(self, ids: Ids) -> float:
        return self.config.heads


class Settled(Bias):
    """Has nothing to search."""

    config_class = Config
    config: Config  # type: ignore[assignment]

    def share(self, ids: Ids) -> float:
        return 0.6


class WrongConfig(Config):
    heads: float = Field(0.5, json_schema_extra={"search": {"low": 0.9, "high": 0.1}})


class Wrong(Bias):
    """Declares a space that is empty."""

    config_class = WrongConfig
    config: WrongConfig  # type: ignore[assignment]
