"""Convert nested models and lists of names to arrays, for `SequenceModel.arrays`."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Arrays


def nested(parts: Mapping[str, Arrays | None]) -> Arrays | None:
    """Merge the arrays of all parts, with those of part p under `p.name`; return None if a part has none.

    Names of parts must not contain a dot.
    """
    found: dict[str, Any] = {}
    for part, written in parts.items():
        if written is None:
            return None
        found |= {f"{part}.{name}": array for name, array in written.items()}
    return found


def within(arrays: Arrays, part: str) -> Arrays:
    """Extract the arrays of one part from the result of `nested`, under their own names."""
    return {name.removeprefix(f"{part}."): array for name, array in arrays.items() if name.startswith(f"{part}.")}


def packed(names: Iterable[str]) -> NDArray[np.uint8]:
    """Encode names as UTF-8 bytes separated by NULs; no name may contain a NUL."""
    return np.frombuffer("\0".join(names).encode(), dtype=np.uint8)


def unpacked(names: NDArray[np.uint8]) -> tuple[str, ...]:
    """Decode the result of `packed` for one or more names."""
    return tuple(names.tobytes().decode().split("\0"))
