"""Tagging: predict the tag of each word of a sentence; every word of the test part is scored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from seqbench.evidence.exhibits import Exhibit, shortened
from seqbench.evidence.laws import law
from seqbench.evidence.metrics import Columns, Metric
from seqbench.evidence.records import Check, Comparability, Record
from seqbench.evidence.units import Units, Way, numbered
from seqbench.interface import Budget
from seqbench.tasks import items, parts
from seqbench.tasks.base import Scored, Split, Task
from seqbench.tasks.class_exhibits import class_comparisons, class_exhibits, wrong
from seqbench.tasks.classes import ACCURACY, CALIBRATION_ERROR, LOG_LOSS, MACRO_F1, class_detail
from seqbench.tasks.items import Witness
from seqbench.tasks.tags.checks import Tagging as TaggingTrial
from seqbench.tasks.tags.data import NewSentences, TaggedData
from seqbench.tasks.tags.laws import ahead, lengths, reads_ahead, sentences_of
from seqbench.tasks.tags.metrics import SENTENCES_RIGHT, UNKNOWN_ACCURACY, item_columns
from seqbench.tasks.tags.model import Sentences, Tagged, Tagger, TaggingContext
from seqbench.tasks.trials import check_class

NEIGHBOURS, WORD = 8, 24
"""How many words on each side are shown of a word that is wrong, and how many characters of each."""


class Tagging(Task[TaggedData, Tagger]):
    name: ClassVar[str] = "tag"
    suite: ClassVar[str] = "tag"
    holds: ClassVar[str] = "tagged sentences"
    metrics: ClassVar[tuple[Metric, ...]] = (
        ACCURACY,
        UNKNOWN_ACCURACY,
        MACRO_F1,
        SENTENCES_RIGHT,
        LOG_LOSS,
        CALIBRATION_ERROR,
    )
    shown: ClassVar[int] = 4
    marks: ClassVar[dict[str, str]] = {"normalised": "†", "frozen": "‡", "repeatable": "◊", "batched": "¶"}

    def train(self, data: TaggedData, split: Split) -> Tagged:
        return data.train

    def context(
        self,
        data: TaggedData,
        split: Split,
        seed: int,
        budget: Budget,
        device: str,
        log: Callable[[str, float], None],
    ) -> TaggingContext:
        return TaggingContext(seed=seed, budget=budget, valid=data.valid, device=device, log=log, tags=data.tags)

    def smaller(self, data: TaggedData, share: float, seed: int) -> TaggedData:
        """Draw sentences at random. Unknown words are then those that the part lacks."""
        rows = parts.drawn(len(data.train), share, seed)
        parts.refuse_fewer(len(rows), 2, "sentences", share, "one shows no frequencies")
        return replace(data, train=data.train.take(rows))

    def training_size(self, data: TaggedData) -> tuple[int, str]:
        return int(lengths(data.train.sentences).sum()), "word"

    def witness(self, data: TaggedData, seed: int) -> Witness:
        return Witness()

    def score(
        self,
        model: Tagger,
        data: TaggedData,
        split: Split,
        valid: Columns | None = None,
        witness: Witness | None = None,
    ) -> Columns:
        """Return columns with one entry per word, as the metrics take them."""
        part: Tagged = getattr(data, split)
        log_p = items.score(sentences_of(len(data.tags)), model, part.sentences, witness)
        return item_columns(log_p, part, data.train.sentences)

    def units(self, columns: Columns, basis: Comparability) -> Units:
        """Each word is a unit. Words of one sentence depend on each other; sentences are independent."""
        scored = {name: column for name, column in columns.items() if name != "sentence"}
        return Units(scored, (Way("sentences", numbered(columns["sentence"])),))

    def detail(self, columns: Columns, data: TaggedData, valid: Columns) -> dict[str, Any]:
        """Return what `class_detail` does, and `unknown`: the number of unknown words of the test part."""
        return class_detail(columns, data.tags) | {"unknown": int(columns["unknown"].sum())}

    def examples(self, fit: Scored[TaggedData, Tagger]) -> dict[str, Callable[[], Any]]:
        """Return `wrong`, the words that are most confidently wrong, each marked in its sentence."""
        return {"wrong": lambda: wrong(fit.columns, fit.data.tags, lambda i: marked(fit.data.test.sentences, i))}

    def exhibits(self, record: Record, columns: Columns | None) -> Sequence[Exhibit]:
        return class_exhibits(record, columns, self.stratum)

    def comparisons(self, fits: Mapping[str, tuple[Record, Columns | None]]) -> Sequence[Exhibit]:
        return class_comparisons(fits)

    def remarks(self, record: Record) -> Sequence[str]:
        said = []
        if not record.detail["unknown"]:
            said.append("every word of the test part occurs in training, so there is no accuracy on unknown words")
        if any(map(reads_ahead, record.checks)):
            said.append("reads ahead: words after a word change its scores")
        return said

    def comparability(self, data: TaggedData, dataset: str, data_sha256: str) -> Comparability:
        return Comparability(
            task=self.name,
            dataset=dataset,
            data_sha256=data_sha256,
            vocab_sha256="",
            convention=data.convention,
            unit="word",
            items=int(lengths(data.test.sentences).sum()),
        )

    def encoding(self, data: TaggedData) -> dict[str, Any]:
        return {"tags": list(data.tags), "reading": data.reading}

    def probe(self, model: Tagger, data: TaggedData) -> Callable[[], Check]:
        return items.probe(sentences_of(len(data.tags)), model, data.valid.sentences).check

    def check(self, model: Tagger, data: TaggedData, seed: int, witness: Witness) -> list[Check]:
        tags, asked, rng = len(data.tags), data.test.sentences, np.random.default_rng(seed)
        checks = items.check_fitted(sentences_of(tags), model, asked, seed, witness)
        return [*checks, law("ahead", lambda: ahead(model, asked, tags, rng))]

    def check_class(self, make: Callable[[], Tagger], seed: int) -> list[Check]:
        return check_class(make, TaggingTrial(), seed)

    def predict(
        self, model: Tagger, new: NewSentences, encoding: dict[str, Any], detail: dict[str, Any]
    ) -> dict[str, Any]:
        """Return one entry per word: `sentence`, from 1; `word`; `predicted`, its tag; `probability` of this tag."""
        tags = encoding["tags"]
        log_p = np.concatenate(list(items.score(sentences_of(len(tags)), model, new.sentences)))
        return {
            "sentence": np.repeat(np.arange(len(new.sentences)) + 1, lengths(new.sentences)),
            "word": [word for words in new.sentences for word in words],
            "predicted": [tags[i] for i in log_p.argmax(axis=1)],
            "probability": np.exp(log_p.max(axis=1)),
        }


def marked(sentences: Sentences, word: int) -> str:
    """Return a word among its neighbours; word: its number among all words."""
    ends = np.cumsum(lengths(sentences))
    number = int(np.searchsorted(ends, word, side="right"))
    words = [shortened(one, WORD) for one in sentences[number]]
    at = word - (int(ends[number]) - len(words))
    before, after = words[max(0, at - NEIGHBOURS) : at], words[at + 1 : at + 1 + NEIGHBOURS]
    cut = ["…"] if at > NEIGHBOURS else [], ["…"] if at + 1 + NEIGHBOURS < len(words) else []
    return " ".join([*cut[0], *before, f"»{words[at]}«", *after, *cut[1]])
