"""Sentences as padded batches of word numbers, with the letters of each distinct word."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqbench.interface import Ids
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
        self.lengths: Ids = np.array([len(sentence) for sentence in sentences], dtype=np.int64)
        numbers: dict[str, int] = {}
        laid = [numbers.setdefault(word, len(numbers)) for word in chain.from_iterable(sentences)]
        self.padding, self.blank, self.device = vocab.size, letters.size, device
        self._spelled = torch.tensor(spelled(list(numbers), letters), device=device)
        self._words = torch.tensor(vocab.encode(numbers), device=device)
        self._laid = torch.tensor(laid, dtype=torch.int64, device=device)
        self._starts = torch.tensor(np.cumsum(self.lengths) - self.lengths, device=device)
        self._lengths = torch.tensor(self.lengths, device=device)

    def counts(self) -> Tensor:
        """Return (V + 1,) how often each word of the vocabulary occurs in these sentences; padding does not."""
        return torch.bincount(self._words[self._laid], minlength=self.padding + 1)

    def where(self, rows: Ids) -> tuple[Tensor, Tensor]:
        """Return the places (B, T) of the words of these sentences among all words, and where words are (B, T)."""
        index = torch.tensor(rows, device=self._laid.device)
        step = torch.arange(int(self.lengths[rows].max()), device=index.device)
        places = (self._starts[index, None] + step).clamp_(max=len(self._laid) - 1)
        return places, step < self._lengths[index, None]

    def take(self, rows: Ids) -> Batch:
        """Return these sentences, padded to the longest."""
        places, inside = self.where(rows)
        kinds = self._laid[places]
        distinct, where = torch.unique(kinds, return_inverse=True)
        spellings = self._spelled[distinct]
        longest = int((spellings != self.blank).sum(1).max()) if len(spellings) else 0
        words = self._words[kinds].masked_fill(~inside, self.padding)
        return Batch(words, inside.sum(1), spellings[:, :longest], where)


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
