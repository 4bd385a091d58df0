"""The temporal convolutional network as a tagger. Its blocks are causal: it sees no word after the one it tags."""

from pydantic import Field
from torch import Tensor

from seqbench.baselines.convolutions.temporal import BlocksConfig
from seqbench.learning.tagger import Body, NeuralTagger, NeuralTaggerConfig


class TemporalConvolutionTaggerConfig(BlocksConfig, NeuralTaggerConfig):
    levels: int = Field(
        3,
        ge=1,
        le=16,
        description=str(BlocksConfig.model_fields["levels"].description),
        json_schema_extra={"search": {"choices": [2, 3, 4]}},
    )


class TemporalConvolutionBody(Body):
    def __init__(self, input_size: int, config: TemporalConvolutionTaggerConfig) -> None:
        super().__init__()
        self.blocks, self.output_size = config.blocks(input_size, config.hidden_size), config.hidden_size

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        features: Tensor = self.blocks(x)
        return features


class TemporalConvolutionTagger(NeuralTagger):
    config_class = TemporalConvolutionTaggerConfig
    config: TemporalConvolutionTaggerConfig

    def body(self, input_size: int) -> TemporalConvolutionBody:
        return TemporalConvolutionBody(input_size, self.config)
