"""Sentences as padded batches of word numbers, with the letters of each distinct word."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqbench.interface import Ids
from seqbench.learning.padding import Padded, inside
from seqbench.tasks.language.vocab import UNK, Vocab
from seqbench.tasks.tags.model import Sentences

LETTERS = 24
"""Maximum number of letters that are read of a word: of a longer word, its first and last twelve."""


def vocabulary(symbols: Iterable[str]) -> Vocab:
    """Return the distinct symbols in the order of their code points, after `<unk>`, which also stands for a NUL."""
    return Vocab((UNK, *sorted(symbol for symbol in set(symbols) - {UNK} if "\0" not in symbol)))


def alphabet(words: Iterable[str]) -> Vocab:
    """Return the letters that at least two distinct words have, after `<unk>`, which is learned from the others."""
    each = [letter for word in set(words) for letter in set(word)]
    letters, words_with = np.unique(each, return_counts=True)
    return vocabulary(letters[words_with > 1].tolist())


class Batch(NamedTuple):
    words: Tensor
    """(B, T) numbers of words; the number of words, V, is padding."""
    lengths: Tensor
    """(B,)"""
    spellings: Tensor
    """(U, L) letters of the U distinct words of the batch; the number of letters, A, is padding."""
    places: Tensor
    """(B, T) the row of `spellings` of each word; at padding, any row."""


class PaddedSentences:
    """Sentences on a device, from which padded batches are taken."""

    def __init__(self, sentences: Sentences, vocab: Vocab, letters: Vocab, device: torch.device) -> None:
        lengths: Ids = np.array([len(sentence) for sentence in sentences], dtype=np.int64)
        numbers: dict[str, int] = {}
        laid = [numbers.setdefault(word, len(numbers)) for word in chain.from_iterable(sentences)]
        self.padding, self.blank = vocab.size, letters.size
        self._kinds = Padded(np.array(laid, dtype=np.int64), lengths, 0, device)
        self._spelled = torch.tensor(spelled(list(numbers), letters), device=device)
        self._words = torch.tensor(vocab.encode(numbers), device=device)

    @property
    def lengths(self) -> Ids:
        return self._kinds.lengths

    @property
    def device(self) -> torch.device:
        return self._kinds.device

    def counts(self) -> Tensor:
        """Return (V + 1,) how often each word of the vocabulary occurs in these sentences; padding does not."""
        return torch.bincount(self._words[self._kinds.steps], minlength=self.padding + 1)

    def take(self, rows: Ids) -> Batch:
        """Return these sentences, padded to the longest."""
        kinds, lengths = self._kinds.take(rows)
        distinct, where = torch.unique(kinds, return_inverse=True)
        spellings = self._spelled[distinct]
        longest = int((spellings != self.blank).sum(1).max()) if len(spellings) else 0
        words = self._words[kinds].masked_fill(~inside(lengths, kinds.shape[1]), self.padding)
        return Batch(words, lengths, spellings[:, :longest], where)


def spelled(words: Sequence[str], letters: Vocab) -> Ids:
    """Return the numbers of the letters of words (U, L), padded with the number of letters, A.

    An empty word is one `<unk>`.
    """
    halves = LETTERS // 2
    short = [word if len(word) <= LETTERS else word[:halves] + word[-halves:] for word in words]
    table = np.full((len(short), max([1, *map(len, short)])), letters.size)
    for row, word in zip(table, short, strict=True):
        row[: max(1, len(word))] = letters.encode(word or [UNK])
    return table
