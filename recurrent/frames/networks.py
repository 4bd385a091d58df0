"""Recurrent networks of frames: a layer of states, and the keys of the next frame independent given these."""

from typing import Any

from pydantic import Field, create_model
from torch import Tensor

from seqbench.learning.frames import FrameNetwork, FrameNetworkConfig, NeuralFrameModel, Past
from seqbench.learning.heads import IndependentKeys
from seqbench.recurrent.layers.families import (
    ElmanSettings,
    GRUSettings,
    JordanSettings,
    LSTMSettings,
    MinGRUSettings,
    MultiplicativeSettings,
    ShortcutSettings,
)
from seqbench.recurrent.layers.settings import RecurrentSettings
from seqbench.recurrent.layers.stack import StackStates


class RecurrentFramesConfig(RecurrentSettings, FrameNetworkConfig):
    hidden_size: int = Field(
        150, ge=1, description="units per layer", json_schema_extra={"search": {"low": 50, "high": 300, "log": True}}
    )
    dropout: float = Field(
        0.3,
        ge=0,
        lt=1,
        description="share of the inputs and outputs of each layer that is dropped (Zaremba et al. 2014)",
        json_schema_extra={"search": {"low": 0.0, "high": 0.6}},
    )

    def past(self, width: int) -> "RecurrentPast":
        """Return untrained layers that read frames of this width, K + 1."""
        return RecurrentPast(self.build_stack(width, self.hidden_size, self.dropout))


class RecurrentPast(StackStates, Past):
    """The states of recurrent layers."""


class RecurrentFrames(NeuralFrameModel):
    """Base class of recurrent networks of frames; subclasses set the cell by their settings."""

    config_class = RecurrentFramesConfig
    config: RecurrentFramesConfig

    def build(self, share: Tensor) -> FrameNetwork:
        past = self.config.past(len(share) + 1)
        return FrameNetwork(past, IndependentKeys(past.output_size, share))


def _config(family: type[RecurrentSettings]) -> type[RecurrentFramesConfig]:
    """Return the settings of the networks of a family of cells."""
    bases: tuple[Any, ...] = (family, RecurrentFramesConfig)
    return create_model(f"{family.__name__.removesuffix('Settings')}FramesConfig", __base__=bases, __module__=__name__)


class ElmanFrames(RecurrentFrames):
    config_class = _config(ElmanSettings)


class JordanFrames(RecurrentFrames):
    config_class = _config(JordanSettings)


class ShortcutFrames(RecurrentFrames):
    config_class = _config(ShortcutSettings)


class MultiplicativeFrames(RecurrentFrames):
    config_class = _config(MultiplicativeSettings)


class MinGRUFrames(RecurrentFrames):
    config_class = _config(MinGRUSettings)


class GRUFrames(RecurrentFrames):
    config_class = _config(GRUSettings)


class LSTMFrames(RecurrentFrames):
    config_class = _config(LSTMSettings)
