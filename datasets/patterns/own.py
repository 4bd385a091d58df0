"""Users' own patterns: tables of numbers, arrays of NumPy, and pictures."""

import hashlib
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.files import read_bytes
from seqbench.datasets.patterns.damage import DamagedPatterns
from seqbench.datasets.patterns.formats import files_of, read_values, signs_of
from seqbench.tasks.patterns.model import Signs


class PatternFile(DamagedPatterns):
    """A table (CSV without a header, a pattern per line), an array (NPY, a pattern per row; or pictures, three axes), a
    picture (PNG), or a folder of pictures of one size.

    Units are 0 and 1, or −1 and 1; a pixel is 1 if it is darker than the middle grey.
    """

    name: ClassVar[str] = "file"

    path: Path = Field(description="the patterns")

    @classmethod
    def claims(cls, path: Path, options: frozenset[str]) -> int:
        inside = path.iterdir() if path.is_dir() else [path]
        told = bool(options & {"damage", "share", "probes"})
        return 2 * int(told or any(file.suffix.lower() in (".npy", ".png") for file in inside))

    def identity(self) -> dict[str, object]:
        return self.model_dump(mode="json", exclude={"path"})

    def fingerprint(self) -> str:
        found = hashlib.sha256()
        for file in files_of(self.path.expanduser()):
            found.update(hashlib.sha256(read_bytes(file)).digest())
        return found.hexdigest()

    def patterns(self, rng: np.random.Generator) -> tuple[Signs, tuple[int, int] | None]:
        path = self.path.expanduser()
        values, _, shape = read_values(path)
        whole = signs_of(path, values, erased=False)
        if whole.shape[1] < 2:
            raise DataError(f"{path}: a pattern has one number; it needs at least two")
        _, rows = np.unique(whole, axis=0, return_index=True)
        if len(rows) < len(whole):
            again = next(i for i in range(len(whole)) if i not in set(rows.tolist()))
            raise DataError(f"{path}: pattern {again + 1:,} stands there twice; leave out one of them")
        return whole, shape
