"""The baseline of every tagger: each word gets the tag that it has most often in training."""

from itertools import chain
from typing import ClassVar

import numpy as np

from seqbench.baselines.taggers.lexicon import split, tag_counts
from seqbench.interface import Arrays, Floats
from seqbench.learning.sentences import vocabulary
from seqbench.packing import packed, unpacked
from seqbench.tasks.language.vocab import Vocab
from seqbench.tasks.tags.model import Sentences, Tagged, Tagger, TaggingContext


class MostFrequentTag(Tagger):
    r"""Relative frequencies, with one further observation that is spread like the tags of rare words:

        p(t | w) = (n(w, t) + q(t)) / (n(w) + 1),    q(t) = (n₁(t) + 1/C) / (Σ_t n₁(t) + 1)

    n₁(t) counts the words that occur once, with tag t. A word that is not in training has probabilities q: new words
    resemble words seen once (Baayen & Sproat 1996). So no tag has probability 0, and the tag with the highest count is
    the most probable one; if two tags are equally frequent, q decides.
    """

    stochastic: ClassVar[bool] = False

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        self.vocab = vocabulary(chain.from_iterable(train.sentences))
        counts = tag_counts(train, self.vocab, len(ctx.tags))
        seen = counts.sum(axis=1, keepdims=True)
        once = counts[seen[:, 0] == 1].sum(axis=0)
        unknown = (once + 1 / len(once)) / (once.sum() + 1)
        self.log_p: Floats = np.log((counts + unknown) / (seen + 1))

    def predict(self, sentences: Sentences) -> list[Floats]:
        rows = self.log_p[self.vocab.encode(chain.from_iterable(sentences))]
        return list(split(rows, sentences))

    def arrays(self) -> Arrays:
        return {"words": packed(self.vocab.symbols), "log_p": self.log_p}

    def restore(self, arrays: Arrays) -> None:
        self.vocab, self.log_p = Vocab(unpacked(arrays["words"])), arrays["log_p"]
