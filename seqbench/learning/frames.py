"""Base class of all networks that predict frames: what they make of the past, and how a frame depends on it."""

from abc import abstractmethod
from collections.abc import Iterator
from copy import deepcopy

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.interface import Arrays, Floats, Ids
from seqbench.learning import training
from seqbench.learning.noise import keys_of_pasts
from seqbench.learning.order import by_length, random_batches
from seqbench.learning.padding import Padded, inside
from seqbench.learning.training import (
    LearningRate,
    Loss,
    TrainingConfig,
    choose_device,
    exact_float32,
    load_weights,
    seeded,
    weight_count,
    weights,
)
from seqbench.packing import within
from seqbench.tasks.frames.laws import lengths
from seqbench.tasks.frames.model import FrameModel, FramesContext, Roll, Rolls

SCORED = 1 << 13
"""Maximum number of padded frames scored together, to limit memory; one longer piece is still scored whole."""


class FrameNetworkConfig(TrainingConfig):
    learning_rate: LearningRate = Field(
        3e-3,
        description=str(TrainingConfig.model_fields["learning_rate"].description),
        json_schema_extra={"search": {"low": 3e-4, "high": 1e-2, "log": True}},
    )
    patience: int = Field(10, ge=1, description=str(TrainingConfig.model_fields["patience"].description))
    batch_size: int = Field(
        8, ge=1, description="pieces per update", json_schema_extra={"search": {"choices": [4, 8, 16]}}
    )


class Past(nn.Module):
    """What a network makes of the frames before each frame."""

    output_size: int

    @abstractmethod
    def forward(self, before: Tensor, lengths: Tensor) -> Tensor:
        """Return features (B, T, output_size); those of a frame depend on the frames before it alone.

        Args:
            before: (B, T, K + 1) at each frame the frame before it; in the last column, 1 at the first frame, else 0.
            lengths: (B,) frames of the pieces; neither other pieces nor what follows a piece may change its features.
        """


class Nothing(Past):
    """Forgets the past: no features."""

    output_size = 0

    def forward(self, before: Tensor, lengths: Tensor) -> Tensor:
        return before[..., :0]


class Head(nn.Module):
    """How a frame depends on the features of its past."""

    exact: bool = True
    """Whether `log_p` is a probability, not an estimate of it."""
    validated_by: str = "valid_nats"
    """Name of the score that `validation` returns."""

    def begin(self, frames: Tensor) -> None:
        """Prepare for training with these frames (M, K)."""
        return

    def end(self) -> None:
        """Give up what only training needs."""
        return

    @abstractmethod
    def loss(self, features: Tensor, frames: Tensor, places: Tensor) -> Tensor:
        """Return what training minimises, (N,), for features (N, F) and frames (N, K).

        Args:
            places: (N,) where the frames stand among those that `begin` got.
        """

    @abstractmethod
    def log_p(self, features: Tensor, frames: Tensor, keys: Ids) -> Tensor:
        """Return ln p of frames (N, K) given features (N, F), and its standard error, (N, 2); 0 if it is exact.

        Args:
            keys: (N,) numbers that tell the pasts of frames apart, for random numbers of estimates.
        """

    def validation(self, features: Tensor, frames: Tensor) -> Tensor:
        """Return the scores (N,) by whose mean training stops: by default −ln p, which must be exact."""
        return -self.log_p(features, frames, np.zeros(len(frames), dtype=np.int64))[:, 0]

    @abstractmethod
    def draw(self, features: Tensor, rng: np.random.Generator) -> Tensor:
        """Return a frame (K,) drawn given features (F,)."""


class FrameNetwork(nn.Module):
    def __init__(self, past: Past, head: Head) -> None:
        super().__init__()
        self.past, self.head = past, head

    def features(self, rolls: Tensor, lengths: Tensor) -> Tensor:
        """Return what is known before each frame of rolls (B, T, K), (B, T, F)."""
        start = torch.zeros_like(rolls[:, :1])
        before = F.pad(torch.cat([start, rolls[:, :-1]], dim=1), (0, 1))
        before[:, 0, -1] = 1
        found: Tensor = self.past(before, lengths)
        return found


class NeuralFrameModel(FrameModel):
    """A network that is trained by gradient descent. Subclasses build the past and the head."""

    kind = "neural"
    config_class = FrameNetworkConfig
    config: FrameNetworkConfig
    network: FrameNetwork
    keys: int
    """K"""

    @abstractmethod
    def build(self, share: Tensor) -> FrameNetwork:
        """Return an untrained network; share: (K,) of the training frames in which each key sounds."""

    def fit(self, train: Rolls, ctx: FramesContext) -> None:
        """Train, and keep the weights with the best score on `ctx.valid`.

        Raises:
            ValueError: the device is not available.
            DivergenceError: training diverged.
        """
        device, self.keys = choose_device(ctx.device), ctx.keys
        everything = np.concatenate(list(train))
        share = torch.tensor((everything.sum(axis=0) + 1) / (len(everything) + 2), dtype=torch.float32)
        valid = _padded(ctx.valid, device, torch.float32) if len(ctx.valid) else None
        with seeded(ctx.seed, device):
            self.network = self.build(share).to(device)
            frames = _padded(train, device, torch.float32)
            self.network.head.begin(frames.steps)
            training.train(
                self.network,
                FrameBatches(self.network, frames, self.config.batch_size),
                None if valid is None else (lambda: self._validate(valid)),
                self.config,
                ctx,
                loss_name="train_loss",
                score_name=self.network.head.validated_by,
            )
        self.network.head.end()

    @torch.inference_mode()
    def predict(self, rolls: Rolls) -> list[Floats]:
        """See `FrameModel.predict`; networks compute in float32, and in float64 where scores are estimates."""
        exact = self.network.head.exact
        keys = [np.zeros(len(roll), dtype=np.int64) for roll in rolls] if exact else keys_of_pasts(rolls)
        network = self.network if exact else deepcopy(self.network).double()
        padded = _padded(rolls, self._device, torch.float32 if exact else torch.float64)
        found: list[Floats] = [np.empty(0)] * len(rolls)
        with exact_float32():
            for rows in by_length(padded.lengths, SCORED):
                features, frames = _flat(network, padded, rows)
                said = network.head.log_p(features, frames, np.concatenate([keys[i] for i in rows]))
                parts = np.split(said.double().cpu().numpy(), np.cumsum(padded.lengths[rows])[:-1])
                for i, own in zip(rows.tolist(), parts, strict=True):
                    found[i] = own[:, 0].copy() if exact else own.copy()
        return found

    @torch.inference_mode()
    def draw(self, roll: Roll, rng: np.random.Generator) -> Roll:
        longer = np.concatenate([roll, np.zeros((1, roll.shape[1]), dtype=np.int8)])
        frames, counts = _padded([longer], self._device, torch.float32).take(np.zeros(1, dtype=np.int64))
        features = self.network.features(frames, counts)[0, -1]
        drawn: Roll = self.network.head.draw(features, rng).cpu().numpy().astype(np.int8)
        return drawn

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

    def _validate(self, padded: Padded) -> float:
        found = []
        for rows in by_length(padded.lengths, SCORED):
            features, frames = _flat(self.network, padded, rows)
            found.append(self.network.head.validation(features, frames))
        return float(torch.cat(found).double().mean())

    def arrays(self) -> Arrays:
        return {f"network.{name}": array for name, array in weights(self.network).items()} | {
            "keys": np.array(self.keys)
        }

    def restore(self, arrays: Arrays) -> None:
        self.keys = int(arrays["keys"])
        self.network = self.build(torch.full((self.keys,), 0.5))
        load_weights(self.network, within(arrays, "network"))

    def parameter_count(self) -> int:
        return weight_count(self.network)


class FrameBatches:
    """The losses of one epoch: of each piece once, in batches of similar length."""

    def __init__(self, network: FrameNetwork, padded: Padded, size: int) -> None:
        self.network, self.padded, self.size = network, padded, size

    def __len__(self) -> int:
        return -(-len(self.padded) // self.size)

    def __iter__(self) -> Iterator[Loss]:
        for rows in random_batches(self.padded.lengths, self.size):
            features, frames = _flat(self.network, self.padded, rows)
            places, counts = self.padded.where(rows)
            places = places[inside(counts, places.shape[1])]
            yield Loss(self.network.head.loss(features.float(), frames, places).mean(), len(frames))


def _flat(network: FrameNetwork, padded: Padded, rows: Ids) -> tuple[Tensor, Tensor]:
    """Return the features (N, F) and the keys (N, K) of all frames of some pieces, one piece after another."""
    frames, counts = padded.take(rows)
    known = inside(counts, frames.shape[1])
    return network.features(frames, counts)[known], frames[known]


def _padded(rolls: Rolls, device: torch.device, dtype: torch.dtype) -> Padded:
    padded = Padded(np.concatenate(list(rolls)), lengths(rolls), 0, device)
    padded.steps = padded.steps.to(dtype)
    return padded
