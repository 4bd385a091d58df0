"""A file on the network: its address, size and checksum, and the place of a partial download."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RemoteFile:
    path: str
    """Relative to `SEQBENCH_DATA` or the cache, such as `wikitext2/train.txt`."""
    url: str
    sha256: str
    bytes: int


def part_of(path: Path) -> Path:
    """Return the path where a download is kept until it is complete."""
    return path.with_name(path.name + ".part")
