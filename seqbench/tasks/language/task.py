"""Language modelling: predict the probability of the next symbol; every symbol of a text is scored."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from seqbench.evidence.exhibits import Exhibit
from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability, Record
from seqbench.evidence.strata import Mask, Property
from seqbench.evidence.units import Units, Way
from seqbench.interface import Budget, Documents
from seqbench.tasks import parts
from seqbench.tasks.base import Sampling, Split, Task
from seqbench.tasks.language.checks import check_class, check_fitted, probe
from seqbench.tasks.language.columns import FREQUENCY, POSITION, SEGMENT, counts, positions, starts, units_of
from seqbench.tasks.language.data import TextData, TextSplit
from seqbench.tasks.language.exhibits import Fit, passage, passages, samples
from seqbench.tasks.language.metrics import BITS_PER_CHARACTER, BITS_PER_TOKEN, PERPLEXITY
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.sampling import ids_of, sample, text_of
from seqbench.tasks.language.scoring import Witness, score_documents
from seqbench.tasks.language.vocab import Vocab

ALIKE = {"word": 6_400, "character": 36_000}
"""Number of symbols over which neighbouring text is alike, by the kind of symbol: articles differ in how predictable
they are. Measured on WikiText-2: the variance of the mean over stretches falls slower than 1 / length up to about this
length, for four pairs of models (docs/statistics.md). Symbols of synthetic sources have no such memory."""


class LanguageModelling(Task[TextData, LanguageModel[Any]]):
    name: ClassVar[str] = "lm"
    suite: ClassVar[str] = "lm"
    holds: ClassVar[str] = "a text"
    metrics: ClassVar[tuple[Metric, ...]] = (PERPLEXITY, BITS_PER_CHARACTER, BITS_PER_TOKEN)
    strata: ClassVar[tuple[Property, ...]] = (POSITION, FREQUENCY)
    shown: ClassVar[int] = 2
    marks: ClassVar[dict[str, str]] = {
        "causal": "***",
        "normalised": "†",
        "frozen": "‡",
        "repeatable": "◊",
        "chunked": "§",
        "batched": "¶",
    }

    source: ClassVar[str] = "python-reference"
    sums: ClassVar[str] = "seqbench.tasks.language.mixture:mixture"
    weighed: ClassVar[str] = "seqbench.tasks.language.mixture:weighed"

    def train(self, data: TextData, split: Split) -> Documents:
        return data.train.documents

    def context(
        self, data: TextData, split: Split, seed: int, budget: Budget, device: str, log: Callable[[str, float], None]
    ) -> LanguageContext:
        return LanguageContext(
            seed=seed, budget=budget, valid=data.valid.documents, device=device, log=log, vocab=data.vocab
        )

    def smaller(self, data: TextData, share: float, seed: int) -> TextData:
        """Keep consecutive symbols from a random place on, as a younger or smaller collection would hold them; after
        the last document comes the first. Sentences are kept whole."""
        part = data.train.stretch(share, seed, whole=data.convention == "sentence")
        parts.refuse_fewer(part.tokens, SEGMENT, f"{data.unit}s", share, "fewer show no frequencies")
        return replace(data, train=part)

    def training_size(self, data: TextData) -> tuple[int, str]:
        return data.train.tokens, data.unit

    def witness(self, data: TextData, seed: int) -> Witness:
        return Witness([len(d) for d in data.test.documents], seed)

    def score(
        self,
        model: LanguageModel[Any],
        data: TextData,
        split: Split,
        valid: Columns | None = None,
        witness: Witness | None = None,
    ) -> Columns:
        """Return columns with one entry per symbol.

        Returns:
            `nats`, −ln p; `characters`, the number of characters that the symbol stands for; `unit`, the unit of the
            test part to which it belongs; `position` in its line, from 1; `frequency`, how often training has it.
        """
        part: TextSplit = getattr(data, split)
        nats = np.concatenate(score_documents(model, part.documents, witness))
        return {
            "nats": nats.astype(np.float32),
            "characters": np.concatenate(list(part.characters)).astype(np.int32),
            "unit": units_of(part.documents, data.convention),
            "position": positions(part.documents, data.vocab),
            "frequency": counts(data.train.documents, data.vocab.size)[np.concatenate(list(part.documents))],
        }

    def mixed(self, columns: Sequence[Columns], weights: Sequence[float]) -> Columns:
        """Mix the probabilities of each symbol."""
        nats = np.stack([one["nats"].astype(np.float64) for one in columns])
        with np.errstate(divide="ignore"):
            return {**columns[0], "nats": -np.logaddexp.reduce(np.log(weights)[:, None] - nats)}

    def units(self, columns: Columns, basis: Comparability) -> Units:
        """Sum the columns over each stretch of a stream, or each sentence; neighbours are of one text, and so alike."""
        return self.stratum(columns, np.ones(len(columns["unit"]), dtype=np.bool_), basis)

    def stratum(self, columns: Columns, here: Mask, basis: Comparability) -> Units:
        """Sum the columns over the symbols `here` of each unit; a unit may have none, and then adds nothing."""
        unit, nats = columns["unit"], columns["nats"].astype(np.float64)
        sums = {
            "nats": np.bincount(unit, np.where(here, nats, 0.0)),
            "tokens": np.bincount(unit, here),
            "characters": np.bincount(unit, columns["characters"] * here),
        }
        adding = int((sums["tokens"] > 0).sum())  # units, which all symbols of the text are shared among
        alike = ALIKE.get(basis.unit, 0) * adding / len(unit)
        stretches = f"stretches of {int((unit == 0).sum()):,} {basis.unit}s"
        name = "sentences" if basis.convention == "sentence" else stretches
        return Units(sums, (Way(name, ordered=True, alike=alike),))

    def examples(self, fit: Fit) -> dict[str, Callable[[], Any]]:
        """Return `samples`, texts that the model makes up, and a `passage` of the test text, with the bits of each
        symbol."""
        return {"samples": partial(samples, fit), "passage": partial(passage, fit)}

    def exhibits(self, record: Record, columns: Columns | None) -> Sequence[Exhibit]:
        return passages(record)

    def comparability(self, data: TextData, dataset: str, data_sha256: str) -> Comparability:
        return Comparability(
            task=self.name,
            dataset=dataset,
            data_sha256=data_sha256,
            vocab_sha256=data.vocab.sha256,
            convention=data.convention,
            unit=data.unit,
            items=data.test.tokens,
        )

    def encoding(self, data: TextData) -> dict[str, Any]:
        return {"symbols": list(data.vocab.symbols)}

    def probe(self, model: LanguageModel[Any], data: TextData) -> Callable[[], Check]:
        return probe(model, data.valid.documents).check

    def check(self, model: LanguageModel[Any], data: TextData, seed: int, witness: Witness) -> list[Check]:
        seen = counts(data.train.documents, data.vocab.size)
        text, other, unigram = data.test.documents, data.valid.documents, seen / seen.sum()
        return check_fitted(model, text, other, data.vocab.size, unigram, seed, witness)

    def check_class(self, make: Callable[[], LanguageModel[Any]], seed: int) -> list[Check]:
        return check_class(make, seed)

    def predict(
        self, model: LanguageModel[Any], new: TextSplit, encoding: dict[str, Any], detail: dict[str, Any]
    ) -> dict[str, Any]:
        """Return one entry per line: `line`, from 1; `tokens`, their number; `nats`, the sum of −ln p; `perplexity`;
        `bits_per_character`."""
        vocab = Vocab(tuple(encoding["symbols"]))
        ids = np.concatenate(list(new.documents))
        nats = np.concatenate(score_documents(model, new.documents))
        characters = np.concatenate(list(new.characters))
        first = starts(ids, vocab)
        tokens = np.diff(first, append=len(ids))
        sums, lengths = np.add.reduceat(nats, first), np.add.reduceat(characters, first)
        return {
            "line": np.arange(len(first)) + 1,
            "tokens": tokens,
            "nats": sums,
            "perplexity": np.exp(sums / tokens),
            "bits_per_character": sums / lengths / np.log(2),
        }

    def sample(self, model: LanguageModel[Any], data: TextData, sampling: Sampling) -> str:
        drawn = sample(
            model,
            sampling.length,
            prompt=ids_of(sampling.prompt, data.vocab, data.unit),
            temperature=sampling.temperature,
            greedy=sampling.greedy,
            top_k=sampling.top_k,
            nucleus=sampling.nucleus,
            exclude=[] if sampling.unknown or data.vocab.unk is None else [data.vocab.unk],
            ends=data.ends,
            seed=sampling.seed,
        )
        return text_of(drawn, data.vocab, data.unit)
