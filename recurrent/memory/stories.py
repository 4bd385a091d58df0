"""Stories and questions as padded batches of word numbers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqbench.interface import Ids
from seqbench.learning.padding import Padded, inside
from seqbench.tasks.answers.model import Asked, Words
from seqbench.tasks.language.vocab import Vocab


class Batch(NamedTuple):
    questions: Tensor
    """(B, W) numbers of words; the number of words, V, is padding."""
    sentences: Tensor
    """(U, W) words of the U distinct sentences of the batch, padded likewise."""
    places: Tensor
    """(B, M) the row of `sentences` of each sentence of the stories, the latest first; where there is none, any row."""
    lengths: Tensor
    """(B,) the number of sentences."""


class PaddedStories:
    """Stories with their questions on a device, from which padded batches are taken."""

    def __init__(self, asked: Asked, vocab: Vocab, memory: int, device: torch.device) -> None:
        """memory: the number of sentences, the latest ones, that are read of a story."""
        numbers: dict[tuple[str, ...], int] = {}
        latest = [
            [numbers.setdefault(tuple(words), len(numbers)) for words in reversed(story[-memory:])]
            for story in asked.stories
        ]
        self.lengths: Ids = np.array([len(story) for story in latest], dtype=np.int64)
        self._stories = Padded(np.concatenate([*latest, np.zeros(0)]).astype(np.int64), self.lengths, 0, device)
        self._sentences = torch.tensor(_table(list(numbers), vocab), device=device)
        self._questions = torch.tensor(_table(asked.questions, vocab), device=device)
        self.padding = vocab.size

    def take(self, rows: Ids) -> Batch:
        """Return these questions with their stories, padded to the longest."""
        kinds, lengths = self._stories.take(rows)
        distinct, places = torch.unique(kinds, return_inverse=True)
        questions = self._questions[torch.tensor(rows, device=lengths.device)]
        return Batch(self._cut(questions), self._cut(self._sentences[distinct]), places, lengths)

    def _cut(self, words: Tensor) -> Tensor:
        """Leave out columns of padding alone."""
        return words[:, : int((words != self.padding).sum(1).max())]


def present(batch: Batch) -> Tensor:
    """Return a mask (B, M) that is True where a sentence is."""
    return inside(batch.lengths, batch.places.shape[1])


def _table(texts: Sequence[Words], vocab: Vocab) -> Ids:
    """Return the numbers of the words of texts (N, W), padded with V."""
    table = np.full((len(texts), max([1, *map(len, texts)])), vocab.size)
    for row, words in zip(table, texts, strict=True):
        row[: len(words)] = vocab.encode(words)
    return table
