"""Recall: restore patterns from damaged ones; every probe of the test part is scored."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from seqbench.evidence.exhibits import Exhibit
from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability, Record
from seqbench.evidence.units import Units, Way, numbered
from seqbench.interface import Budget
from seqbench.tasks import items
from seqbench.tasks.base import Split, Task
from seqbench.tasks.items import Witness
from seqbench.tasks.patterns.checks import Recalling
from seqbench.tasks.patterns.data import NewPatterns, PatternData
from seqbench.tasks.patterns.exhibits import Fit, outcomes, pattern_exhibits, restored
from seqbench.tasks.patterns.laws import FURTHER, UNTOLD, probes
from seqbench.tasks.patterns.metrics import BIT_ERROR, OUTCOMES, OVERLAP, RESTORED, STEPS, item_columns
from seqbench.tasks.patterns.model import Memory, Probes, RecallContext
from seqbench.tasks.trials import check_class


class Recall(Task[PatternData, Memory]):
    name: ClassVar[str] = "recall"
    suite: ClassVar[str] = "recall"
    holds: ClassVar[str] = "patterns"
    metrics: ClassVar[tuple[Metric, ...]] = (RESTORED, BIT_ERROR, OVERLAP, STEPS)
    shown: ClassVar[int] = 4
    wordless: ClassVar[bool] = True
    marks: ClassVar[dict[str, str]] = {"frozen": "‡", "repeatable": "◊", "batched": "¶"}

    def train(self, data: PatternData, split: Split) -> Probes:
        return data.train

    def context(
        self,
        data: PatternData,
        split: Split,
        seed: int,
        budget: Budget,
        device: str,
        log: Callable[[str, float], None],
    ) -> RecallContext:
        return RecallContext(seed=seed, budget=budget, valid=data.valid, device=device, log=log)

    def smaller(self, data: PatternData, share: float, seed: int) -> PatternData:
        """Refuse, since the test part asks for the very patterns that are stored."""
        raise ValueError(
            "a memory is asked for the very patterns that it stored, so it has no curve against training size: run "
            "'random-patterns(alpha=0.05)' and other numbers of patterns, and draw them with seqbench report --against "
            "alpha"
        )

    def witness(self, data: PatternData, seed: int) -> Witness:
        return Witness()

    def score(
        self,
        model: Memory,
        data: PatternData,
        split: Split,
        valid: Columns | None = None,
        witness: Witness | None = None,
    ) -> Columns:
        """Return columns with one entry per probe, as the metrics take them."""
        part: Probes = getattr(data, split)
        said = items.score(probes(part.whole.shape[1]), model, part.damaged, witness)
        return item_columns(said, part, data.train.whole)

    def units(self, columns: Columns, basis: Comparability) -> Units:
        """Each probe is a unit. Probes of one pattern depend on each other."""
        scored = {name: column for name, column in columns.items() if name != "pattern"}
        return Units(scored, (Way("patterns", numbered(columns["pattern"].astype(np.int64))),))

    def detail(self, columns: Columns, data: PatternData, valid: Columns) -> dict[str, Any]:
        """Return the share of probes by what they became (`outcomes`), and by how they ended (`ends`)."""
        periods = columns["period"]
        ends = {
            "fixed point": periods == 1,
            "oscillation": periods > 1,
            "no rest": periods == 0,
        }
        told = not np.isnan(periods).all()
        return {
            "outcomes": {name: float((columns["outcome"] == i).mean()) for i, name in enumerate(OUTCOMES)},
            "ends": {name: float(mask.mean()) for name, mask in ends.items()} if told else {},
        }

    def examples(self, fit: Fit) -> dict[str, Callable[[], Any]]:
        """Return `restored`, probes from all over the test part, before and after."""
        return {"restored": partial(restored, fit)}

    def exhibits(self, record: Record, columns: Columns | None) -> Sequence[Exhibit]:
        return pattern_exhibits(record)

    def comparisons(self, fits: Mapping[str, tuple[Record, Columns | None]]) -> Sequence[Exhibit]:
        return outcomes(fits)

    def remarks(self, record: Record) -> Sequence[str]:
        """Tell of a model with dynamics what became of probes that were not restored, and how many found no rest."""
        if not record.detail["ends"]:
            return ()
        became = {name: share for name, share in record.detail["outcomes"].items() if name != OUTCOMES[0]}
        ends = {name: share for name, share in record.detail["ends"].items() if name != "fixed point"}
        told = [f"{100 * share:.3g} % {name}" for name, share in (became | ends).items() if share]
        return (f"{record.label}: of all probes {', '.join(told)}",) if told else ()

    def comparability(self, data: PatternData, dataset: str, data_sha256: str) -> Comparability:
        return Comparability(
            task=self.name,
            dataset=dataset,
            data_sha256=data_sha256,
            vocab_sha256="",
            convention=data.convention,
            unit="probe",
            items=len(data.test),
        )

    def encoding(self, data: PatternData) -> dict[str, Any]:
        return {"units": data.train.whole.shape[1], "shape": data.shape, "reading": data.reading}

    def probe(self, model: Memory, data: PatternData) -> Callable[[], Check]:
        return items.probe(probes(data.valid.whole.shape[1]), model, data.valid.damaged).check

    def check(self, model: Memory, data: PatternData, seed: int, witness: Witness) -> list[Check]:
        return items.check_fitted(probes(data.test.whole.shape[1]), model, data.test.damaged, seed, witness)

    def check_class(self, make: Callable[[], Memory], seed: int) -> list[Check]:
        return check_class(make, Recalling(), seed)

    def predict(
        self, model: Memory, new: NewPatterns, encoding: dict[str, Any], detail: dict[str, Any]
    ) -> dict[str, Any]:
        """Return one entry per pattern: `pattern`, its name; `restored`, its units as 0 and 1; what is told of it."""
        units = encoding["units"]
        said = items.score(probes(units), model, new.damaged)
        restored = ["".join("1" if value > 0 else "0" for value in row[:units]) for row in said]
        told = {name: said[:, units + k] for k, name in enumerate(FURTHER) if (said[:, units + k] != UNTOLD).all()}
        return {"pattern": list(new.names), "restored": restored, **told}
