"""Self-attention under a recurrent decoder."""

from typing import Literal

from pydantic import Field

from seqbench.interface import Config, Ids
from seqbench.learning.input import word_vectors
from seqbench.learning.output import output_layer
from seqbench.learning.translator import NeuralTranslator
from seqbench.recurrent.layers.families import GRUSettings
from seqbench.recurrent.translation.attention import AttentionName
from seqbench.recurrent.translation.blocks import EncoderLayer, scaled_down
from seqbench.recurrent.translation.encoders import SelfAttentionEncoder
from seqbench.recurrent.translation.seq2seq import DecoderConfig, RecurrentNetwork


class SelfAttentionSettings(Config):
    """Settings of layers of self-attention."""

    heads: int = Field(
        4,
        ge=1,
        description="heads of attention; they must divide the width",
        json_schema_extra={"search": {"choices": [1, 4, 8]}},
    )
    feed_forward: int = Field(
        512,
        ge=1,
        description="units of the perceptron in each layer",
        json_schema_extra={"search": {"low": 128, "high": 1024, "log": True}},
    )
    normalise: Literal["before", "after"] = Field(
        "before",
        description="layer normalisation before each sub-layer (Xiong et al. 2020) or after it (Vaswani et al. 2017)",
    )


class SelfAttentionConfig(SelfAttentionSettings, GRUSettings, DecoderConfig):
    attention: AttentionName = Field("general", description=str(DecoderConfig.model_fields["attention"].description))
    encoder_layers: int = Field(
        1, ge=1, description="layers of self-attention", json_schema_extra={"search": {"choices": [1, 2, 3]}}
    )


class SelfAttentionTranslator(NeuralTranslator):
    """Self-attention of width `hidden_size` reads the source; a recurrent decoder with attention writes the target."""

    config_class = SelfAttentionConfig
    config: SelfAttentionConfig

    def build(self, counts: Ids) -> RecurrentNetwork:
        c = self.config
        size = c.hidden_size
        embedding = word_vectors(len(counts) + 1, c.embedding_size, sparse=False)
        decoder = c.build_decoder(embedding, size)
        layers = [
            EncoderLayer(size, c.heads, c.feed_forward, c.normalise == "before", c.dropout)
            for _ in range(c.encoder_layers)
        ]
        encoder = SelfAttentionEncoder(layers, size, decoder.tensors, size)
        output = output_layer(c.output, decoder.output_size, counts, embedding)
        return RecurrentNetwork(scaled_down(self.source_layer(size)), encoder, decoder, output)
