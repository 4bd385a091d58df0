"""The temporal convolutional network on whole sequences: its features at the last step."""

from typing import Any

from pydantic import Field
from torch import Tensor, nn

from seqbench.baselines.convolutions.temporal import BlocksConfig
from seqbench.learning.sequences import (
    NetworkPredictor,
    NetworkRecogniser,
    NetworkRegressor,
    SequenceNetwork,
    SequenceNetworkConfig,
)


class TemporalConvolutionSequenceConfig(BlocksConfig, SequenceNetworkConfig):
    channel_dropout: float = Field(
        0.0, ge=0, lt=1, description=str(BlocksConfig.model_fields["channel_dropout"].description)
    )


class TemporalConvolutionNetwork(SequenceNetwork):
    """Bai, Kolter & Koltun's causal residual blocks, so the padding after a sequence does not affect its last step."""

    def __init__(self, columns: int, outputs: int, config: TemporalConvolutionSequenceConfig) -> None:
        super().__init__(config.hidden_size, outputs)
        self.body = config.blocks(columns, config.hidden_size)

    def encode(self, x: Tensor, lengths: Tensor) -> Tensor:
        return self.body.last(x, lengths)


class TemporalConvolutionPredictor(NetworkPredictor[Any, Any]):
    config_class = TemporalConvolutionSequenceConfig
    config: TemporalConvolutionSequenceConfig

    def build(self, columns: int, outputs: int) -> nn.Module:
        return TemporalConvolutionNetwork(columns, outputs, self.config)


class TemporalConvolutionRegressor(TemporalConvolutionPredictor, NetworkRegressor):
    pass


class TemporalConvolutionRecogniser(TemporalConvolutionPredictor, NetworkRecogniser):
    pass
