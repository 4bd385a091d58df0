"""The layers of the Transformer.

Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser & Polosukhin 2017, "Attention is all you need".
"""

import math

import torch
from torch import Tensor, nn

from seqbench.recurrent.translation.attention import scaled_product


class Positions(nn.Module):
    """√d x plus the sines of each position; Vaswani et al. 2017, sections 3.4 and 3.5.

    PE(t, 2i) = sin(t / 10000^(2i/d)),    PE(t, 2i+1) = cos(t / 10000^(2i/d))
    """

    def forward(self, x: Tensor, first: int = 0) -> Tensor:
        """x: (B, T, d) at the positions first, first + 1, …; returns the same shape."""
        size = x.shape[2]
        places = torch.arange(first, first + x.shape[1], device=x.device)
        return x * math.sqrt(size) + sinusoids(places, size).to(x.dtype)


def sinusoids(places: Tensor, size: int) -> Tensor:
    """Return PE (T, d) of these positions (T,), in float64."""
    pairs = torch.arange(0, size, 2, device=places.device, dtype=torch.float64)
    angles = places[:, None] / 10000 ** (pairs / size)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :size]


def scaled_down(layer: nn.Module) -> nn.Module:
    """Draw the weights of a layer that makes vectors (…, d), so that the values of √d x have variance 1 at the start.

    layer: an embedding, or a linear layer that reads standardised values.
    """
    if isinstance(layer, nn.Embedding):
        nn.init.normal_(layer.weight, std=layer.embedding_dim**-0.5)
    elif isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight, std=(layer.in_features * layer.out_features) ** -0.5)
        nn.init.zeros_(layer.bias)
    return layer


class MultiHeadAttention(nn.Module):
    """Concat(head_1, …, head_h) W_O with head_i = Attention(Q W_i, K W_i, V W_i); Vaswani et al. 2017, section 3.2.2.

    `project` makes keys and values apart from the rest, so that they are made once.
    """

    def __init__(self, size: int, heads: int) -> None:
        """Raises:
        ValueError: the heads do not divide the width.
        """
        super().__init__()
        if size % heads:
            raise ValueError(f"heads={heads} must divide hidden_size={size}")
        self.heads = heads
        self.query, self.key_value = nn.Linear(size, size), nn.Linear(size, 2 * size)
        self.output = nn.Linear(size, size)
        for layer in (self.query, self.key_value, self.output):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values (B, h, S, d/h) of x (B, S, d)."""
        keys, values = self.key_value(x).chunk(2, dim=2)
        return self._split(keys), self._split(values)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return what each place of x (B, T, d) reads (B, T, d), and the weights of each head (B, h, T, S).

        mask: (B or 1, 1, T or 1, S), True where it may look.
        """
        read, weights = scaled_product(self._split(self.query(x)), keys, values, mask)
        return self.output(read.transpose(1, 2).flatten(2)), weights

    def _split(self, x: Tensor) -> Tensor:
        """(B, T, d) → (B, h, T, d/h)"""
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


class SubLayers(nn.Module):
    """What stands around each sub-layer f: norm(x + f(x)) as in the paper, or x + f(norm(x)) with `norm_first`.

    The latter is that of Xiong et al. 2020, "On layer normalization in the Transformer architecture", which trains
    without a long warm-up.
    """

    def __init__(self, size: int, count: int, norm_first: bool, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(size) for _ in range(count))
        self.norm_first, self.dropout = norm_first, nn.Dropout(dropout)

    def before(self, number: int, x: Tensor) -> Tensor:
        """Return what the sub-layer of this number reads."""
        normed: Tensor = self.norms[number](x) if self.norm_first else x
        return normed

    def after(self, number: int, x: Tensor, found: Tensor) -> Tensor:
        """Return what follows the sub-layer; found: what it gave."""
        summed = x + self.dropout(found)
        normed: Tensor = summed if self.norm_first else self.norms[number](summed)
        return normed


def feed_forward(size: int, units: int, dropout: float) -> nn.Sequential:
    """Return an untrained max(0, x W_1 + b_1) W_2 + b_2; Vaswani et al. 2017, eq. 2."""
    return nn.Sequential(nn.Linear(size, units), nn.ReLU(), nn.Dropout(dropout), nn.Linear(units, size))


class EncoderLayer(SubLayers):
    """Self-attention and a perceptron at each place."""

    def __init__(self, size: int, heads: int, units: int, norm_first: bool, dropout: float) -> None:
        super().__init__(size, 2, norm_first, dropout)
        self.attention = MultiHeadAttention(size, heads)
        self.feed_forward = feed_forward(size, units, dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x: (B, S, d); mask: (B, S), True within a source."""
        read = self.before(0, x)
        x = self.after(0, x, self.attention(read, *self.attention.project(read), mask[:, None, None])[0])
        return self.after(1, x, self.feed_forward(self.before(1, x)))


class DecoderLayer(SubLayers):
    """Self-attention to earlier places, attention to the source, and a perceptron at each place."""

    def __init__(self, size: int, heads: int, units: int, norm_first: bool, dropout: float) -> None:
        super().__init__(size, 3, norm_first, dropout)
        self.own, self.cross = MultiHeadAttention(size, heads), MultiHeadAttention(size, heads)
        self.feed_forward = feed_forward(size, units, dropout)

    def project(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values (B, h, S, d/h) of an encoder's outputs (B, S, d)."""
        return self.cross.project(source)

    def forward(
        self, x: Tensor, past: tuple[Tensor, Tensor], source: tuple[Tensor, Tensor], mask: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor], Tensor]:
        """Read places of a target after P earlier ones.

        Args:
            x: (B, T, d).
            past: keys and values (B, h, P, d/h) of the earlier places.
            source: keys and values (B, h, S, d/h) of the source.
            mask: (B, S), True within a source.

        Returns:
            The outputs (B, T, d), keys and values of all P + T places, and the weights (B, h, T, S) of the source.
        """
        read = self.before(0, x)
        keys, values = (torch.cat(pair, dim=2) for pair in zip(past, self.own.project(read), strict=True))
        length, earlier = x.shape[1], past[0].shape[2]
        place = torch.arange(earlier + length, device=x.device)
        seen = place <= place[earlier:, None]
        x = self.after(0, x, self.own(read, keys, values, seen)[0])
        found, weights = self.cross(self.before(1, x), *source, mask[:, None, None])
        x = self.after(1, x, found)
        return self.after(2, x, self.feed_forward(self.before(2, x))), (keys, values), weights
