"""The temporal convolutional network: causal, dilated, residual.

Bai, Kolter & Koltun 2018, "An empirical evaluation of generic convolutional and recurrent networks for
sequence modeling", section 3.
"""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from seqbench.interface import Config
from seqbench.learning.classifier import DocumentNetwork, NeuralClassifier, NeuralClassifierConfig
from seqbench.learning.padding import max_over


class CausalConvolution(nn.Module):
    """y_t = b + Σ_i W_i x_{t - d (k-1-i)}, i = 0…k-1, with zeros before the start; W has weight normalisation.

    Salimans & Kingma 2016, "Weight normalization": W = g V / ‖V‖ for each output channel.
    """

    def __init__(self, inputs: int, outputs: int, kernel_size: int, dilation: int) -> None:
        super().__init__()
        self.convolve = weight_norm(nn.Conv1d(inputs, outputs, kernel_size, dilation=dilation))
        self.reach = (kernel_size - 1) * dilation

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, inputs, T); returns (B, outputs, T)."""
        y: Tensor = self.convolve(F.pad(x, (self.reach, 0)))
        return y

    def compact(self, x: Tensor, stride: int = 1) -> Tensor:
        """Return outputs at every `stride`-th step, backwards from the last, where x holds only every d-th step."""
        kernel, skipped = self.convolve.kernel_size[0], (x.shape[-1] - 1) % stride
        y = F.conv1d(F.pad(x, (kernel - 1 - skipped, 0)), self.convolve.weight, self.convolve.bias, stride=stride)
        return y


class ResidualBlock(nn.Module):
    """relu(x + f(x)); f is causal convolution, relu and spatial dropout, twice; x is projected if widths differ."""

    def __init__(self, inputs: int, outputs: int, kernel_size: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.first = CausalConvolution(inputs, outputs, kernel_size, dilation)
        self.second = CausalConvolution(outputs, outputs, kernel_size, dilation)
        self.dropout = nn.Dropout1d(dropout)
        self.shortcut = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, inputs, T); returns (B, outputs, T)."""
        inner = self.dropout(torch.relu(self.first(x)))
        return torch.relu(self.shortcut(x) + self.dropout(torch.relu(self.second(inner))))

    def every_second(self, x: Tensor, real: Tensor) -> Tensor:
        """Return every second output (B, outputs, ⌈n / 2⌉), from the last one back, of every d-th input (B, inputs, n).

        Both convolutions have dilation 1 there. real: (B, 1, n) 0 before the start of a sequence, 1 after it.
        """
        inner = self.dropout(torch.relu(self.first.compact(x))) * real
        y = self.dropout(torch.relu(self.second.compact(inner, stride=2)))
        return torch.relu(self.shortcut(_every_second(x)) + y) * _every_second(real)


def _every_second(x: Tensor) -> Tensor:
    """Return every second step of x (…, n), from the last one back."""
    return x[..., (x.shape[-1] - 1) % 2 :: 2]


class TemporalConvolution(nn.Module):
    """A stack of `levels` residual blocks; level i = 0, 1, … has dilation 2^i.

    The output at a step depends on `receptive_field` inputs; the last of them is the input of the same step.
    """

    def __init__(
        self, input_size: int, hidden_size: int, *, levels: int, kernel_size: int, dropout: float = 0.0
    ) -> None:
        """dropout: share of channels that each dropout layer drops, for all steps of a sequence.

        Raises:
            ValueError: a size or number is not positive.
        """
        super().__init__()
        if min(input_size, hidden_size, levels, kernel_size) < 1:
            raise ValueError("input_size, hidden_size, levels and kernel_size must all be 1 or more")
        blocks = [
            ResidualBlock(hidden_size if level else input_size, hidden_size, kernel_size, 2**level, dropout)
            for level in range(levels)
        ]
        self.blocks = nn.Sequential(*blocks)
        self.receptive_field = 1 + 2 * (kernel_size - 1) * (2**levels - 1)
        """Number of steps; a block of dilation d adds 2 (kernel_size - 1) d."""

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, T, input_size); returns (B, T, hidden_size)."""
        y: Tensor = self.blocks(x.transpose(1, 2))
        return y.transpose(1, 2)

    def last(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return the features (B, hidden_size) of the last step of sequences (B, T, input_size) of these lengths (B,).

        The last step depends on every 2^i-th input of level i alone, so only those are computed: about 3 T steps
        of convolution for any number of levels, instead of 2 T per level.
        """
        steps = x.shape[1]
        before = (steps - lengths)[:, None]
        step = torch.arange(steps, device=x.device)
        aligned = x.gather(1, (step - before).clamp_(min=0)[..., None].expand_as(x)).transpose(1, 2)
        real = (step >= before)[:, None].to(x.dtype)
        y = aligned * real
        for block in self.blocks:
            assert isinstance(block, ResidualBlock)
            y, real = block.every_second(y, real), _every_second(real)
        return y[..., -1]


class BlocksConfig(Config):
    """Settings of the residual blocks, for the networks of all tasks."""

    levels: int = Field(
        4,
        ge=1,
        le=16,
        description="residual blocks; level i = 0, 1, … has dilation 2^i",
        json_schema_extra={"search": {"choices": [2, 3, 4, 5, 6]}},
    )
    kernel_size: int = Field(
        3, ge=1, description="width of a filter, in steps", json_schema_extra={"search": {"choices": [2, 3, 5, 7]}}
    )
    channel_dropout: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of channels that is dropped in a block, at all steps",
        json_schema_extra={"search": {"low": 0.0, "high": 0.5}},
    )

    def blocks(self, input_size: int, hidden_size: int) -> TemporalConvolution:
        """Return untrained blocks with these settings."""
        return TemporalConvolution(
            input_size,
            hidden_size,
            levels=self.levels,
            kernel_size=self.kernel_size,
            dropout=self.channel_dropout,
        )


class TemporalConvolutionConfig(BlocksConfig, NeuralClassifierConfig):
    hidden_size: int = Field(
        128,
        ge=1,
        description="channels per level",
        json_schema_extra={"search": {"low": 32, "high": 256, "log": True}},
    )
    pooling: Literal["last", "max"] = Field(
        "max",
        description="features of a document: last: those of the last step; max: each channel's maximum over all steps",
        json_schema_extra={"search": {"choices": ["last", "max"]}},
    )


class TemporalConvolutionNetwork(DocumentNetwork):
    """Encodes documents with causal residual blocks, so the padding after a document does not affect its steps."""

    def __init__(self, vocab_size: int, classes: int, config: TemporalConvolutionConfig) -> None:
        super().__init__(vocab_size, classes, config.hidden_size, config)
        self.body = config.blocks(config.embedding_size, config.hidden_size)
        self.pooling = config.pooling

    def encode(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        return max_over(self.body(vectors), lengths) if self.pooling == "max" else self.body.last(vectors, lengths)


class TemporalConvolutionClassifier(NeuralClassifier):
    config_class = TemporalConvolutionConfig
    config: TemporalConvolutionConfig

    def build(self, vocab_size: int, classes: int) -> TemporalConvolutionNetwork:
        return TemporalConvolutionNetwork(vocab_size, classes, self.config)
