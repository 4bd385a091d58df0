"""Translation: predict a whole sequence of words from each source; every sentence of the test part is scored."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from seqbench.evidence.exhibits import Exhibit
from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability, Record
from seqbench.evidence.strata import Property, scored
from seqbench.evidence.units import Units, Way
from seqbench.interface import Budget
from seqbench.tasks import items, parts
from seqbench.tasks.base import Split, Task
from seqbench.tasks.items import Answers
from seqbench.tasks.translations.checks import Translation as TranslationTrial
from seqbench.tasks.translations.data import NewSources, TranslationData
from seqbench.tasks.translations.detokenisation import detokenised
from seqbench.tasks.translations.exhibits import Fit, attention, examples, translation_exhibits
from seqbench.tasks.translations.laws import Witness, check_fitted, score, translated, translations
from seqbench.tasks.translations.metrics import (
    BLEU,
    CHRF,
    EXACT_MATCH,
    PERPLEXITY,
    WORDS_BLEU,
    WRONG_BITS,
    bits_per_word,
    item_columns,
)
from seqbench.tasks.translations.model import Pairs, TranslationContext, Translator
from seqbench.tasks.trials import check_class


class Translation(Task[TranslationData, Translator]):
    name: ClassVar[str] = "translate"
    suite: ClassVar[str] = "translate"
    holds: ClassVar[str] = "pairs of sentences"
    metrics: ClassVar[tuple[Metric, ...]] = (BLEU, EXACT_MATCH, CHRF, PERPLEXITY, WORDS_BLEU, WRONG_BITS)
    strata: ClassVar[tuple[Property, ...]] = (Property("length", "words of the source"),)
    shown: ClassVar[int] = 4
    marks: ClassVar[dict[str, str]] = {
        "causal": "***",
        "normalised": "†",
        "frozen": "‡",
        "repeatable": "◊",
        "batched": "¶",
        "blind": "§",
    }

    def train(self, data: TranslationData, split: Split) -> Pairs:
        return data.train

    def context(
        self,
        data: TranslationData,
        split: Split,
        seed: int,
        budget: Budget,
        device: str,
        log: Callable[[str, float], None],
    ) -> TranslationContext:
        return TranslationContext(
            seed=seed,
            budget=budget,
            valid=data.valid,
            device=device,
            log=log,
            source_vocab=data.source_vocab,
            target_vocab=data.target_vocab,
        )

    def smaller(self, data: TranslationData, share: float, seed: int) -> TranslationData:
        """Draw pairs at random."""
        rows = parts.drawn(len(data.train), share, seed)
        parts.refuse_fewer(len(rows), 2, "pairs", share, "one shows no frequencies")
        return replace(data, train=data.train.take(rows))

    def training_size(self, data: TranslationData) -> tuple[int, str]:
        return len(data.train), "pair"

    def witness(self, data: TranslationData, seed: int) -> Witness:
        return Witness()

    def score(
        self,
        model: Translator,
        data: TranslationData,
        split: Split,
        valid: Columns | None = None,
        witness: Witness | None = None,
    ) -> Columns:
        """Return columns with one entry per sentence, as the metrics take them."""
        part: Pairs = getattr(data, split)
        said, log_p = score(model, part, witness)
        texts = _texts(said, part.written is not None)
        return item_columns(texts, list(said), part, log_p, bits_per_word(data.target_vocab))

    def units(self, columns: Columns, basis: Comparability) -> Units:
        """Each sentence is a unit; they are independent of each other."""
        return Units(columns, (Way("sentences"),))

    def detail(self, columns: Columns, data: TranslationData, valid: Columns) -> dict[str, Any]:
        """Return `strata`: scores by the length of the source, unless sources are vectors."""
        metrics = [BLEU, EXACT_MATCH] if np.isnan(columns["wrong_bits"]).all() else [EXACT_MATCH, WRONG_BITS]
        return {"strata": scored(self.strata, columns, metrics)}

    def remarks(self, record: Record) -> Sequence[str]:
        wrong = {split: scores.get("wrong_bits", np.nan) for split, scores in record.scores.items()}
        if np.isnan(list(wrong.values())).any():
            return ()
        return (f"wrong bits per sequence: {wrong['valid']:.3g} on validation, {wrong['test']:.3g} on the test part",)

    def examples(self, fit: Fit) -> dict[str, Callable[[], Any]]:
        """Return `examples`, sentences from all over the test part, and the `attention` to one of them."""
        return {"examples": partial(examples, fit, _texts), "attention": partial(attention, fit)}

    def exhibits(self, record: Record, columns: Columns | None) -> Sequence[Exhibit]:
        return translation_exhibits(record)

    def comparability(self, data: TranslationData, dataset: str, data_sha256: str) -> Comparability:
        vocabs = [vocab.sha256 for vocab in (data.source_vocab, data.target_vocab) if vocab is not None]
        return Comparability(
            task=self.name,
            dataset=dataset,
            data_sha256=data_sha256,
            vocab_sha256=hashlib.sha256("\0".join(vocabs).encode()).hexdigest(),
            convention=data.convention,
            unit="sentence",
            items=len(data.test),
            ranked_by=data.ranked_by,
        )

    def encoding(self, data: TranslationData) -> dict[str, Any]:
        return {"written": data.train.written is not None, "reading": data.reading}

    def probe(self, model: Translator, data: TranslationData) -> Callable[[], Check]:
        return items.probe(translations(), model, data.valid.sources).check

    def check(self, model: Translator, data: TranslationData, seed: int, witness: Witness) -> list[Check]:
        return check_fitted(model, data.test, data.target_vocab, seed, witness)

    def check_class(self, make: Callable[[], Translator], seed: int) -> list[Check]:
        return check_class(make, TranslationTrial(), seed)

    def predict(
        self, model: Translator, new: NewSources, encoding: dict[str, Any], detail: dict[str, Any]
    ) -> dict[str, Any]:
        """Return one entry per source: `sentence`, from 1; `translation`, its text."""
        said = [translated(model, [new.sources[i] for i in rows]) for rows in items.pieces(len(new.sources))]
        texts = _texts(np.concatenate(said), encoding["written"])
        return {"sentence": np.arange(len(texts)) + 1, "translation": texts}


def _texts(said: Answers, written: bool) -> list[str]:
    """Return translations as text; written: whether references are texts, not words joined by spaces."""
    return [detokenised(words) if written else " ".join(words) for words in said]
