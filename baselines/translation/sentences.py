"""Sentences as arrays, for `SequenceModel.arrays`, and a word as it is: the checks and forms that translators share."""

from collections.abc import Sequence

import numpy as np

from seqbench.interface import Arrays
from seqbench.packing import packed, unpacked
from seqbench.tasks.translations.model import Source, Words


def words_of(sources: Sequence[Source], model: str) -> list[list[str]]:
    """Return the words of sources.

    Raises:
        ValueError: the sources are vectors, which have no words.
    """
    if any(isinstance(source, np.ndarray) for source in sources):
        raise ValueError(f"{model} needs sources of words, but these are vectors; leave it out")
    return [[str(word) for word in source] for source in sources]


def packed_sentences(sentences: Sequence[Words]) -> Arrays:
    """Encode sentences; no word may contain a NUL."""
    words = [word for sentence in sentences for word in sentence]
    return {"words": packed(words), "lengths": np.array([len(sentence) for sentence in sentences], dtype=np.int64)}


def unpacked_sentences(arrays: Arrays) -> list[list[str]]:
    """Decode the result of `packed_sentences`."""
    words, ends = unpacked(arrays["words"]), np.cumsum(arrays["lengths"]).tolist()
    return [list(words[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
