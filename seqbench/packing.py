"""What is no array by itself, as `SequenceModel.arrays` writes it: the arrays of models within a model, and names."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Arrays


def nested(parts: Mapping[str, Arrays | None]) -> Arrays | None:
    """The arrays of all parts, those of part p under `p.name`; None where a part writes none.

    No part's name holds a dot.
    """
    found: dict[str, Any] = {}
    for part, written in parts.items():
        if written is None:
            return None
        found |= {f"{part}.{name}": array for name, array in written.items()}
    return found


def within(arrays: Arrays, part: str) -> Arrays:
    """What `nested` wrote of one part, under the names that it gave."""
    return {name.removeprefix(f"{part}."): array for name, array in arrays.items() if name.startswith(f"{part}.")}


def packed(names: Iterable[str]) -> NDArray[np.uint8]:
    """Names, none of which holds a NUL, as the bytes of UTF-8 with NULs between."""
    return np.frombuffer("\0".join(names).encode(), dtype=np.uint8)


def unpacked(names: NDArray[np.uint8]) -> tuple[str, ...]:
    """The names, of which there is one or more, that `packed` wrote."""
    return tuple(names.tobytes().decode().split("\0"))
