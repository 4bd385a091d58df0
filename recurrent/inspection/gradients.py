r"""How much a state depends on earlier ones: norms of ∂h_t/∂s_{t−j} against j, for any recurrent body, by autograd.

s is the whole state that is carried: h, and for an LSTM also the memory c, through which its gradient flows.

One backward pass gives the matrices of all lags. H copies of the sequence run side by side as columns of a batch, and
the sum over i of unit i in column i is differentiated: since columns do not influence each other, its gradient by the
state of column i is row i of the matrix.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seqbench.interface import Floats, Ids
from seqbench.learning.column_language import BodyState
from seqbench.recurrent.cells.elman import ElmanCell, Nonlinearity
from seqbench.recurrent.language.network import RecurrentNetwork
from seqbench.recurrent.layers.recurrent import Recurrent

Body = Callable[[Tensor, BodyState], tuple[Tensor, BodyState]]
"""(T, B, D) and the state before → outputs (T, B, H) and the state after."""


@dataclass(frozen=True)
class Reach:
    """How far gradients reach: the geometric mean over sequences, for lags j = 1..J."""

    spectral: Floats
    """(J,) ‖∂h_t/∂s_{t−j}‖₂, the most that a change of the state can be amplified."""
    frobenius: Floats
    """(J,) the square root of the sum of squares."""

    @property
    def per_step(self) -> float:
        """By which factor the spectral norm changes per step, on average between the first and the last lag."""
        first, last = float(self.spectral[0]), float(self.spectral[-1])
        return (last / first) ** (1 / max(1, len(self.spectral) - 1)) if first else 0.0


SLOPES: dict[Nonlinearity, float] = {"tanh": 1.0, "relu": 1.0, "sigmoid": 0.25}
"""The largest derivative of each nonlinearity of an Elman network."""


def reach(network: RecurrentNetwork, sequences: Sequence[Ids]) -> Reach:
    """Measure a network on sequences of J + 1 symbols, in float64 and without dropout."""
    exact = copy.deepcopy(network).double().eval()
    logs: dict[int | str, list[Floats]] = {2: [], "fro": []}
    for symbols in sequences:
        with torch.no_grad():
            x = exact.embedding(torch.tensor(symbols))
        found = jacobians(exact.body, x)
        for order, norms in logs.items():
            sizes = [torch.linalg.matrix_norm(one, ord=order).item() for one in found]
            with np.errstate(divide="ignore"):
                norms.append(np.log(sizes))
    spectral, frobenius = (np.exp(np.mean(norms, axis=0)) for norms in logs.values())
    return Reach(spectral, frobenius)


def bound(network: RecurrentNetwork, lags: int) -> Floats | None:
    """Return (‖U‖ · max g')^j (J,), which the spectral norm cannot exceed, for one layer of Elman's; None for others.

    Pascanu, Mikolov & Bengio 2013, equation 6: gradients vanish if ‖U‖ < 1 / max g'. They can explode only above it.
    """
    layers = list(network.body.layers)
    layer = layers[0]
    if len(layers) > 1 or not isinstance(layer, Recurrent) or not isinstance(layer.cell, ElmanCell):
        return None
    if layer.norm is not None or layer.zoneout is not None:
        return None
    weight = layer.weights().hh.detach().double()
    norm = torch.linalg.matrix_norm(weight, 2).item()
    powers: Floats = (SLOPES[layer.cell.nonlinearity] * norm) ** np.arange(1.0, lags + 1)
    return powers


def jacobians(body: Body, x: Tensor) -> list[Tensor]:
    """Return ∂h_T/∂s_{T−j} (H, S) for j = 1..T−1, from the first state that is zero; S numbers all units of the state.

    Args:
        x: (T, D) one sequence of inputs.
    """
    width = body(x[:1, None], None)[0].shape[-1]
    state: BodyState = None
    states: list[tuple[Tensor, ...]] = []
    for x_t in x[:, None, None].expand(-1, -1, width, -1):
        output, state = body(x_t, state)
        states.append(tuple(s for s in state or () if s.is_floating_point()))  # others count steps
    carried = [s for state in states[:-1] for s in state]
    gradients = iter(torch.autograd.grad(output[0].diagonal().sum(), carried, materialize_grads=True))
    rows = [torch.cat([next(gradients).transpose(0, 1).flatten(1) for _ in state], dim=1) for state in states[:-1]]
    return rows[::-1]
