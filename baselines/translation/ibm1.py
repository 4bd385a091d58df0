"""IBM model 1: every target word is a translation of one source word, wherever it stands.

Brown, Della Pietra, Della Pietra & Mercer 1993, "The mathematics of statistical machine translation: parameter
estimation", section 4.1; as a model t(e | f) of the target given the source, with the empty source word f_0.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import ClassVar

import numpy as np
from pydantic import Field
from sacrebleu.metrics.bleu import BLEU

from seqbench.baselines.translation.decoding import COPY, Decoder, Weights
from seqbench.baselines.translation.lengths import LifeTable
from seqbench.baselines.translation.lexicon import Lexicon, expectation_maximisation, posterior
from seqbench.baselines.translation.ngrams import TargetNgrams
from seqbench.baselines.translation.sentences import words_of
from seqbench.interface import Arrays, Config, Floats, Ids
from seqbench.packing import nested, packed, unpacked, within
from seqbench.tasks.language.vocab import Vocab
from seqbench.tasks.translations.model import Pairs, Source, TranslationContext, Translator, Words

TUNED = 200
"""The most validation pairs with which the weights of the decoder, β and λ are chosen."""
POWERS, SMOOTHINGS = (0.0, 0.5, 0.75, 1.0, 1.25), (0.03, 0.1, 0.3)
"""β and λ that are tried."""
START = Weights(language=0.3, word=0.0, drop=-8.0)
GRID: Mapping[str, Sequence[float]] = {
    "language": (0.15, 0.3, 0.6, 1.0),
    "word": (0.0, 1.0, 2.0, 3.0),
    "drop": (-8.0, -4.0, -2.0),
}
"""The weights of the decoder that are tried, one after the other, twice."""


class IBM1Config(Config):
    tolerance: float = Field(
        1e-3, ge=0, description="EM stops when a step gains less than this, nats per target word; or with the budget"
    )
    longest: int = Field(100, ge=1, description="pairs with more words than this on a side are left out of EM")
    order: int = Field(
        3,
        ge=1,
        le=7,
        description="symbols of the longest n-gram of the targets' language model",
        json_schema_extra={"search": {"choices": [2, 3, 4, 5]}},
    )
    beam: int = Field(8, ge=1, description="beginnings of a translation that the decoder keeps")
    translations: int = Field(8, ge=1, description="the most translations of a source word that are tried")
    insertions: int = Field(4, ge=1, description="the most words among which the empty word may insert one")


class IBM1(Translator):
    r"""Model 1 with a model of the length, an n-gram model of the targets, and a monotone decoder.

        m(e | f) = (1 − λ) Σ_i t(e | f_i) / (l + 1) + λ u(e)
        p(e | f, e_1 … e_(j−1)) ∝ p_n-gram(e | e_1 … e_(j−1)) [m(e | f) (1 − end(j, l)) / (u(e) (1 − ē))]^β
        p(<eos> | f, e_1 … e_j) ∝ p_n-gram(<eos> | e_1 … e_j) [end(j, l) / ē]^β

    In model 1 itself a word does not depend on the words before it; the n-gram model adds these, rescaled by how much
    more probable the source makes each word than it is at large (Kneser, Peters & Klakow 1997, "Language model
    adaptation using dynamic marginals"). u is the add-one unigram of the targets, and t of a source word that
    training did not have; end(j, l) is a `LifeTable`; ē is the share of `<eos>` in training. Validation decides β and
    λ, by the likelihood, and the weights of the `Decoder`, by the BLEU of words.
    """

    stochastic: ClassVar[bool] = False
    config_class = IBM1Config
    config: IBM1Config
    rescaling: Floats
    """(2,) β and λ"""

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        """Train by EM, one step per pass over the data.

        Raises:
            ValueError: the sources are vectors, or no target has a word, or the budget allows no pass.
        """
        words = words_of(train.sources, "ibm1")
        if ctx.source_vocab is None or ctx.budget.epochs < 1:
            raise ValueError("ibm1 needs sources of words and a budget of at least one epoch, which is one step of EM")
        self.source_vocab, self.ngrams = ctx.source_vocab, TargetNgrams(self.config.order)
        self.ngrams.fit(train.targets, ctx.target_vocab, ctx)
        sources, targets = [self._read(f) for f in words], [self.ngrams.encoded(e)[:-1] for e in train.targets]
        count = np.bincount(np.concatenate(targets), minlength=ctx.target_vocab.size) + 1.0
        count[self.ngrams.eos] = 0
        self.unigram: Floats = count / count.sum()
        self.share_of_ends = len(targets) / (len(targets) + sum(map(len, targets)))
        lengths = np.array([[len(f) - 1, len(e)] for f, e in zip(sources, targets, strict=True)])
        self.lengths = LifeTable()
        self.lengths.fit(*lengths.T)
        rows = np.flatnonzero(lengths.max(axis=1) <= self.config.longest)
        ctx.log("pairs_left_out", float(len(train) - len(rows)))
        self._translate_by(self._learn([sources[row] for row in rows], [targets[row] for row in rows], ctx))
        with ctx.validating():
            self._rescale(ctx)
            self._tune(ctx)

    def _learn(self, sources: Sequence[Ids], targets: Sequence[Ids], ctx: TranslationContext) -> Lexicon:
        words, before = sum(map(len, targets)), -np.inf
        if not words:
            raise ValueError(f"no training target of at most {self.config.longest} words has a word to learn from")
        for step in islice(expectation_maximisation(sources, targets, ctx.target_vocab.size), ctx.budget.epochs):
            ctx.log("train_nats", -step.log_likelihood / words)
            if step.log_likelihood - before < self.config.tolerance * words:
                break
            before = step.log_likelihood
        return step.lexicon

    def _rescale(self, ctx: TranslationContext) -> None:
        """Choose β and λ by the likelihood of the first pairs of the validation part."""
        tried = np.array(list(product(POWERS, SMOOTHINGS)))
        valid = ctx.valid.take(np.arange(min(TUNED, len(ctx.valid))))
        total = sum((of_pair.sum(axis=0) for of_pair in self._scores(valid.sources, valid.targets, tried)), np.zeros(1))
        self.rescaling = tried[int(total.argmax())]
        for name, value in zip(("beta", "lambda"), self.rescaling, strict=True):
            ctx.log(name, float(value))

    def _tune(self, ctx: TranslationContext) -> None:
        """Choose the weights of the decoder by BLEU on the first pairs of the validation part."""
        self.weights, sources = START, ctx.valid.sources[:TUNED]
        references = [" ".join(target) for target in ctx.valid.targets[:TUNED]]
        found: dict[Weights, float] = {}
        for name in [*GRID, *GRID] if references else []:
            tried = [self.weights._replace(**{name: value}) for value in GRID[name]]
            for weights in tried:
                if weights not in found:
                    said = [" ".join(words) for words in self._decode(sources, weights, self.config.beam)]
                    found[weights] = BLEU(tokenize="none", force=True).corpus_score(said, [references]).score
            self.weights = max(tried, key=found.__getitem__)
        for name, weight in self.weights._asdict().items():
            ctx.log(f"{name}_weight", weight)

    def predict(self, sources: Sequence[Source]) -> list[list[str]]:
        return self.translate(sources, self.config.beam)

    def translate(self, sources: Sequence[Source], beam: int) -> list[list[str]]:
        """Predict with another beam than that of the settings."""
        return self._decode(sources, self.weights, beam)

    def log_p(self, sources: Sequence[Source], targets: Sequence[Words]) -> list[Floats]:
        return [scores[:, 0] for scores in self._scores(sources, targets, self.rescaling[None])]

    def attention(self, source: Words, target: Words) -> Floats:
        """Return which source word each target word translates, (m + 1, l); the empty word has the rest of each row.

        The last row, that of `<eos>`, is 0: the end depends on lengths alone.
        """
        rows = posterior(self.lexicon, self._read(source), self.ngrams.vocab.encode(target))[:, :-1]
        return np.pad(rows, ((0, 1), (0, 0)))

    def _read(self, words: Words) -> Ids:
        """Return the ids (l + 1,) of a source, the empty word last."""
        return np.append(self.source_vocab.encode(words), self.source_vocab.size)

    def _scores(self, sources: Sequence[Source], targets: Sequence[Words], rescaling: Floats) -> Iterator[Floats]:
        """Yield ln p of the words of each target and of `<eos>`, (m + 1, G), under rescalings (G, 2)."""
        beta, smoothing = rescaling.T
        u, eos, ends = self.unigram[:, None], self.ngrams.eos, self.share_of_ends
        for source, target in zip(words_of(sources, "ibm1"), targets, strict=True):
            f, e = self._read(source), self.ngrams.encoded(target)
            m = (1 - smoothing) * self.lexicon.mean(f, self.unigram)[:, None] + smoothing * u
            ratio = np.divide(m, u, out=np.zeros_like(m), where=u > 0) ** beta
            ratio[eos] = 0.0  # its own ratio depends on the place
            end = self.lengths(len(source), len(target))[:, None]
            going, ending = ((1 - end) / (1 - ends)) ** beta, (end / ends) ** beta
            p = self.ngrams.following(e)
            all_words = going * (p @ ratio) + ending * p[:, [eos]]
            own = p[np.arange(len(e)), e][:, None] * np.where(e[:, None] == eos, ending, going * ratio[e])
            yield np.log(own / all_words)

    def _decode(self, sources: Sequence[Source], weights: Weights, beam: int) -> list[list[str]]:
        read, symbols = words_of(sources, "ibm1"), self.ngrams.vocab.symbols
        decoder = Decoder(self.candidates, self.ngrams, weights, beam, self.config.insertions)
        return [
            [words[COPY - word] if word <= COPY else symbols[word] for word in said]
            for words, said in zip(read, decoder([self.source_vocab.encode(words) for words in read]), strict=True)
        ]

    def _translate_by(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        size = self.source_vocab.size + 1
        self.candidates = lexicon.candidates(size, self.config.translations, without=[self.ngrams.unk])

    def arrays(self) -> Arrays | None:
        own = {
            "keys": self.lexicon.keys,
            "t": self.lexicon.t,
            "unigram": self.unigram,
            "rescaling": self.rescaling,
            "share_of_ends": np.array(self.share_of_ends),
            "weights": np.array(self.weights),
            "sources": packed(self.source_vocab.symbols),
        }
        return nested({"own": own, "lengths": self.lengths.arrays(), "ngrams": self.ngrams.arrays()})

    def restore(self, arrays: Arrays) -> None:
        own = within(arrays, "own")
        self.source_vocab = Vocab(unpacked(own["sources"]))
        self.lengths, self.ngrams = LifeTable(), TargetNgrams(self.config.order)
        self.lengths.restore(within(arrays, "lengths"))
        self.ngrams.restore(within(arrays, "ngrams"))
        self._translate_by(Lexicon(own["keys"], own["t"], self.ngrams.vocab.size))
        self.unigram, self.share_of_ends = own["unigram"], float(own["share_of_ends"])
        self.rescaling, self.weights = own["rescaling"], Weights(*own["weights"].tolist())

    def parameter_count(self) -> int:
        return len(self.lexicon.t) + len(self.lengths.p_end) + self.ngrams.model.parameter_count()
