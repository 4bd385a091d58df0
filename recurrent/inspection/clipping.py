"""What clipping does: the norm of the gradient over the updates of plain gradient descent, with and without it.

Pascanu, Mikolov & Bengio 2013, section 3.2: where a recurrent network's error has a cliff, a single step along the
gradient throws the weights far away; a gradient of bounded norm does not.
"""

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import nn

from seqbench.learning.training import Batches, Loss, clip_gradient


@dataclass(frozen=True)
class Descent:
    """One entry per update; both end early if the loss is no longer a number."""

    norms: list[float]
    """Euclidean norm of the whole gradient, before clipping."""
    losses: list[float]


def descend(
    network: nn.Module,
    batches: Callable[[nn.Module], Batches],
    *,
    updates: int,
    learning_rate: float,
    clip: float,
    seed: int,
) -> Descent:
    """Train a copy of a network by gradient descent.

    Args:
        batches: returns the batches that train a network.
        clip: maximum norm of the gradient; infinite: no clipping.
        seed: of the order of batches and of dropout.
    """
    torch.manual_seed(seed)
    trained = copy.deepcopy(network).train()
    parameters = [p for p in trained.parameters() if p.requires_grad]
    made, found = batches(trained), Descent([], [])

    def endless() -> Iterator[Loss]:
        while True:
            yield from made

    for loss in islice(endless(), updates):
        trained.zero_grad()
        torch.autograd.backward(loss.mean)
        norm = clip_gradient(parameters, clip)
        if not math.isfinite(norm):
            break
        found.norms.append(norm)
        found.losses.append(loss.mean.item())
        with torch.no_grad():
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.add_(parameter.grad, alpha=-learning_rate)
    return found
