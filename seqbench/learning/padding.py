"""Items of unequal length as padded batches, and what is computed over the steps of each."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqbench.interface import Documents, Ids
from seqbench.tasks.documents.laid import joined, lengths_of


class Padded:
    """Items on a device, from which padded batches are taken."""

    def __init__(self, steps: NDArray[Any], lengths: Ids, padding: float, device: torch.device) -> None:
        """steps: (M, …) those of all N items, one item after another. lengths: (N,). padding: stands after an item."""
        self.lengths, self.padding, self.device = lengths, padding, device
        self.steps = torch.tensor(steps, device=device)
        self._starts = torch.tensor(np.cumsum(lengths) - lengths, device=device)
        self._lengths = torch.tensor(lengths, device=device)

    def __len__(self) -> int:
        return len(self.lengths)

    def where(self, rows: Ids) -> tuple[Tensor, Tensor]:
        """Return which of the M steps stand where in a batch of these items (B, T), and the lengths (B,) of the items.

        T is the largest length. After the end of an item, any step stands.
        """
        index = torch.tensor(rows, device=self.device)
        step = torch.arange(int(self.lengths[rows].max()), device=self.device)
        return (self._starts[index, None] + step).clamp_(max=len(self.steps) - 1), self._lengths[index]

    def take(self, rows: Ids) -> tuple[Tensor, Tensor]:
        """Return these items (B, T, …), padded to the longest, and their lengths (B,)."""
        places, lengths = self.where(rows)
        outside = ~inside(lengths, places.shape[1])
        steps = self.steps[places]
        return steps.masked_fill_(outside.view(*outside.shape, *[1] * (steps.dim() - 2)), self.padding), lengths


def padded_words(documents: Documents, vocab_size: int, device: torch.device) -> Padded:
    """Return documents of word numbers in 0..V-1, padded with V.

    Raises:
        ValueError: see `laid_end_to_end`.
    """
    return Padded(*laid_end_to_end(documents, vocab_size), vocab_size, device)


def laid_end_to_end(documents: Documents, vocab_size: int) -> tuple[Ids, Ids]:
    """Return the words (M,) of N documents, concatenated, and the number of words in each document (N,).

    Raises:
        ValueError: a document has no words, or words that are not in 0..vocab_size-1.
    """
    lengths = lengths_of(documents)
    if len(lengths) and lengths.min() == 0:
        raise ValueError(f"document {int(lengths.argmin())} has no words: remove empty documents")
    words = joined(documents)
    if len(words) and not 0 <= words.min() <= words.max() < vocab_size:
        raise ValueError(f"ids must lie in 0..{vocab_size - 1}, the range of the vocabulary")
    return words, lengths


def inside(lengths: Tensor, steps: int) -> Tensor:
    """Return a mask (B, T) that is True at the steps (0..T-1) within items of these lengths (B,)."""
    return torch.arange(steps, device=lengths.device) < lengths[:, None]


def mean_over(x: Tensor, lengths: Tensor) -> Tensor:
    """Return the mean (B, D) over each item's steps of x (B, T, D); steps after its length (B,) ≥ 1 are ignored."""
    kept = x.masked_fill(~inside(lengths, x.shape[1])[..., None], 0.0)
    return kept.sum(1) / lengths[:, None]


def max_over(x: Tensor, lengths: Tensor) -> Tensor:
    """Return the maximum (B, D) over each item's steps of x (B, T, D).

    Steps after its length (B,) ≥ 1 are ignored.
    """
    return x.masked_fill(~inside(lengths, x.shape[1])[..., None], -torch.inf).amax(1)
