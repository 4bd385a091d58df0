"""The temporal convolutional network over frames: its features at a frame depend on those before it."""

from pydantic import Field
from torch import Tensor, nn

from seqbench.baselines.convolutions.temporal import BlocksConfig
from seqbench.learning.frames import FrameNetwork, FrameNetworkConfig, NeuralFrameModel, Past
from seqbench.learning.heads import IndependentKeys


class TemporalConvolutionFramesConfig(BlocksConfig, FrameNetworkConfig):
    hidden_size: int = Field(
        150,
        ge=1,
        description="channels per level",
        json_schema_extra={"search": {"low": 50, "high": 300, "log": True}},
    )
    levels: int = Field(2, ge=1, le=16, description=str(BlocksConfig.model_fields["levels"].description))
    channel_dropout: float = Field(
        0.5, ge=0, lt=1, description=str(BlocksConfig.model_fields["channel_dropout"].description)
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="share of the features that is dropped before the output")


class TemporalConvolutionPast(Past):
    def __init__(self, width: int, config: TemporalConvolutionFramesConfig) -> None:
        super().__init__()
        self.blocks, self.output_size = config.blocks(width, config.hidden_size), config.hidden_size
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, before: Tensor, lengths: Tensor) -> Tensor:
        features: Tensor = self.dropout(self.blocks(before))
        return features


class TemporalConvolutionFrames(NeuralFrameModel):
    config_class = TemporalConvolutionFramesConfig
    config: TemporalConvolutionFramesConfig

    def build(self, share: Tensor) -> FrameNetwork:
        past = TemporalConvolutionPast(len(share) + 1, self.config)
        return FrameNetwork(past, IndependentKeys(past.output_size, share))
