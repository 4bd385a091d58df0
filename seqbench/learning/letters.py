"""Vectors of words made from their letters, so that new words have vectors too."""

from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH = 5
"""Letters that a filter of the convolution reads at once, as in dos Santos & Zadrozny 2014; odd."""


class LetterLayer(nn.Module):
    """Spellings → vectors. Letter A is padding after the end of a word."""

    def __init__(self, letters: int, size: int, features: int) -> None:
        """letters: A. size: width of a letter's vector. features: F, the width of a word's vector."""
        super().__init__()
        self.padding = letters
        self.embedding = nn.Embedding(letters + 1, size, padding_idx=letters)
        nn.init.uniform_(self.embedding.weight[:letters], -((3 / size) ** 0.5), (3 / size) ** 0.5)
        self.features = features

    @abstractmethod
    def forward(self, spellings: Tensor) -> Tensor:
        """Return the vectors (U, F) of words with letters (U, L)."""


class LetterConvolution(LetterLayer):
    r"""v_i = max_l (b + W [e_{l−2}; …; e_{l+2}])_i over the letters l of a word, with zeros before and after it.

    dos Santos & Zadrozny 2014, "Learning character-level representations for part-of-speech tagging".
    """

    def __init__(self, letters: int, size: int, features: int) -> None:
        super().__init__(letters, size, features)
        self.convolve = nn.Linear(WIDTH * size, features)

    def forward(self, spellings: Tensor) -> Tensor:
        letters = spellings.shape[1]
        e = F.pad(self.embedding(spellings), (0, 0, WIDTH // 2, WIDTH // 2))
        found = self.convolve(torch.cat([e[:, first : first + letters] for first in range(WIDTH)], dim=2))
        outside = (spellings == self.padding)[..., None]
        strongest: Tensor = found.masked_fill(outside, -torch.inf).amax(1)
        return strongest
