"""The hidden Markov model as a tagger: tags are states, which are counted, not learned by EM.

Brants 2000, "TnT: a statistical part-of-speech tagger".
"""

from itertools import chain
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from seqbench.baselines.taggers.chain import Chain
from seqbench.baselines.taggers.lexicon import tag_counts
from seqbench.baselines.taggers.suffixes import Suffixes
from seqbench.baselines.taggers.transitions import interpolated, trigram_counts
from seqbench.interface import Arrays, Config, Floats
from seqbench.learning.crf import Decoding
from seqbench.learning.sentences import vocabulary
from seqbench.packing import nested, packed, unpacked, within
from seqbench.tasks.language.vocab import Vocab
from seqbench.tasks.tags.model import Sentences, Tagged, Tagger, TaggingContext

WORDS = 1 << 11
"""Maximum number of words whose messages are held at once, to limit memory; one longer sentence is still read whole."""


class HMMTaggerConfig(Config):
    order: Literal[1, 2] = Field(
        2,
        description="number of tags before a tag that it depends on",
        json_schema_extra={"search": {"choices": [1, 2]}},
    )
    decoding: Decoding = Field(
        "posterior",
        description="posterior: probabilities of each tag, which make the fewest errors per word; viterbi: the best "
        "sequence with each tag, normalised, whose best tags are the most probable sequence",
    )
    pseudo_count: float = Field(
        1.0,
        gt=0,
        description="observations of every known word that are spread like the tags of words with its ending",
        json_schema_extra={"search": {"low": 0.01, "high": 3.0, "log": True}},
    )


class HMMTagger(Tagger):
    r"""p(w, t) = Π_i p(t_i | t_{i−2}, t_{i−1}) p(w_i | t_i), with no word before the first and after the last one.

    By Bayes' rule p(w | t) ∝ p(t | w) / p(t). A word that occurs n(w) times in training, n(w, t) times with tag t, has

        p(t | w) = (n(w, t) + κ g(t | w)) / (n(w) + κ)

    where g is the guess by its ending and κ is `pseudo_count`. A new word has n(w) = 0, as in TnT; TnT has κ = 0 for
    known words, with which no other tag than those of training is possible.
    """

    stochastic: ClassVar[bool] = False
    config_class = HMMTaggerConfig
    config: HMMTaggerConfig

    def fit(self, train: Tagged, ctx: TaggingContext) -> None:
        C, κ = len(ctx.tags), self.config.pseudo_count
        self.transitions: Floats = interpolated(trigram_counts(train.tags, C), self.config.order)
        self.vocab = vocabulary(chain.from_iterable(train.sentences))
        counts = tag_counts(train, self.vocab, C)
        self.suffixes = Suffixes.of(self.vocab.symbols, counts)
        guess = np.exp(self.suffixes(self.vocab.symbols))
        p = (counts + κ * guess) / (counts.sum(axis=1, keepdims=True) + κ)
        self.emissions: Floats = np.log(p) - self.suffixes.log_p[-1]

    def predict(self, sentences: Sentences) -> list[Floats]:
        inference = Chain(self.transitions, self.config.decoding == "viterbi")
        lengths = np.array([len(sentence) for sentence in sentences], dtype=np.int64)
        found: list[Floats] = [np.empty(0)] * len(sentences)
        for length in np.unique(lengths).tolist():
            alike = np.flatnonzero(lengths == length)
            for rows in np.split(alike, range(size := max(1, WORDS // length), len(alike), size)):
                words = list(chain.from_iterable(sentences[i] for i in rows))
                emissions = self._emissions(words).reshape(len(rows), length, -1)
                for i, marginals in zip(rows, inference.marginals(emissions), strict=True):
                    found[i] = marginals
        return found

    def _emissions(self, words: list[str]) -> Floats:
        """Return log p(w | t) of words, up to a constant per word, as (N, C)."""
        ids = self.vocab.encode(words)
        emissions = self.emissions[ids]
        (new,) = np.nonzero(ids == self.vocab.unk)
        emissions[new] = self.suffixes([words[i] for i in new]) - self.suffixes.log_p[-1]
        return emissions

    def arrays(self) -> Arrays | None:
        own: Arrays = {
            "words": packed(self.vocab.symbols),
            "transitions": self.transitions,
            "emissions": self.emissions,
        }
        return nested({"chain": own, "suffixes": self.suffixes.arrays()})

    def restore(self, arrays: Arrays) -> None:
        own, self.suffixes = within(arrays, "chain"), Suffixes.restored(within(arrays, "suffixes"))
        self.vocab, self.transitions, self.emissions = (
            Vocab(unpacked(own["words"])),
            own["transitions"],
            own["emissions"],
        )
