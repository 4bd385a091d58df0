"""Encoder and decoder of recurrent layers, with and without attention."""

from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from seqbench.interface import Ids
from seqbench.learning.beam import Tensors
from seqbench.learning.encoder_decoder import Decoded, TranslationNetwork
from seqbench.learning.input import word_vectors
from seqbench.learning.output import OutputLayer, output_layer
from seqbench.learning.translator import NeuralTranslator, TranslatorConfig
from seqbench.recurrent.layers.dropout import LockedDropout
from seqbench.recurrent.layers.families import GRUSettings, LSTMSettings
from seqbench.recurrent.layers.layer import Layer
from seqbench.recurrent.layers.settings import RecurrentSettings
from seqbench.recurrent.layers.stack import Residual, Stack
from seqbench.recurrent.layers.time import Bidirectional, Reversed
from seqbench.recurrent.translation.attention import AttentionName
from seqbench.recurrent.translation.decoder import RecurrentDecoder
from seqbench.recurrent.translation.encoders import Encoder, RecurrentEncoder


class DecoderConfig(RecurrentSettings, TranslatorConfig):
    """Settings of models with a recurrent decoder."""

    attention: AttentionName = Field(
        "none",
        description="how the decoder reads the source; none: its first state is the encoder's last; last: each step "
        "gets it too; mean: of the encoder's states; fixed: learned weights of positions; product: scalar products; "
        "softmax: their softmax; general: with a matrix in between (Luong et al. 2015); additive: Bahdanau et al. 2015",
        json_schema_extra={"search": {"choices": ["none", "softmax", "general", "additive"]}},
    )
    embedding_size: int = Field(
        128,
        ge=1,
        description="width of a word's vector, and of what the output layer reads",
        json_schema_extra={"search": {"low": 32, "high": 512, "log": True}},
    )
    dropout: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="share of the values dropped in words' vectors, between layers, and before the output layer",
        json_schema_extra={"search": {"low": 0.0, "high": 0.5}},
    )

    @model_validator(mode="after")
    def _check_steps(self) -> Self:
        if self.norm == "batch" or max(self.dilations()) > 1 or self.stride > 1:
            raise ValueError("a decoder goes on from any step: leave out norm=batch, dilation and stride")
        if self.attention == "additive" and (self.norm == "layer" or self.zoneout):
            raise ValueError("attention=additive goes with neither norm=layer nor zoneout: leave them out")
        return self

    def build_decoder(self, embedding: nn.Embedding, size: int) -> RecurrentDecoder:
        """Return an untrained decoder that reads states of this size."""
        layers = self.build_layers(RecurrentDecoder.inputs(self.attention, self.embedding_size, size))
        return RecurrentDecoder(self.attention, layers, embedding, size, self.dropout)

    def build_layers(self, input_size: int, both: bool = False) -> list[Layer]:
        """Return untrained layers on top of each other; both: each reads in both directions."""
        layers: list[Layer] = []
        summed = self.attention in ("product", "softmax")
        for depth in range(self.layers):
            width = layers[-1].output_size if layers else input_size
            layer = self.build_layer(width, self.hidden_size, depth)
            if both:
                back = self.build_layer(width, self.hidden_size, depth)
                layer = Bidirectional(layer, back, "sum" if summed else "concatenate")
            layers.append(Residual(layer) if self.residual and layer.input_size == layer.output_size else layer)
        return layers


class RecurrentNetwork(TranslationNetwork):
    """Any encoder under a recurrent decoder."""

    def __init__(self, source: nn.Module, encoder: Encoder, decoder: RecurrentDecoder, output: OutputLayer) -> None:
        super().__init__()
        self.source, self.encoder, self.decoder, self.output = source, encoder, decoder, output

    def encode(self, source: Tensor, lengths: Tensor) -> tuple[Tensors, Tensors]:
        states, summary, start = self.encoder(self.decoder.dropout(self.source(source)), lengths)
        carried = tuple(tensor.transpose(0, 1) for tensor in start)
        return self.decoder.prepare(states, summary, lengths), (*carried, torch.zeros_like(lengths))

    def decode(self, words: Tensor, memory: Tensors, state: Tensors) -> Decoded:
        decoded: Decoded = self.decoder(words, memory, state)
        return decoded


class Seq2SeqConfig(DecoderConfig):
    encoder: Literal["forward", "both"] = Field(
        "forward",
        description="the order in which the encoder reads; both: from both ends (Schuster & Paliwal 1997), outputs "
        "concatenated, for attention=product and softmax summed, so that they are as wide as the decoder's",
        json_schema_extra={"search": {"choices": ["forward", "both"]}},
    )
    reverse_input: bool = Field(
        False, description="whether the encoder reads the source from its end (Sutskever et al. 2014)"
    )

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.reverse_input and self.encoder == "both":
            raise ValueError("encoder=both reads from both ends: leave out reverse_input")
        return self

    def build_encoder(self) -> RecurrentEncoder:
        """Return an untrained encoder of words' vectors."""
        both = self.encoder == "both"
        layers = self.build_layers(self.embedding_size, both)
        between = LockedDropout(self.dropout) if self.locked else nn.Dropout(self.dropout)
        stack: Layer = Stack(layers, between, outside=False)
        tensors = layers[0].tensors // (2 if both else 1)
        return RecurrentEncoder(Reversed(stack) if self.reverse_input else stack, tensors, both, self.hidden_size)


class RecurrentTranslator(NeuralTranslator):
    """Base class of encoder and decoder; subclasses set the cell by their settings."""

    config_class = Seq2SeqConfig
    config: Seq2SeqConfig

    def build(self, counts: Ids) -> RecurrentNetwork:
        c = self.config
        encoder = c.build_encoder()
        embedding = word_vectors(len(counts) + 1, c.embedding_size, sparse=False)
        decoder = c.build_decoder(embedding, encoder.size)
        output = output_layer(c.output, decoder.output_size, counts, embedding)
        return RecurrentNetwork(self.source_layer(c.embedding_size), encoder, decoder, output)


class GRUSeq2SeqConfig(GRUSettings, Seq2SeqConfig):
    """Cho et al. 2014, whose decoder gets the source's one vector at every step, unless `attention` says otherwise."""

    attention: AttentionName = Field("last", description=str(DecoderConfig.model_fields["attention"].description))


class GRUSeq2Seq(RecurrentTranslator):
    config_class = GRUSeq2SeqConfig


class LSTMSeq2SeqConfig(LSTMSettings, Seq2SeqConfig):
    """Sutskever et al. 2014."""


class LSTMSeq2Seq(RecurrentTranslator):
    config_class = LSTMSeq2SeqConfig
