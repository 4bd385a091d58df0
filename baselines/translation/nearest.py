"""Translation from memory: the target of the training source that is most alike."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.feature_extraction.text import TfidfVectorizer

from seqbench.baselines.translation.sentences import packed_sentences, unpacked_sentences, words_of
from seqbench.interface import Arrays, Floats, Ids
from seqbench.packing import nested, within
from seqbench.tasks.translations.model import Pairs, Source, TranslationContext, Translator

CELLS = 8_000_000
"""The most similarities that are held at a time."""


class NearestSentence(Translator):
    """Returns the target of the nearest training source, of several equally near the first.

    Sources of words are compared by the cosine of their TF-IDF vectors: 1 + ln count, times ln((1 + N) / (1 + sources
    with the word)) + 1 (scikit-learn; Salton & Buckley 1988). Words that are new do not count; a source without known
    words gets the first target. Vectors are compared by their Euclidean distance.
    """

    stochastic: ClassVar[bool] = False

    def fit(self, train: Pairs, ctx: TranslationContext) -> None:
        self.targets = [list(target) for target in train.targets]
        vectors = ctx.source_vocab is None
        self._remember(np.array(train.sources) if vectors else words_of(train.sources, "nearest-sentence"))

    def predict(self, sources: Sequence[Source]) -> list[list[str]]:
        rows = max(1, CELLS // len(self.targets))
        pieces = (sources[start : start + rows] for start in range(0, len(sources), rows))
        return [list(self.targets[row]) for piece in pieces for row in self._nearest(piece)]

    def _remember(self, known: Floats | list[list[str]]) -> None:
        self.known = known
        if not isinstance(known, np.ndarray):
            self.features = TfidfVectorizer(analyzer=_words, sublinear_tf=True)
            self.vectors = self.features.fit_transform(known).T.tocsr()

    def _nearest(self, sources: Sequence[Source]) -> Iterator[int]:
        """Yield the row of the nearest training source of each source."""
        if isinstance(self.known, np.ndarray):
            nearest: Ids = cdist(np.array(sources), self.known, "sqeuclidean").argmin(axis=1)
        else:
            vectors = self.features.transform(words_of(sources, "nearest-sentence"))
            nearest = (vectors @ self.vectors).toarray().argmax(axis=1)
        return map(int, nearest)

    def arrays(self) -> Arrays | None:
        known = {"vectors": self.known} if isinstance(self.known, np.ndarray) else packed_sentences(self.known)
        return nested({"sources": known, "targets": packed_sentences(self.targets)})

    def restore(self, arrays: Arrays) -> None:
        self.targets = unpacked_sentences(within(arrays, "targets"))
        known = within(arrays, "sources")
        self._remember(known["vectors"] if "vectors" in known else unpacked_sentences(known))

    def parameter_count(self) -> int:
        """Return the number of values that it keeps of the sources."""
        return int(self.known.size if isinstance(self.known, np.ndarray) else self.vectors.nnz)


def _words(source: list[str]) -> list[str]:
    return source
