"""The cell of a differentiable neural computer (Graves et al. 2016)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from seqbench.recurrent.memory.addressing import (
    allocated,
    by_content,
    followed,
    interpolated,
    linked,
    moded,
    one_plus,
    read,
    used,
    written,
)


class ComputerState(NamedTuple):
    h: Tensor
    """(B, C) output of the LSTM."""
    c: Tensor
    """(B, C) its cell."""
    memory: Tensor
    """(B, N, M)"""
    usage: Tensor
    """(B, N)"""
    links: Tensor
    """(B, N, N)"""
    precedence: Tensor
    """(B, N)"""
    write: Tensor
    """(B, N) weights of the last write."""
    reads: Tensor
    """(B, R, N) weights of the last reads."""
    read: Tensor
    """(B, R, M)"""


class NeuralComputer(nn.Module):
    """An LSTM with a memory: one head writes where nothing is needed or by content, R heads read by content or in the
    order of writing.
    """

    state = ComputerState

    def __init__(self, input_size: int, controller_size: int, rows: int, width: int, heads: int = 1) -> None:
        """rows, width: N and M of the memory. heads: R, the number of heads that read."""
        super().__init__()
        self.rows, self.width, self.heads = rows, width, heads
        self.controller = nn.LSTMCell(input_size + heads * width, controller_size)
        self.sizes = [heads * width, heads, width, 1, width, width, heads, 1, 1, 3 * heads]
        self.interface = nn.Linear(controller_size, sum(self.sizes))
        self.output_size = controller_size + heads * width

    def initial(self, batch: int) -> ComputerState:
        """Return the state before the first step: all zero."""
        zeros = self.interface.weight.new_zeros
        size, n, m, r = self.controller.hidden_size, self.rows, self.width, self.heads
        return ComputerState(
            zeros(batch, size),
            zeros(batch, size),
            zeros(batch, n, m),
            zeros(batch, n),
            zeros(batch, n, n),
            zeros(batch, n),
            zeros(batch, n),
            zeros(batch, r, n),
            zeros(batch, r, m),
        )

    def step(self, x: Tensor, state: ComputerState) -> tuple[Tensor, ComputerState]:
        """Read x (B, I); return [controller; what was read] (B, output_size) and the state after it."""
        batch, r = len(x), self.heads
        h, c = self.controller(torch.cat([x, state.read.flatten(1)], dim=1), (state.h, state.c))
        said = self.interface(h).split(self.sizes, dim=1)
        keys, strengths, key, strength, erase, add, free, allocate, write_gate, modes = said
        usage = used(state.usage, state.write, state.reads, torch.sigmoid(free))
        content = by_content(state.memory, key[:, None], one_plus(strength))[:, 0]
        where = interpolated(allocated(usage), content, torch.sigmoid(allocate[:, 0]))
        write = torch.sigmoid(write_gate) * where
        memory = written(state.memory, write[:, None], torch.sigmoid(erase)[:, None], add[:, None])
        links, precedence = linked(state.links, state.precedence, write)
        forward, backward = followed(links, state.reads)
        like = by_content(memory, keys.view(batch, r, self.width), one_plus(strengths))
        reads = moded(backward, like, forward, modes.view(batch, r, 3).softmax(2))
        found = read(memory, reads)
        after = ComputerState(h, c, memory, usage, links, precedence, write, reads, found)
        return torch.cat([h, found.flatten(1)], dim=1), after

    def head_weights(self, state: ComputerState) -> dict[str, Tensor]:
        """Return the weights (B, N) of each head at a step."""
        reads = {f"read head {i + 1}": weights for i, weights in enumerate(state.reads.unbind(1))}
        return {**reads, "write head": state.write}
