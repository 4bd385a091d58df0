"""Recurrent document classifiers: word vectors → recurrent layers → pooling over the words → classes.

The layers are the network of Elman 1990, the LSTM of Hochreiter & Schmidhuber 1997 with forget gates (Gers et al.
2000), or the GRU of Cho et al. 2014. Bidirectional layers follow Schuster & Paliwal 1997 and are stacked as in Graves,
Mohamed & Hinton 2013.
"""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.learning.classifier import DocumentNetwork, NeuralClassifier, NeuralClassifierConfig, within
from seqbench.recurrent.language.network import RecurrentLanguageConfig
from seqbench.recurrent.layers.pooling import Pooling, PoolingName, pooling_layer
from seqbench.recurrent.pretraining import pretrain
from seqbench.tasks.documents.model import ClassificationContext, Labelled


class RecurrentClassifierConfig(NeuralClassifierConfig):
    hidden_size: int = Field(
        64,
        ge=1,
        description="units per layer and direction",
        json_schema_extra={"search": {"low": 32, "high": 512, "log": True}},
    )
    layers: int = Field(1, ge=1, description="recurrent layers", json_schema_extra={"search": {"choices": [1, 2]}})
    pooling: PoolingName = Field(
        "max",
        description="how the states after each word are reduced to one vector",
        json_schema_extra={"search": {"choices": ["last", "mean", "max", "attention"]}},
    )


class LSTMClassifierConfig(RecurrentClassifierConfig):
    pretrain: Literal["none", "lm"] = Field(
        "none", description="lm: start from the weights of a language model of the training texts (Dai & Le 2015)"
    )
    pretrain_epochs: int = Field(
        3, ge=1, description="maximum passes over the texts in pretraining, in addition to the budget's epochs"
    )


class Layer(nn.Module):
    """A recurrent layer; it is bidirectional if `backward_body` is given.

    The forward direction starts at a document's first word, the backward direction at its last word. So the padding
    comes last in both, and sequences need not be packed: without packing, torch's kernels are two to four times faster
    on a CPU.
    """

    def __init__(self, body: nn.RNNBase, backward_body: nn.RNNBase | None) -> None:
        super().__init__()
        self.body, self.backward_body = body, backward_body

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return the states (B, T, D) after each word of x (B, T, I), with both directions concatenated.

        States after the lengths (B,) have no meaning.
        """
        states: Tensor = self.body(x)[0]
        if self.backward_body is None:
            return states
        backward: Tensor = self.backward_body(reverse(x, lengths))[0]
        return torch.cat([states, reverse(backward, lengths)], dim=2)


def reverse(x: Tensor, lengths: Tensor) -> Tensor:
    """Return x (B, T, D) with the steps within each length (B,) reversed; steps after it stay in place."""
    step = torch.arange(x.shape[1], device=x.device)
    source = torch.where(within(lengths, x.shape[1]), lengths[:, None] - 1 - step, step)
    return x.gather(1, source[..., None].expand_as(x))


class RecurrentNetwork(DocumentNetwork):
    def __init__(
        self,
        layers: list[Layer],
        pooling: Pooling,
        features: int,
        vocab_size: int,
        classes: int,
        config: NeuralClassifierConfig,
    ) -> None:
        """features: width of the last layer's states, with both directions."""
        super().__init__(vocab_size, classes, features, config)
        self.layers = nn.ModuleList(layers)
        self.pooling = pooling

    def encode(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        features: Tensor = self.pooling(self.states(vectors, lengths), lengths)
        return features

    def states(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        """Return the last layer's states (B, T, D) after each word; states after the lengths (B,) have no meaning."""
        states = vectors
        for depth, layer in enumerate(self.layers):
            states = layer(self.dropout(states) if depth else states, lengths)
        return states


class RecurrentClassifier(NeuralClassifier):
    """Base class of all recurrent classifiers; subclasses set the type of the layers."""

    config_class = RecurrentClassifierConfig
    config: RecurrentClassifierConfig
    body: ClassVar[type[nn.RNN] | type[nn.GRU] | type[nn.LSTM]]
    bidirectional: ClassVar[bool] = False

    def build(self, vocab_size: int, classes: int) -> RecurrentNetwork:
        c = self.config
        features = c.hidden_size * (2 if self.bidirectional else 1)
        layers = [self._layer(features if depth else c.embedding_size) for depth in range(c.layers)]
        pooling = pooling_layer(c.pooling, features, self.bidirectional)
        return RecurrentNetwork(layers, pooling, features, vocab_size, classes, c)

    def _layer(self, width: int) -> Layer:
        size = self.config.hidden_size
        return Layer(
            self.body(width, size, batch_first=True),
            self.body(width, size, batch_first=True) if self.bidirectional else None,
        )


class ElmanClassifier(RecurrentClassifier):
    body = nn.RNN


class GRUClassifier(RecurrentClassifier):
    body = nn.GRU


class LSTMClassifier(RecurrentClassifier):
    """An LSTM classifier whose weights may start from a language model of the training texts."""

    body = nn.LSTM
    config_class = LSTMClassifierConfig
    config: LSTMClassifierConfig
    network: RecurrentNetwork

    def initialise(self, train: Labelled, ctx: ClassificationContext) -> None:
        if self.config.pretrain == "none":
            return
        weights = pretrain(
            train.texts.ids, ctx, self.language_config(), self.bidirectional, self.config.pretrain_epochs
        )
        start = {
            name if name == "embedding.weight" else f"layers.0.{name}": torch.tensor(value)
            for name, value in weights.items()
        }
        self.network.load_state_dict(self.network.state_dict() | start)

    def language_config(self) -> RecurrentLanguageConfig:
        """Return the settings of the language model: one layer, with the widths of this classifier.

        The classifier's layers above the first start from random weights.
        """
        c = self.config
        return RecurrentLanguageConfig(
            embedding_size=c.embedding_size, hidden_size=c.hidden_size, batch_size=16, precision=c.precision
        )


class BidirectionalLSTMClassifier(LSTMClassifier):
    bidirectional = True
