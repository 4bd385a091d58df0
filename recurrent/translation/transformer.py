"""The Transformer: self-attention in encoder and decoder (Vaswani et al. 2017)."""

import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.interface import Ids
from seqbench.learning.beam import Tensors
from seqbench.learning.encoder_decoder import Decoded, TranslationNetwork
from seqbench.learning.output import OutputLayer, output_layer
from seqbench.learning.training import LearningRate
from seqbench.learning.translator import NeuralTranslator, TranslatorConfig
from seqbench.recurrent.translation.blocks import DecoderLayer, EncoderLayer, Positions, scaled_down
from seqbench.recurrent.translation.self_attention import SelfAttentionSettings


class TransformerConfig(SelfAttentionSettings, TranslatorConfig):
    """The warm-up of the paper is the rise of `schedule=one-cycle`."""

    learning_rate: LearningRate = Field(
        1e-3,
        description=str(TranslatorConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 2e-4, "high": 3e-3, "log": True}},
    )
    layers: int = Field(
        2,
        ge=1,
        description="layers of the encoder, and of the decoder",
        json_schema_extra={"search": {"choices": [1, 2, 3]}},
    )
    dropout: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of the values in words' vectors and in what sub-layers give that is dropped",
        json_schema_extra={"search": {"low": 0.0, "high": 0.3}},
    )


class TransformerNetwork(TranslationNetwork):
    """The words' vectors and the hidden layers have the same width d.

    The memory of a source is its mask, and keys and values of each decoder layer; the state of a target the keys and
    values of its earlier words. So a word costs the same whether it is read alone or among others.
    """

    def __init__(
        self,
        source: nn.Module,
        target: nn.Embedding,
        encoder: list[EncoderLayer],
        decoder: list[DecoderLayer],
        output: OutputLayer,
        dropout: float,
    ) -> None:
        super().__init__()
        self.source, self.target, self.output = source, target, output
        self.positions, self.dropout = Positions(), nn.Dropout(dropout)
        self.encoder, self.decoder = nn.ModuleList(encoder), nn.ModuleList(decoder)
        norm_first, size = encoder[0].norm_first, target.embedding_dim
        self.encoder_norm, self.decoder_norm = (nn.LayerNorm(size) if norm_first else nn.Identity() for _ in range(2))

    def encode(self, source: Tensor, lengths: Tensor) -> tuple[Tensors, Tensors]:
        x = self.dropout(self.positions(self.source(source)))
        mask = torch.arange(x.shape[1], device=lengths.device) < lengths[:, None]
        for layer in self.encoder:
            x = layer(x, mask)
        x = self.encoder_norm(x)
        memory: Tensors = ()
        for layer in self.decoder:
            assert isinstance(layer, DecoderLayer)
            memory += layer.project(x)
        return (mask, *memory), tuple(tensor[:, :, :0] for tensor in memory)

    def decode(self, words: Tensor, memory: Tensors, state: Tensors) -> Decoded:
        """See `TranslationNetwork.decode`; the weights are those of the last layer, averaged over its heads."""
        mask, *source = memory
        x = self.dropout(self.positions(self.target(words), state[0].shape[2]))
        after: Tensors = ()
        for depth, layer in enumerate(self.decoder):
            places = slice(2 * depth, 2 * depth + 2)
            x, kept, weights = layer(x, state[places], source[places], mask)
            after += kept
        return Decoded(self.decoder_norm(x), after, weights.mean(1))


class Transformer(NeuralTranslator):
    config_class = TransformerConfig
    config: TransformerConfig

    def build(self, counts: Ids) -> TransformerNetwork:
        c = self.config
        size, given = c.hidden_size, (c.heads, c.feed_forward, c.normalise == "before", c.dropout)
        target = nn.Embedding(len(counts) + 1, size)
        scaled_down(target)
        return TransformerNetwork(
            scaled_down(self.source_layer(size)),
            target,
            [EncoderLayer(size, *given) for _ in range(c.layers)],
            [DecoderLayer(size, *given) for _ in range(c.layers)],
            output_layer(c.output, size, counts, target),
            c.dropout,
        )
