"""A file on the network: where it lies, what it must be, and where a part of it is kept."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RemoteFile:
    path: str
    """Below `SEQBENCH_DATA` and the cache, `wikitext2/train.txt`."""
    url: str
    sha256: str
    bytes: int


def part_of(path: Path) -> Path:
    """Where a download lies until it is whole."""
    return path.with_name(path.name + ".part")
