"""Convolution over time; the maximum of each filter is a feature.

Kim 2014, "Convolutional neural networks for sentence classification", eqs. 1-4.
"""

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.learning.classifier import DocumentNetwork, NeuralClassifier, NeuralClassifierConfig
from seqbench.learning.padding import max_over


class ConvolutionConfig(NeuralClassifierConfig):
    widths: tuple[PositiveInt, ...] = Field(
        (3, 4, 5),
        min_length=1,
        description="widths of the filters, in words",
        json_schema_extra={"search": {"choices": [[3, 4, 5], [1, 2, 3], [2, 3, 4, 5]]}},
    )
    feature_maps: int = Field(
        100,
        ge=1,
        description="number of filters of each width",
        json_schema_extra={"search": {"low": 50, "high": 300, "log": True}},
    )


class ConvolutionNetwork(DocumentNetwork):
    r"""c_i = relu(w · x_{i:i+h-1} + b) for each filter of width h; a document's features are max_i c_i.

    i runs over the windows within the document. A document shorter than the widest filter is padded with zeros to that
    length; there is no other padding.
    """

    def __init__(self, vocab_size: int, classes: int, config: ConvolutionConfig) -> None:
        super().__init__(vocab_size, classes, config.feature_maps * len(config.widths), config)
        self.filters = nn.ModuleList(
            nn.Conv1d(config.embedding_size, config.feature_maps, width) for width in config.widths
        )
        self.widths = config.widths

    def encode(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        widest = max(self.widths)
        x = F.pad(vectors, (0, 0, 0, max(0, widest - vectors.shape[1]))).transpose(1, 2)
        lengths = lengths.clamp(min=widest)
        maps = [
            max_over(torch.relu(convolve(x)).transpose(1, 2), lengths - width + 1)
            for width, convolve in zip(self.widths, self.filters, strict=True)
        ]
        return torch.cat(maps, dim=1)


class KimClassifier(NeuralClassifier):
    """Kim's CNN-rand: word vectors are learned together with the other weights.

    Kim's bound on the norm of the output weights is omitted (Zhang & Wallace 2015 found that it matters little).
    Dropout is also applied to word vectors.
    """

    config_class = ConvolutionConfig
    config: ConvolutionConfig

    def build(self, vocab_size: int, classes: int) -> ConvolutionNetwork:
        return ConvolutionNetwork(vocab_size, classes, self.config)
