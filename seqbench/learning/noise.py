"""Random numbers that depend on what they are drawn for, not on what was drawn before.

Estimates that need random numbers are then the same in any batch, and repeatable (counter-based generators: Salmon et
al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). The mixing function is that of SplitMix64 (Steele, Lea & Flood
2014, "Fast splittable pseudorandom number generators").
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqbench.interface import Ids

GOLDEN = -7046029254386353131
"""2⁶⁴ / φ as a signed number."""
FIRST, SECOND = -4658895280553007687, -7723592293110705685


def _shifted(x: Tensor, by: int) -> Tensor:
    """Return x >> by without the sign."""
    return (x >> by).bitwise_and_((1 << (64 - by)) - 1)


def mixed(x: Tensor) -> Tensor:
    """Return numbers (int64) whose bits depend on all bits of x."""
    x = (x ^ _shifted(x, 30)).mul_(FIRST)
    x.bitwise_xor_(_shifted(x, 27)).mul_(SECOND)
    return x.bitwise_xor_(_shifted(x, 31))


def uniform(keys: Tensor, draw: int, count: int, dtype: torch.dtype) -> Tensor:
    """Return numbers (N, count) in [0, 1) for keys (N,).

    Args:
        draw: the number of the draw; each has its own numbers, whatever the counts.
        count: how many per key.
    """
    half = -(-count // 2)  # each 64 bits give two numbers of 32
    places = torch.arange(half, device=keys.device) + (draw << 32)
    bits = mixed(mixed(keys + GOLDEN)[:, None] + places * GOLDEN)
    found = torch.empty(len(keys), 2 * half, dtype=dtype, device=keys.device)
    found[:, :half] = _shifted(bits, 32)
    found[:, half:] = bits.bitwise_and_((1 << 32) - 1)
    return found[:, :count].mul_(2.0**-32)


def keys_of_pasts(rolls: Sequence[NDArray[np.int8]]) -> list[Ids]:
    """Return a number for each frame of pieces (T, K), each (T,), which depends on the frames before it alone."""
    found = []
    for roll in rolls:
        weights = mixed(torch.arange(1, roll.shape[1] + 1) * GOLDEN)
        codes = mixed((torch.tensor(roll, dtype=torch.int64) * weights).sum(dim=1))
        keys = torch.empty(len(roll), dtype=torch.int64)
        now = torch.zeros((), dtype=torch.int64)
        for t, code in enumerate(codes):
            keys[t] = now
            now = mixed(now + GOLDEN + code)
        found.append(keys.numpy())
    return found
