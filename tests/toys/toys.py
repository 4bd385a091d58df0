"""A small data set and small honest models, found by the harness through the path of this file."""

import os
import time
from pathlib import Path

import numpy as np
from pydantic import Field

from seqbench import Config, LanguageModel, Vocab
from seqbench.data import DataError, Dataset
from seqbench.interface import Documents, Floats, Ids
from seqbench.tasks.language.data import TextData, TextSplit
from seqbench.tasks.language.model import LanguageContext


class Coins(Dataset[TextData]):
    """Independent throws of a coin with unequal sides."""

    task = "lm"
    heads: float = 0.8
    tokens: int = 2000

    def fingerprint(self) -> str:
        return f"{self.heads}-{self.tokens}"

    def load(self) -> TextData:
        rng = np.random.default_rng(0)

        def throws(tokens: int) -> TextSplit:
            return TextSplit([(rng.random(tokens) < self.heads).astype(np.int64)], [np.ones(tokens, dtype=np.int64)])

        tokens = self.tokens
        return TextData(
            "coins", Vocab(("tails", "heads")), throws(tokens), throws(tokens), throws(tokens), "stream", "symbol"
        )


class Lost(Coins):
    """A data set that is not at hand."""

    def fingerprint(self) -> str:
        raise DataError("coins are lost: put some into the purse")


class Unreadable(Coins):
    """A data set whose file cannot be read."""

    def load(self) -> TextData:
        raise OSError("the purse is torn")


class Exploding(Coins):
    """A data set whose loader takes the process with it."""

    def load(self) -> TextData:
        os._exit(7)


class Counted(Coins):
    """Writes a line into a file each time that it is loaded."""

    purse: str

    def load(self) -> TextData:
        with Path(self.purse).open("a") as file:
            file.write("opened\n")
        return super().load()


class Share(Config):
    weight: float = Field(1.0, gt=0, description="added to each count")
    seconds: float = Field(0.0, ge=0, description="that the fit sleeps")
    noise: float = Field(0.0, ge=0, description="deviation of the logit that the seed draws")


class Frequency(LanguageModel[None]):
    """The share of heads; kept as arrays."""

    config_class = Share
    config: Share

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.vocab_size = ctx.vocab.size
        print("counting")
        time.sleep(self.config.seconds)
        counts = np.bincount(np.concatenate(train), minlength=self.vocab_size) + self.config.weight
        logits = np.log(counts) + np.random.default_rng(ctx.seed).normal(0, self.config.noise, self.vocab_size)
        self.p = np.exp(logits) / np.exp(logits).sum()
        ctx.log("heads", self.p[1])

    def predict(self, ids: Ids, state: None = None) -> tuple[Floats, None]:
        return np.log(self.p)[ids], None

    def arrays(self) -> dict[str, Floats]:
        return {"p": self.p}

    def restore(self, arrays: dict[str, Floats]) -> None:
        self.p = arrays["p"]
        self.vocab_size = len(self.p)


class Stopped(Frequency):
    """Validates for a while, and says that it trained a quarter of a second too long."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        super().fit(train, ctx)
        with ctx.validating():
            time.sleep(0.05)
        ctx.spent("early stopping", 0.25)


class Lazy(Frequency):
    """Works for a fifth of a second, and counts, when it predicts for the first time."""

    stochastic = False

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.vocab_size = ctx.vocab.size
        self.put_off = lambda: super(Lazy, self).fit(train, ctx)

    def predict(self, ids: Ids, state: None = None) -> tuple[Floats, None]:
        if not hasattr(self, "p"):
            started = time.process_time()
            while time.process_time() < started + 0.2:
                continue
            self.put_off()
        return super().predict(ids)

    def arrays(self) -> None:
        return None


class Unwritten(Frequency):
    """The same, which cannot be kept as arrays and is refitted."""

    def arrays(self) -> None:
        return None


class Still(Frequency):
    """The same, untouched by the seed."""

    stochastic = False
