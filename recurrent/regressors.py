"""Recurrent networks that predict numbers, or a class, of each whole sequence from the state after its last step."""

from typing import Any, Self

from pydantic import Field, model_validator
from torch import Tensor, nn

from seqbench.learning.sequences import (
    NetworkPredictor,
    NetworkRecogniser,
    NetworkRegressor,
    SequenceNetwork,
    SequenceNetworkConfig,
)
from seqbench.recurrent.layers.families import (
    ElmanSettings,
    GRUSettings,
    JordanSettings,
    LSTMSettings,
    MinGRUSettings,
    MultiplicativeSettings,
    ShortcutSettings,
)
from seqbench.recurrent.layers.pooling import Last
from seqbench.recurrent.layers.settings import DirectedSettings
from seqbench.recurrent.layers.stack import Stack
from seqbench.recurrent.layers.time import Direction


class RecurrentSequenceConfig(DirectedSettings, SequenceNetworkConfig):
    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the inputs and outputs of each layer that is dropped (Zaremba et al. 2014)",
        json_schema_extra={"search": {"low": 0.0, "high": 0.5}},
    )

    @model_validator(mode="after")
    def _check_direction(self) -> Self:
        self.check_ends()
        return self


class LastStateNetwork(SequenceNetwork):
    """Layers that read a sequence, and a linear layer of the state after its last step; of two directions, of each."""

    def __init__(self, body: Stack, direction: Direction, outputs: int) -> None:
        super().__init__(body.output_size, outputs)
        self.body, self.last = body, Last(direction)

    def encode(self, x: Tensor, lengths: Tensor) -> Tensor:
        states = self.body(x.transpose(0, 1), None, lengths, final=False)[0].transpose(0, 1)
        features: Tensor = self.last(states, lengths)
        return features


class RecurrentPredictor(NetworkPredictor[Any, Any]):
    """Base class of the recurrent networks of both tasks; the settings of subclasses say which cell."""

    config_class = RecurrentSequenceConfig
    config: RecurrentSequenceConfig

    def build(self, columns: int, outputs: int) -> nn.Module:
        c = self.config
        return LastStateNetwork(c.build_stack(columns, c.hidden_size, c.dropout), c.direction, outputs)


class ElmanSequenceConfig(ElmanSettings, RecurrentSequenceConfig):
    pass


class ElmanRegressor(RecurrentPredictor, NetworkRegressor):
    config_class = ElmanSequenceConfig


class ElmanRecogniser(RecurrentPredictor, NetworkRecogniser):
    config_class = ElmanSequenceConfig


class JordanSequenceConfig(JordanSettings, RecurrentSequenceConfig):
    pass


class JordanRegressor(RecurrentPredictor, NetworkRegressor):
    config_class = JordanSequenceConfig


class JordanRecogniser(RecurrentPredictor, NetworkRecogniser):
    config_class = JordanSequenceConfig


class ShortcutSequenceConfig(ShortcutSettings, RecurrentSequenceConfig):
    pass


class ShortcutRegressor(RecurrentPredictor, NetworkRegressor):
    config_class = ShortcutSequenceConfig


class ShortcutRecogniser(RecurrentPredictor, NetworkRecogniser):
    config_class = ShortcutSequenceConfig


class MultiplicativeSequenceConfig(MultiplicativeSettings, RecurrentSequenceConfig):
    pass


class MultiplicativeRegressor(RecurrentPredictor, NetworkRegressor):
    config_class = MultiplicativeSequenceConfig


class MultiplicativeRecogniser(RecurrentPredictor, NetworkRecogniser):
    config_class = MultiplicativeSequenceConfig


class MinGRUSequenceConfig(MinGRUSettings, RecurrentSequenceConfig):
    pass


class MinGRURegressor(RecurrentPredictor, NetworkRegressor):
    config_class = MinGRUSequenceConfig


class MinGRURecogniser(RecurrentPredictor, NetworkRecogniser):
    config_class = MinGRUSequenceConfig


class GRUSequenceConfig(GRUSettings, RecurrentSequenceConfig):
    pass


class GRURegressor(RecurrentPredictor, NetworkRegressor):
    config_class = GRUSequenceConfig


class GRURecogniser(RecurrentPredictor, NetworkRecogniser):
    config_class = GRUSequenceConfig


class LSTMSequenceConfig(LSTMSettings, RecurrentSequenceConfig):
    pass


class LSTMRegressor(RecurrentPredictor, NetworkRegressor):
    config_class = LSTMSequenceConfig


class LSTMRecogniser(RecurrentPredictor, NetworkRecogniser):
    config_class = LSTMSequenceConfig


class BidirectionalLSTMSequenceConfig(LSTMSequenceConfig):
    direction: Direction = Field("both", description=str(DirectedSettings.model_fields["direction"].description))


class BidirectionalLSTMRegressor(LSTMRegressor):
    config_class = BidirectionalLSTMSequenceConfig


class BidirectionalLSTMRecogniser(LSTMRecogniser):
    config_class = BidirectionalLSTMSequenceConfig
