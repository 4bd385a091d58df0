"""Networks whose states say how keys sound together: RNN-RBM, RTRBM and RNN-NADE.

Boulanger-Lewandowski, Bengio & Vincent 2012, "Modeling temporal dependencies in high-dimensional sequences".
"""

import torch
from pydantic import Field
from torch import Tensor, nn

from seqbench.baselines.memories.boltzmann.frames import BoltzmannConfig, BoltzmannHead
from seqbench.learning.frames import FrameNetwork, NeuralFrameModel, Past
from seqbench.learning.heads import NADE
from seqbench.recurrent.frames.networks import RecurrentFramesConfig
from seqbench.recurrent.layers.families import ElmanSettings


class JointConfig(ElmanSettings, RecurrentFramesConfig):
    """`hidden_size` is that of the recurrent layer."""

    hidden_size: int = Field(
        100, ge=1, description="units per layer", json_schema_extra={"search": {"low": 50, "high": 300, "log": True}}
    )
    dropout: float = Field(0.1, ge=0, lt=1, description=str(RecurrentFramesConfig.model_fields["dropout"].description))


class RNNNADEConfig(JointConfig):
    nade_size: int = Field(
        150,
        ge=1,
        description="hidden units of NADE",
        json_schema_extra={"search": {"low": 50, "high": 300, "log": True}},
    )


class RNNNADE(NeuralFrameModel):
    """The states of a recurrent network set the biases of NADE, whose likelihood is exact."""

    config_class = RNNNADEConfig
    config: RNNNADEConfig

    def build(self, share: Tensor) -> FrameNetwork:
        past = self.config.past(len(share) + 1)
        return FrameNetwork(past, NADE(past.output_size, self.config.nade_size, share))


class RNNRBMConfig(BoltzmannConfig, JointConfig):
    hidden_size: int = Field(
        100,
        ge=1,
        description=str(JointConfig.model_fields["hidden_size"].description),
        json_schema_extra={"search": {"low": 50, "high": 300, "log": True}},
    )
    boltzmann_size: int = Field(
        150,
        ge=1,
        description="hidden units of the Boltzmann machine",
        json_schema_extra={"search": {"low": 50, "high": 300, "log": True}},
    )

    def machine(self) -> BoltzmannConfig:
        """Return the settings of the machine by itself."""
        names = BoltzmannConfig.model_fields
        own = {name: value for name, value in self.model_dump().items() if name in names}
        return BoltzmannConfig(**{**own, "hidden_size": self.boltzmann_size})


class RNNRBM(NeuralFrameModel):
    """The states of a recurrent network set the biases of a restricted Boltzmann machine."""

    config_class = RNNRBMConfig
    config: RNNRBMConfig

    def build(self, share: Tensor) -> FrameNetwork:
        past = self.config.past(len(share) + 1)
        return FrameNetwork(past, BoltzmannHead(past.output_size, share, self.config.machine()))


class MeanFieldPast(Past):
    r"""r_t = σ(v_t W + c + U r_{t−1}): the mean field of the hidden units of the machine itself, r_0 learned.

    Sutskever, Hinton & Taylor 2008, "The recurrent temporal restricted Boltzmann machine". W, c and U are those of the
    machine, so that the states of the recurrent network are those of its hidden units.
    """

    def __init__(self, head: BoltzmannHead) -> None:
        super().__init__()
        self.output_size = head.W.shape[1]
        self.first = nn.Parameter(torch.zeros(self.output_size))
        self._head = [head]  # in a list, since its parameters are not this module's

    def forward(self, before: Tensor, lengths: Tensor) -> Tensor:
        (head,) = self._head
        read = before[..., :-1] @ head.weights()
        state = self.first.expand(len(before), -1)
        states = [state]
        for t in range(1, before.shape[1]):
            state = torch.sigmoid(read[:, t] + head.c(state))
            states.append(state)
        return torch.stack(states, dim=1)


class RTRBM(NeuralFrameModel):
    """A restricted Boltzmann machine whose hidden units also depend on those of the frame before."""

    config_class = BoltzmannConfig
    config: BoltzmannConfig

    def build(self, share: Tensor) -> FrameNetwork:
        head = BoltzmannHead(self.config.hidden_size, share, self.config)
        return FrameNetwork(MeanFieldPast(head), head)
