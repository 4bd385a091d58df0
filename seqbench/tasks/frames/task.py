"""Frames of music: predict the keys that sound at each step; every frame of the test part is scored."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from seqbench.evidence.exhibits import Exhibit
from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability, Record
from seqbench.evidence.strata import Property
from seqbench.evidence.units import Units, Way, numbered
from seqbench.interface import Budget
from seqbench.tasks import items, parts
from seqbench.tasks.base import Sampling, Split, Task
from seqbench.tasks.frames.checks import Composing, check_fitted
from seqbench.tasks.frames.data import FrameData, NewPieces
from seqbench.tasks.frames.drawing import drawn
from seqbench.tasks.frames.exhibits import Fit, piece, rolls
from seqbench.tasks.frames.laws import PIECES, lengths, mean_error
from seqbench.tasks.frames.metrics import NATS_PER_FRAME, PLACE, item_columns
from seqbench.tasks.frames.model import FrameModel, FramesContext, Rolls
from seqbench.tasks.frames.notes import as_text
from seqbench.tasks.items import Witness
from seqbench.tasks.trials import check_class


class Frames(Task[FrameData, FrameModel]):
    name: ClassVar[str] = "frames"
    suite: ClassVar[str] = "music"
    holds: ClassVar[str] = "music"
    metrics: ClassVar[tuple[Metric, ...]] = (NATS_PER_FRAME,)
    strata: ClassVar[tuple[Property, ...]] = (PLACE,)
    shown: ClassVar[int] = 1
    wordless: ClassVar[bool] = True
    marks: ClassVar[dict[str, str]] = {
        "causal": "***",
        "exact": "≈",
        "normalised": "†",
        "frozen": "‡",
        "repeatable": "◊",
        "batched": "¶",
    }

    def train(self, data: FrameData, split: Split) -> Rolls:
        return data.train

    def context(
        self,
        data: FrameData,
        split: Split,
        seed: int,
        budget: Budget,
        device: str,
        log: Callable[[str, float], None],
    ) -> FramesContext:
        keys = data.train[0].shape[1]
        return FramesContext(seed=seed, budget=budget, valid=data.valid, device=device, log=log, keys=keys)

    def smaller(self, data: FrameData, share: float, seed: int) -> FrameData:
        """Draw whole pieces at random."""
        rows = parts.drawn(len(data.train), share, seed)
        parts.refuse_fewer(len(rows), 2, "pieces", share, "one shows no frequencies")
        return replace(data, train=[data.train[i] for i in rows])

    def training_size(self, data: FrameData) -> tuple[int, str]:
        return int(lengths(data.train).sum()), "frame"

    def witness(self, data: FrameData, seed: int) -> Witness:
        return Witness()

    def score(
        self,
        model: FrameModel,
        data: FrameData,
        split: Split,
        valid: Columns | None = None,
        witness: Witness | None = None,
    ) -> Columns:
        """Return columns with one entry per frame, as the metrics take them."""
        part: Rolls = getattr(data, split)
        return item_columns(items.score(PIECES, model, part, witness), part)

    def units(self, columns: Columns, basis: Comparability) -> Units:
        """Each frame is a unit. Frames of one piece depend on each other; pieces are independent."""
        scored = {name: column for name, column in columns.items() if name != "piece"}
        return Units(scored, (Way("pieces", numbered(columns["piece"])),))

    def detail(self, columns: Columns, data: FrameData, valid: Columns) -> dict[str, Any]:
        """Return `error`, the standard error of the mean score of estimates, 0 if scores are exact; `first`, the mean
        −ln p of first frames, of which nothing is known."""
        first = columns["nats"][columns["place"] == 1].astype(np.float64)
        return {"error": mean_error(columns["error"].astype(np.float64)), "first": float(first.mean())}

    def examples(self, fit: Fit) -> dict[str, Callable[[], Any]]:
        """Return `piece`, which the model makes up."""
        return {"piece": partial(piece, fit)}

    def exhibits(self, record: Record, columns: Columns | None) -> Sequence[Exhibit]:
        return rolls(record)

    def comparability(self, data: FrameData, dataset: str, data_sha256: str) -> Comparability:
        return Comparability(
            task=self.name,
            dataset=dataset,
            data_sha256=data_sha256,
            vocab_sha256="",
            convention=data.convention,
            unit="frame",
            items=int(lengths(data.test).sum()),
        )

    def encoding(self, data: FrameData) -> dict[str, Any]:
        return {"keys": data.train[0].shape[1], "lowest": data.lowest, "reading": data.reading}

    def probe(self, model: FrameModel, data: FrameData) -> Callable[[], Check]:
        return items.probe(PIECES, model, data.valid).check

    def check(self, model: FrameModel, data: FrameData, seed: int, witness: Witness) -> list[Check]:
        checks = items.check_fitted(PIECES, model, data.test, seed, witness)
        return check_fitted(checks, model, data.test, seed)

    def check_class(self, make: Callable[[], FrameModel], seed: int) -> list[Check]:
        return check_class(make, Composing(), seed)

    def predict(
        self, model: FrameModel, new: NewPieces, encoding: dict[str, Any], detail: dict[str, Any]
    ) -> dict[str, Any]:
        """Return one entry per frame: `piece`, its name; `frame`, from 1; `nats`, −ln p; `error` of estimates."""
        columns = item_columns(items.score(PIECES, model, new.rolls), new.rolls)
        told = {
            "piece": [new.names[i] for i in columns["piece"]],
            "frame": columns["place"],
            "nats": columns["nats"],
        }
        return told | ({"error": columns["error"]} if columns["error"].any() else {})

    def sample(self, model: FrameModel, data: FrameData, sampling: Sampling) -> str:
        """Return frames as lines of names of notes."""
        return as_text(drawn(model, data, sampling), data.lowest)
