"""A file on the network: its address, size and checksum, and the place of a partial download."""

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
    """Return the path of a download until it is complete."""
    return path.with_name(path.name + ".part")
