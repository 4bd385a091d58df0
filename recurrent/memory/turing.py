"""The cell of a neural Turing machine (Graves, Wayne & Danihelka 2014)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqbench.recurrent.memory.addressing import (
    by_content,
    interpolated,
    one_plus,
    read,
    sharpened,
    shifted,
    written,
)

START = 1e-6
"""Value of all cells of the memory at the start (Collier & Beel 2018, "Implementing neural Turing machines")."""
FOCUS = 5.0
"""Logit of the first row in the first weights of each head, which are learned; those of other rows are about 0. From
equal weights over equal rows, neither a key nor a shift goes anywhere at first (docs/algorithms.md has numbers)."""


class TuringState(NamedTuple):
    h: Tensor
    """(B, C) output of the controller, if it is an LSTM; else (B, 0)."""
    c: Tensor
    """Its cell, likewise."""
    memory: Tensor
    """(B, N, M)"""
    weights: Tensor
    """(B, H, N) of the heads: those that read, then those that write."""
    read: Tensor
    """(B, R, M)"""


class TuringMachine(nn.Module):
    """A controller with a memory, heads that write, and heads that read what is there after it.

    At each step the controller sees the input and what was read before. It gives each head a key, its strength, a gate,
    shifts and a power; and heads that write what they erase and add.
    """

    state = TuringState

    def __init__(
        self,
        input_size: int,
        controller_size: int,
        rows: int,
        width: int,
        heads: int = 1,
        reach: int = 1,
        lstm: bool = False,
    ) -> None:
        """rows, width: N and M of the memory. heads: number of heads that read, and of heads that write. reach: the
        largest shift. lstm: whether the controller is an LSTM, not a feed-forward layer."""
        super().__init__()
        self.rows, self.width, self.heads, self.reach = rows, width, heads, reach
        size = input_size + heads * width
        self.controller = nn.LSTMCell(size, controller_size) if lstm else nn.Linear(size, controller_size)
        self.address = nn.Linear(controller_size, 2 * heads * (width + 3 + 2 * reach + 1))
        self.change = nn.Linear(controller_size, heads * 2 * width)
        self.first_read = nn.Parameter(torch.zeros(heads, width))
        self.first_weights = nn.Parameter(torch.zeros(2 * heads, rows))
        self.output_size = controller_size + heads * width
        nn.init.uniform_(self.first_read, -0.01, 0.01)
        nn.init.normal_(self.first_weights, 0, 0.01)
        self.first_weights.data[:, 0] = FOCUS

    def initial(self, batch: int) -> TuringState:
        """Return the state before the first step."""
        like = self.first_read
        size = self.controller.hidden_size if isinstance(self.controller, nn.LSTMCell) else 0
        zeros = like.new_zeros(batch, size)
        return TuringState(
            zeros,
            zeros,
            like.new_full((batch, self.rows, self.width), START),
            self.first_weights.softmax(1).expand(batch, -1, -1),
            self.first_read.expand(batch, -1, -1),
        )

    def step(self, x: Tensor, state: TuringState) -> tuple[Tensor, TuringState]:
        """Read x (B, I); return [controller; what was read] (B, output_size) and the state after it."""
        seen = torch.cat([x, state.read.flatten(1)], dim=1)
        if isinstance(self.controller, nn.LSTMCell):
            h, c = self.controller(seen, (state.h, state.c))
            carried = (h, c)
        else:
            h, carried = torch.tanh(self.controller(seen)), (state.h, state.c)
        weights = self._weights(self.address(h), state)
        erase, add = self.change(h).view(len(x), self.heads, 2, self.width).unbind(2)
        memory = written(state.memory, weights[:, self.heads :], torch.sigmoid(erase), torch.tanh(add))
        found = read(memory, weights[:, : self.heads])
        return torch.cat([h, found.flatten(1)], dim=1), TuringState(*carried, memory, weights, found)

    def head_weights(self, state: TuringState) -> dict[str, Tensor]:
        """Return the weights (B, N) of each head at a step."""
        names = [f"{does} head {i + 1}" for does in ("read", "write") for i in range(self.heads)]
        return dict(zip(names, state.weights.unbind(1), strict=True))

    def _weights(self, said: Tensor, state: TuringState) -> Tensor:
        """Return the weights (B, 2H, N) of all heads (section 3.3)."""
        said = said.view(len(said), 2 * self.heads, -1)
        sizes = [self.width, 1, 1, 1, 2 * self.reach + 1]
        key, strength, gate, power, shifts = torch.split(said, sizes, dim=2)
        content = by_content(state.memory, torch.tanh(key), F.softplus(strength[..., 0]))
        mixed = interpolated(content, state.weights, torch.sigmoid(gate[..., 0]))
        return sharpened(shifted(mixed, shifts.softmax(2)), one_plus(power[..., 0]))
