"""What single units of a recurrent network do, symbol by symbol.

Karpathy, Johnson & Fei-Fei 2015, "Visualizing and understanding recurrent networks", section 4.1: some units of a
model of characters do something that a reader recognises, such as being high inside quotes.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from seqbench.interface import Floats, Ids
from seqbench.recurrent.cells.cell import MemoryState
from seqbench.recurrent.language.network import RecurrentNetwork
from seqbench.recurrent.layers.recurrent import Recurrent
from seqbench.recurrent.layers.stack import Residual, Stack


@dataclass(frozen=True)
class Activity:
    values: Floats
    """(T, H) what each unit holds after each symbol."""
    quantity: str
    """`tanh(c)` of cells with a memory, otherwise `h`."""
    symbols: Sequence[str]
    """(T,) the text."""

    def liveliest(self, count: int) -> list[int]:
        """Return the numbers of the units whose values vary most, the most varied first."""
        order: list[int] = np.argsort(-self.values.std(axis=0), kind="stable").tolist()
        return order[:count]

    def chosen(self, units: Sequence[int]) -> list[int]:
        """Return the numbers of these units.

        Raises:
            ValueError: there is no such unit.
        """
        wrong = [unit for unit in units if not 0 <= unit < self.values.shape[1]]
        if wrong:
            raise ValueError(
                f"there is no unit {', '.join(map(str, wrong))}: units are 0 to {self.values.shape[1] - 1}"
            )
        return list(units)

    def extremes(self, unit: int, count: int) -> tuple[list[str], list[str]]:
        """Return the symbols after which a unit is highest, and those after which it is lowest, on average."""
        found: dict[str, list[float]] = {}
        for symbol, value in zip(self.symbols, self.values[:, unit].tolist(), strict=True):
            found.setdefault(symbol, []).append(value)
        ranked = sorted(found, key=lambda symbol: -float(np.mean(found[symbol])))
        return ranked[:count], ranked[::-1][:count]


@torch.inference_mode()
def activity(network: RecurrentNetwork, ids: Ids, symbols: Sequence[str]) -> Activity:
    """Return the activity of the last layer's units while the network reads `ids` (T,) from the start of a document.

    Args:
        symbols: (T,) what the ids stand for.
    """
    exact = copy.deepcopy(network).double().eval()
    device = next(exact.parameters()).device
    x = exact.embedding(torch.tensor([network.edge, *ids.tolist()], device=device))
    place, state, found = _memory_place(exact.body), None, []
    for x_t in x:
        output, state = exact.body(x_t[None, None], state)
        found.append(output[0, 0] if place is None else torch.tanh(state[place][0, 0]))
    return Activity(torch.stack(found)[1:].cpu().numpy(), "h" if place is None else "tanh(c)", list(symbols))


def _memory_place(body: Stack) -> int | None:
    """Return the place of the last layer's memory in the state of a stack; None if it has none."""
    layers = list(body.layers)
    last = layers[-1].layer if isinstance(layers[-1], Residual) else layers[-1]
    if not isinstance(last, Recurrent) or not isinstance(last.cell.initial(1), MemoryState):
        return None
    return body.tensors - last.tensors + MemoryState._fields.index("c")
