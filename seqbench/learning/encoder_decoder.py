"""What every neural translator is: a network that reads a source, and then a target word by word."""

from abc import abstractmethod
from typing import NamedTuple

from torch import Tensor, nn

from seqbench.learning.beam import Tensors
from seqbench.learning.output import OutputLayer


class Decoded(NamedTuple):
    features: Tensor  # (B, T, F) what the output layer reads
    state: Tensors  # from which the next call continues
    weights: Tensor | None  # (B, T, S) attention, each word's weights of the source's places


class TranslationNetwork(nn.Module):
    """Encoder → memory → decoder → output layer. Word V of the target is the start.

    A source is a sequence of words or a single vector, which is read as a sequence of one place. `source` makes vectors
    of what stands at its places.
    """

    source: nn.Module
    output: OutputLayer

    @abstractmethod
    def encode(self, source: Tensor, lengths: Tensor) -> tuple[Tensors, Tensors]:
        """Read sources: words (B, S), padded after their lengths (B,), or vectors (B, 1, D).

        Returns:
            What the decoder needs of each source, and its state before the first word; tensors (B, …).
        """

    @abstractmethod
    def decode(self, words: Tensor, memory: Tensors, state: Tensors) -> Decoded:
        """Read the words (B, T) of targets; the features at a word are those of the next one."""

    def following(self, words: Tensor, memory: Tensors, state: Tensors) -> tuple[Tensor, Tensors]:
        """Return log p (B, V) of the words after `words` (B,), and the state; it is a `Step` of a search."""
        decoded = self.decode(words[:, None], memory, state)
        return self.output.distribution(decoded.features[:, 0]), decoded.state
