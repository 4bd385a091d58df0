"""Input layers of language models: from symbols to vectors."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.learning.spelling import Spelling

InputKind = Literal["words", "codes", "both"]


def word_vectors(symbols: int, size: int, sparse: bool = True) -> nn.Embedding:
    """Return an untrained embedding (symbols, size)."""
    embedding = nn.Embedding(symbols, size, sparse=sparse)
    nn.init.uniform_(embedding.weight, -0.1, 0.1)
    return embedding


class CodeVectors(nn.Module):
    """Maps a word to the mean of its codes' vectors; because it is a mean, long and short words have the same scale.

    The edge of a document, symbol V, has a code of its own, which no word uses.
    """

    codes: Tensor
    starts: Tensor
    lengths: Tensor

    def __init__(self, spelling: Spelling, buckets: int, size: int) -> None:
        super().__init__()
        lengths = np.append(spelling.lengths, 1)
        # These buffers follow from the spelling, which the model saves already.
        self.register_buffer("codes", torch.tensor(np.append(spelling.codes, buckets)), persistent=False)
        self.register_buffer("lengths", torch.tensor(lengths), persistent=False)
        self.register_buffer("starts", torch.tensor(np.cumsum(lengths) - lengths), persistent=False)
        self.table = word_vectors(buckets + 1, size)

    def forward(self, symbols: Tensor) -> Tensor:
        """Return vectors (…, size) of symbols (…) in 0..V."""
        words, place = torch.unique(symbols, return_inverse=True)
        lengths = self.lengths[words]
        ends = lengths.cumsum(0)
        first = ends - lengths
        where = torch.arange(int(ends[-1]) if len(ends) else 0, device=words.device)
        where = where + (self.starts[words] - first).repeat_interleave(lengths)
        return F.embedding_bag(self.codes[where], self.table.weight, first, mode="mean", sparse=True)[place]


class WordAndCodeVectors(nn.Module):
    """The sum of the word's own vector and the vector of its codes."""

    def __init__(self, words: nn.Embedding, codes: CodeVectors) -> None:
        super().__init__()
        self.words, self.codes = words, codes

    def forward(self, symbols: Tensor) -> Tensor:
        """Return vectors (…, size) of symbols (…) in 0..V."""
        vectors: Tensor = self.words(symbols) + self.codes(symbols)
        return vectors
