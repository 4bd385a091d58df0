"""Recurrent document classifiers: word vectors → recurrent layers → pooling over the words → classes.

Bidirectional layers follow Schuster & Paliwal 1997 and are stacked as in Graves, Mohamed & Hinton 2013.
"""

from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from seqbench.learning.classifier import DocumentNetwork, NeuralClassifier, NeuralClassifierConfig
from seqbench.packing import within
from seqbench.recurrent.language.lstm import LSTMLanguageConfig
from seqbench.recurrent.layers.families import (
    ElmanSettings,
    GRUSettings,
    JordanSettings,
    LSTMSettings,
    MinGRUSettings,
    MultiplicativeSettings,
    ShortcutSettings,
)
from seqbench.recurrent.layers.pooling import Pooling, PoolingName, pooling_layer
from seqbench.recurrent.layers.settings import DirectedSettings
from seqbench.recurrent.layers.stack import Residual, Stack
from seqbench.recurrent.layers.time import Bidirectional, Direction
from seqbench.recurrent.pretraining import pretrain
from seqbench.tasks.documents.model import ClassificationContext, Labelled


class RecurrentClassifierConfig(DirectedSettings, NeuralClassifierConfig):
    hidden_size: int = Field(
        64,
        ge=1,
        description="units per layer and direction",
        json_schema_extra={"search": {"low": 32, "high": 512, "log": True}},
    )
    pooling: PoolingName = Field(
        "max",
        description="how the states after each word are reduced to one vector",
        json_schema_extra={"search": {"choices": ["last", "mean", "max", "attention"]}},
    )

    @model_validator(mode="after")
    def _check_pooling(self) -> Self:
        if self.pooling == "last":
            self.check_ends()
        return self


class RecurrentNetwork(DocumentNetwork):
    def __init__(
        self, body: Stack, pooling: Pooling, vocab_size: int, classes: int, config: NeuralClassifierConfig
    ) -> None:
        super().__init__(vocab_size, classes, body.output_size, config)
        self.body, self.pooling = body, pooling

    def encode(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        features: Tensor = self.pooling(self.states(vectors, lengths), lengths)
        return features

    def states(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        """Return the last layer's states (B, T, D) after each word; states after the lengths (B,) have no meaning."""
        states: Tensor = self.body(vectors.transpose(0, 1), None, lengths, final=False)[0]
        return states.transpose(0, 1)


class RecurrentClassifier(NeuralClassifier):
    """Base class of all recurrent classifiers; subclasses set the cell."""

    config_class = RecurrentClassifierConfig
    config: RecurrentClassifierConfig

    def build(self, vocab_size: int, classes: int) -> RecurrentNetwork:
        c = self.config
        # Dropout before and after the layers is that of all document networks.
        body = c.build_stack(c.embedding_size, c.hidden_size, c.dropout, outside=False)
        pooling = pooling_layer(c.pooling, body.output_size, c.direction)
        return RecurrentNetwork(body, pooling, vocab_size, classes, c)


class ElmanClassifierConfig(ElmanSettings, RecurrentClassifierConfig):
    pass


class ElmanClassifier(RecurrentClassifier):
    config_class = ElmanClassifierConfig


class JordanClassifierConfig(JordanSettings, RecurrentClassifierConfig):
    pass


class JordanClassifier(RecurrentClassifier):
    config_class = JordanClassifierConfig


class ShortcutClassifierConfig(ShortcutSettings, RecurrentClassifierConfig):
    pass


class ShortcutClassifier(RecurrentClassifier):
    config_class = ShortcutClassifierConfig


class GRUClassifierConfig(GRUSettings, RecurrentClassifierConfig):
    pass


class GRUClassifier(RecurrentClassifier):
    config_class = GRUClassifierConfig


class MultiplicativeClassifierConfig(MultiplicativeSettings, RecurrentClassifierConfig):
    pass


class MultiplicativeClassifier(RecurrentClassifier):
    config_class = MultiplicativeClassifierConfig


class MinGRUClassifierConfig(MinGRUSettings, RecurrentClassifierConfig):
    pass


class MinGRUClassifier(RecurrentClassifier):
    config_class = MinGRUClassifierConfig


class LSTMClassifierConfig(LSTMSettings, RecurrentClassifierConfig):
    pretrain: Literal["none", "lm"] = Field(
        "none", description="lm: start from the weights of a language model of the training texts (Dai & Le 2015)"
    )
    pretrain_epochs: int = Field(
        3, ge=1, description="maximum passes over the texts in pretraining, in addition to the budget's epochs"
    )

    def language_config(self) -> LSTMLanguageConfig:
        """Return the settings of a language model of one layer, which is like the first layer of this classifier."""
        shared = {name: getattr(self, name) for name in ("embedding_size", "hidden_size", "precision")}
        shared |= {name: getattr(self, name) for name in LSTMSettings.model_fields}
        one = {"layers": 1, "dilation": self.dilations()[0], "residual": False}
        return LSTMLanguageConfig(**shared | one, batch_size=16)

    @model_validator(mode="after")
    def _check_pretraining(self) -> Self:
        if self.pretrain != "none" and self.direction == "backward":
            raise ValueError("pretrain=lm learns to read forward: use direction=forward or both")
        return self


class LSTMClassifier(RecurrentClassifier):
    """An LSTM classifier whose weights may start from a language model of the training texts."""

    config_class = LSTMClassifierConfig
    config: LSTMClassifierConfig
    network: RecurrentNetwork

    def initialise(self, train: Labelled, ctx: ClassificationContext) -> None:
        """Take the first layer's weights from a language model; layers above start from random weights."""
        if self.config.pretrain == "none":
            return
        both = self.config.direction == "both"
        learned = pretrain(train.texts.ids, ctx, self.config.language_config(), both, self.config.pretrain_epochs)
        first = self.network.body.layers[0]
        first = first.layer if isinstance(first, Residual) else first
        parts = {"embedding": self.network.embedding, "body": first}
        if isinstance(first, Bidirectional):
            parts |= {"body": first.body, "backward_body": first.backward_body}
        for name, module in parts.items():
            module.load_state_dict({key: torch.tensor(value) for key, value in within(learned, name).items()})


class BidirectionalLSTMClassifierConfig(LSTMClassifierConfig):
    direction: Direction = Field("both", description=str(DirectedSettings.model_fields["direction"].description))


class BidirectionalLSTMClassifier(LSTMClassifier):
    config_class = BidirectionalLSTMClassifierConfig
