"""Assign documents to parts by a hash of their text, so that neither their order in the file nor a seed matters."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from seqbench.data import DataError
from seqbench.interface import Ids


def assign(texts: Sequence[str], labels: Sequence[str], shares: Sequence[float]) -> Ids:
    """Return the part of each document, stratified by class.

    The distinct texts of a class are sorted by their sha256 and cut at the shares; each part gets at least one.
    Texts that differ only in case and white space count as one text and go to the same part, even if their labels
    differ: such a text belongs to the class that it has most often.

    Args:
        texts, labels: of the N documents.
        shares: of the distinct texts of a class, one for each of the P parts; they sum to 1.

    Returns:
        (N,) parts, 0..P-1.

    Raises:
        DataError: a class has fewer distinct texts than there are parts.
    """
    keys = [_key(text) for text in texts]
    part: dict[bytes, int] = {}
    for label, own in _members(keys, labels).items():
        if len(own) < len(shares):
            raise DataError(
                f"the class {label!r} has {len(own)} distinct texts, fewer than the {len(shares)} parts of the split; "
                "add texts, merge it with another class, or leave it out (--rare drop)"
            )
        sizes = np.diff(_ends(len(own), shares), prepend=0)
        part.update(zip(sorted(own), np.repeat(np.arange(len(shares)), sizes).tolist(), strict=True))
    return np.array([part[key] for key in keys], dtype=np.int64)


def rare(texts: Sequence[str], labels: Sequence[str], parts: int) -> set[str]:
    """Return the classes that have fewer distinct texts than there are parts, which `assign` refuses."""
    members = _members([_key(text) for text in texts], labels)
    return {label for label, own in members.items() if len(own) < parts}


def folds(texts: Sequence[str], labels: Sequence[str], count: int) -> Ids:
    """Return the fold of each document, (N,) in 0..count-1; folds have equal shares, all else is as in `assign`."""
    return assign(texts, labels, list(repeat(1 / count, count)))


def _key(text: str) -> bytes:
    return hashlib.sha256(" ".join(text.lower().split()).encode("utf-8", "surrogatepass")).digest()


def _members(keys: Sequence[bytes], labels: Sequence[str]) -> dict[str, list[bytes]]:
    """Return the distinct keys of each class; a key belongs to the class that it has most often."""
    votes: dict[bytes, Counter[str]] = {}
    for key, label in zip(keys, labels, strict=True):
        votes.setdefault(key, Counter())[label] += 1
    members: dict[str, list[bytes]] = {label: [] for label in sorted(set(labels))}
    for key, counted in votes.items():
        members[min(counted, key=lambda label: (-counted[label], label))].append(key)
    return members


def _ends(length: int, shares: Sequence[float]) -> NDArray[np.int64]:
    """Return where each part ends; no part is empty."""
    parts = np.arange(1, len(shares) + 1)
    ends = np.rint(length * np.cumsum(shares)).astype(np.int64)
    at_least_one: NDArray[np.int64] = np.maximum.accumulate(np.maximum(ends - parts, 0)) + parts
    return np.minimum(at_least_one, length - parts[::-1] + 1)
