"""What benchmarks that measure growth share: the peak of memory, a process of its own, and how fast figures grow."""

import math
import multiprocessing
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

Found = TypeVar("Found")


class Cost(Protocol):
    """Processor time in seconds, and peak memory in bytes."""

    @property
    def cpu(self) -> float: ...
    @property
    def peak_bytes(self) -> int: ...


def reset_peak() -> None:
    """Let the peak of resident memory start anew."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """Return the peak of resident memory in bytes since it was last reset."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def alone(subject: Callable[..., Found], *arguments: Any) -> Found:
    """Call a function in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(subject, arguments)


def tell_growth(found: Mapping[str, Sequence[tuple[float, Cost]]], unit: str) -> None:
    """Print the exponents with which the costs of each subject grow between its two largest sizes."""
    for name, measured in found.items():
        if len(measured) > 1:
            (small, a), (large, b) = measured[-2:]
            growth = math.log(large / small)
            print(
                f"{name}: CPU seconds grow as {unit}^{math.log(max(b.cpu, 1e-3) / max(a.cpu, 1e-3)) / growth:.2f}, "
                f"peak memory as {unit}^{math.log(max(1, b.peak_bytes) / max(1, a.peak_bytes)) / growth:.2f}"
            )
