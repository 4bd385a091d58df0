"""Restricted Boltzmann machines of frames, alone or with biases that the past sets."""

from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.baselines.memories.boltzmann.machine import ENUMERABLE
from seqbench.baselines.memories.boltzmann.restricted import Machine, annealed_log_z, log_z
from seqbench.interface import Ids
from seqbench.learning.frames import FrameNetwork, FrameNetworkConfig, Head, NeuralFrameModel, Nothing, Past
from seqbench.learning.heads import log_odds
from seqbench.learning.noise import uniform
from seqbench.learning.training import LearningRate

ENUMERATED = 12
"""The most units, visible or hidden, of which all states are enumerated for each frame by itself."""
ALONE = 20
"""How many times more chains anneal if all frames have one machine."""
CHAINS = 1 << 9
"""Number of chains that anneal together, so that they fit into the cache of a core."""
SCALE = 5.0
"""Weights between visible and hidden units are held in these units: they have to grow large for chords to be sharp, and
so learn at a rate that many times as large as all else."""
PARTICLES = 500
"""Number of persistent particles of a machine that is the same for all frames."""
DRAWN = 500
"""Steps of Gibbs sampling from noise to a frame."""


class BoltzmannConfig(FrameNetworkConfig):
    hidden_size: int = Field(
        150, ge=1, description="hidden units", json_schema_extra={"search": {"low": 50, "high": 300, "log": True}}
    )
    learning_rate: LearningRate = Field(
        5e-3,
        description=str(FrameNetworkConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 1e-3, "high": 1e-2, "log": True}},
    )
    batch_size: int = Field(
        4, ge=1, description="pieces per update", json_schema_extra={"search": {"choices": [2, 4, 8]}}
    )
    gibbs_steps: int = Field(
        5,
        ge=1,
        description="steps of Gibbs sampling in an update, k of contrastive divergence",
        json_schema_extra={"search": {"choices": [1, 5, 15, 25]}},
    )
    particles: Literal["data", "persistent"] = Field(
        "persistent",
        description="where Gibbs sampling starts in an update; data: at the data (contrastive divergence); persistent: "
        "where it was (Tieleman 2008), for each training frame by itself where the past sets the biases",
        json_schema_extra={"search": {"choices": ["data", "persistent"]}},
    )
    chains: int = Field(
        2, ge=2, description="chains of annealed importance sampling per frame, where ln Z is estimated"
    )
    steps: int = Field(500, ge=1, description="steps of annealing of each chain")


class Biases(nn.Module):
    """Biases (N, units) that are linear in the features (N, F); without features, the same for all rows."""

    def __init__(self, size: int, start: Tensor) -> None:
        super().__init__()
        self.bias = nn.Parameter(start.clone())
        self.weight = nn.Parameter(torch.empty(len(start), size).normal_(std=0.05)) if size else None

    def forward(self, features: Tensor) -> Tensor:
        found = self.bias if self.weight is None else F.linear(features, self.weight, self.bias)
        return found.expand(len(features), -1)


class BoltzmannHead(Head):
    """A restricted Boltzmann machine over the keys.

    Training follows F(v) − F(v'), where v' is drawn by Gibbs sampling from the data (contrastive divergence, Hinton
    2002), or goes on from update to update (persistent contrastive divergence, Tieleman 2008).
    """

    particles: Tensor
    """States of visible units that go on from update to update; there are some in training only."""

    def __init__(self, size: int, share: Tensor, config: BoltzmannConfig) -> None:
        """size: F; with 0, all frames have one machine."""
        super().__init__()
        keys = len(share)
        self.W = nn.Parameter(torch.empty(keys, config.hidden_size).normal_(std=0.01 / SCALE))
        self.b, self.c = Biases(size, log_odds(share)), Biases(size, torch.zeros(config.hidden_size))
        self.config, self.alone = config, size == 0
        self.register_buffer("particles", torch.zeros(0, keys))
        self.exact = min(keys, config.hidden_size) <= (ENUMERABLE if self.alone else ENUMERATED)
        self.validated_by = "valid_nats" if self.exact else "valid_pseudo_nats"

    def machine(self, features: Tensor) -> Machine:
        """Return the machine of each row of features (N, F)."""
        return Machine(self.weights(), self.b(features), self.c(features))

    def weights(self) -> Tensor:
        """Return the weights (K, H) of the machine."""
        return SCALE * self.W

    def begin(self, frames: Tensor) -> None:
        """Let particles start at the frames, or at some of them if there is one machine for all."""
        if self.config.particles == "persistent":
            self.particles = frames[torch.randperm(len(frames))[:PARTICLES]] if self.alone else frames.clone()

    def end(self) -> None:
        self.particles = self.particles[:0]

    def loss(self, features: Tensor, frames: Tensor, places: Tensor) -> Tensor:
        machine, k = self.machine(features), self.config.gibbs_steps
        if self.config.particles == "data":
            with torch.no_grad():
                drawn = machine.gibbs(frames, k)
            return machine.free_energy(frames) - machine.free_energy(drawn)
        own = Machine(machine.W, machine.b[0], machine.c[0]) if self.alone else machine
        moving = slice(None) if self.alone else places
        with torch.no_grad():
            drawn = own.gibbs(self.particles[moving], k).to(frames.dtype)
            self.particles[moving] = drawn
        energies = own.free_energy(drawn)
        return machine.free_energy(frames) - (energies.mean() if self.alone else energies)

    def log_p(self, features: Tensor, frames: Tensor, keys: Ids) -> Tensor:
        machine = self.machine(features)
        found, error = self._enumerated(machine) if self.exact else self._estimated(machine, keys)
        scores = (-machine.free_energy(frames) - found).clamp(max=0.0)  # an estimate of ln Z may be too low
        return torch.stack([scores, error.expand(len(frames))], dim=1)

    def _enumerated(self, machine: Machine) -> tuple[Tensor, Tensor]:
        """Return ln Z of each row, (N,), or (1,) if all rows have one machine; and errors of 0."""
        found = log_z(Machine(machine.W, machine.b[0], machine.c[0]))[None] if self.alone else log_z(machine)
        return found, torch.zeros_like(found)

    def _estimated(self, machine: Machine, keys: Ids) -> tuple[Tensor, Tensor]:
        """Return estimates of ln Z of each row, (N,), and their errors; rows with one past share an estimate."""
        chains, steps = self.config.chains, self.config.steps
        if self.alone:  # one machine: chains that are enough for all frames
            keys, chains = np.zeros_like(keys), ALONE * chains
        pasts, first, rows = np.unique(keys, return_index=True, return_inverse=True)
        numbers = torch.tensor(pasts, device=machine.W.device)
        parts = [torch.split(x, max(1, CHAINS // chains)) for x in (machine.b[first], machine.c[first], numbers)]
        pairs = [_annealed(Machine(machine.W, b, c), some, chains, steps) for b, c, some in zip(*parts, strict=True)]
        found, error = (torch.cat(some)[rows] for some in zip(*pairs, strict=True))
        return found, error

    def validation(self, features: Tensor, frames: Tensor) -> Tensor:
        """Return −ln p if that is exact, else the negative pseudo-likelihood.

        Training that stops by an estimate of ln Z would choose machines for which the estimate is too low.
        """
        if self.exact:
            return super().validation(features, frames)
        return -self.machine(features).pseudo_likelihood(frames)

    def draw(self, features: Tensor, rng: np.random.Generator) -> Tensor:
        machine = self.machine(features[None])
        with torch.random.fork_rng([features.device] if features.is_cuda else []):
            torch.manual_seed(int(rng.integers(1 << 62)))
            return machine.gibbs(torch.bernoulli(torch.sigmoid(machine.b)), DRAWN)[0]


def _annealed(machine: Machine, numbers: Tensor, chains: int, steps: int) -> tuple[Tensor, Tensor]:
    """Estimate ln Z of each row of a machine with random numbers that depend on the row's own number, (N,)."""

    def noise(draw: int, units: int) -> Tensor:
        return uniform(numbers, draw, chains * units, machine.W.dtype).view(len(numbers), chains, units)

    return annealed_log_z(machine, chains, steps, noise)


class FrameRBM(NeuralFrameModel):
    """One machine for all frames, whatever came before."""

    config_class = BoltzmannConfig
    config: BoltzmannConfig

    def build(self, share: Tensor) -> FrameNetwork:
        return FrameNetwork(Nothing(), BoltzmannHead(0, share, self.config))


class ConditionalConfig(BoltzmannConfig):
    order: int = Field(
        4,
        ge=1,
        description="frames before a frame that set the biases",
        json_schema_extra={"search": {"choices": [1, 2, 4, 8]}},
    )


class Window(Past):
    """The last frames as they are, the latest first."""

    def __init__(self, width: int, order: int) -> None:
        """width: K + 1 of what is read at each frame."""
        super().__init__()
        self.order, self.output_size = order, width * order

    def forward(self, before: Tensor, lengths: Tensor) -> Tensor:
        shifted = [F.pad(before, (0, 0, ago, 0))[:, : before.shape[1]] for ago in range(self.order)]
        return torch.cat(shifted, dim=2)


class ConditionalRBM(NeuralFrameModel):
    """Biases that are linear in the last frames (Taylor, Hinton & Roweis 2006, "Modeling human motion using binary
    latent variables")."""

    config_class = ConditionalConfig
    config: ConditionalConfig

    def build(self, share: Tensor) -> FrameNetwork:
        past = Window(len(share) + 1, self.config.order)
        return FrameNetwork(past, BoltzmannHead(past.output_size, share, self.config))
