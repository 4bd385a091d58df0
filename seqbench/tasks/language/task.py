"""Language modelling: predict the probability of the next symbol; every symbol of a text is scored."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability
from seqbench.evidence.units import Units, Way
from seqbench.interface import Budget, Documents
from seqbench.tasks import parts
from seqbench.tasks.base import Sampling, Split, Task
from seqbench.tasks.language.checks import check_class, check_fitted, probe
from seqbench.tasks.language.data import Convention, TextData, TextSplit
from seqbench.tasks.language.metrics import BITS_PER_CHARACTER, BITS_PER_TOKEN, PERPLEXITY
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.sampling import ids_of, sample, text_of
from seqbench.tasks.language.scoring import Witness, score_documents
from seqbench.tasks.language.vocab import EOS, Vocab

SEGMENT = 64
"""Number of symbols of a stream per unit, whose scores are summed."""
ALIKE = {"word": 6_400, "character": 36_000}
"""Number of symbols over which neighbouring text is alike, by the kind of symbol: articles differ in how predictable
they are. Measured on WikiText-2: the variance of the mean over stretches falls slower than 1 / length up to about this
length, for four pairs of models (docs/statistics.md). Symbols of synthetic sources have no such memory."""


class LanguageModelling(Task[TextData, LanguageModel[Any]]):
    name: ClassVar[str] = "lm"
    suite: ClassVar[str] = "lm"
    metrics: ClassVar[tuple[Metric, ...]] = (PERPLEXITY, BITS_PER_CHARACTER, BITS_PER_TOKEN)
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
            test part to which it belongs.
        """
        part: TextSplit = getattr(data, split)
        return score_split(model, part, data.convention, witness)

    def units(self, columns: Columns, basis: Comparability) -> Units:
        """Sum the columns over each stretch of a stream, or each sentence; neighbours are of one text, and so alike."""
        unit, nats = columns["unit"], columns["nats"].astype(np.float64)
        sums = {
            "nats": np.bincount(unit, nats),
            "tokens": np.bincount(unit).astype(np.float64),
            "characters": np.bincount(unit, columns["characters"]),
        }
        alike = ALIKE.get(basis.unit, 0) / float(sums["tokens"].mean())
        name = "sentences" if basis.convention == "sentence" else f"stretches of {sums['tokens'][0]:,.0f} {basis.unit}s"
        return Units(sums, (Way(name, ordered=True, alike=alike),))

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
        counts = np.zeros(data.vocab.size)
        for document in data.train.documents:
            counts += np.bincount(document, minlength=data.vocab.size)
        text, other, unigram = data.test.documents, data.valid.documents, counts / counts.sum()
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
        ends = np.flatnonzero(np.isin(ids, [vocab.index[end] for end in (EOS, "\n") if end in vocab.index])) + 1
        starts = np.concatenate([[0], ends[ends < len(ids)]])
        tokens = np.diff(starts, append=len(ids))
        sums, lengths = np.add.reduceat(nats, starts), np.add.reduceat(characters, starts)
        return {
            "line": np.arange(len(starts)) + 1,
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
            seed=sampling.seed,
        )
        return text_of(drawn, data.vocab, data.unit)


def score_split(model: LanguageModel[Any], part: TextSplit, convention: Convention, witness: Witness | None) -> Columns:
    """Return the stored columns of a split."""
    nats = np.concatenate(score_documents(model, part.documents, witness)).astype(np.float32)
    lengths = np.array([len(d) for d in part.documents])
    if convention == "sentence":
        unit = np.repeat(np.arange(len(lengths)), lengths)
    else:
        unit = np.arange(lengths.sum()) // max(1, min(SEGMENT, lengths.sum() // SEGMENT))
    return {
        "nats": nats,
        "characters": np.concatenate(list(part.characters)).astype(np.int32),
        "unit": unit.astype(np.int32),
    }
