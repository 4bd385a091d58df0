"""Which tags the words of the training sentences have, and how often."""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from seqbench.interface import Floats
from seqbench.tasks.language.vocab import Vocab
from seqbench.tasks.tags.model import Sentences, Tagged


def tag_counts(train: Tagged, vocab: Vocab, tags: int) -> Floats:
    """Return (V, C): how often each word of the vocabulary has each of the C tags."""
    words = vocab.encode(chain.from_iterable(train.sentences))
    cells = words * tags + np.concatenate([np.zeros(0, np.int64), *train.tags])
    return np.bincount(cells, minlength=vocab.size * tags).reshape(vocab.size, tags).astype(np.float64)


def split(rows: Floats, sentences: Sentences) -> Iterator[Floats]:
    """Yield the rows (T_i, C) of each sentence out of those of all words, (Σ T_i, C)."""
    first = 0
    for sentence in sentences:
        yield rows[first : first + len(sentence)]
        first += len(sentence)
