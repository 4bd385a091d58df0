"""Which part a document falls into: by hash of its text, so that neither its place in the file nor a seed can say."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from seqbench.data import DataError
from seqbench.interface import Ids


def assign(texts: Sequence[str], labels: Sequence[str], shares: Sequence[float]) -> Ids:
    """Part of each document, stratified.

    Within a class its distinct texts stand in the order of their sha256 and are cut where the shares fall, one
    to each part at least. Texts that differ in case and white space alone count as one and fall into one part,
    be their labels different: such a text belongs to the class that it has most often.

    Args:
        texts, labels: of the N documents.
        shares: of the distinct texts of a class, one for each of the P parts, summing to 1.

    Returns:
        (N,) parts, 0..P-1.

    Raises:
        DataError: a class has fewer distinct texts than there are parts.
    """
    keys = [_key(text) for text in texts]
    votes: dict[bytes, Counter[str]] = {}
    for key, label in zip(keys, labels, strict=True):
        votes.setdefault(key, Counter())[label] += 1
    members: dict[str, list[bytes]] = {label: [] for label in sorted(set(labels))}
    for key, counted in votes.items():
        members[min(counted, key=lambda label: (-counted[label], label))].append(key)
    part: dict[bytes, int] = {}
    for label, own in members.items():
        if len(own) < len(shares):
            raise DataError(
                f"the class {label!r} has {len(own)} distinct texts, fewer than the {len(shares)} parts that it is to "
                "be cut into; add texts, join it to another class, or leave its rows out"
            )
        sizes = np.diff(_ends(len(own), shares), prepend=0)
        part.update(zip(sorted(own), np.repeat(np.arange(len(shares)), sizes).tolist(), strict=True))
    return np.array([part[key] for key in keys], dtype=np.int64)


def folds(texts: Sequence[str], labels: Sequence[str], count: int) -> Ids:
    """Fold of each document, (N,) in 0..count-1, of equal shares; otherwise as `assign`."""
    return assign(texts, labels, list(repeat(1 / count, count)))


def _key(text: str) -> bytes:
    return hashlib.sha256(" ".join(text.lower().split()).encode("utf-8", "surrogatepass")).digest()


def _ends(length: int, shares: Sequence[float]) -> NDArray[np.int64]:
    """Where each part ends, none of them empty."""
    parts = np.arange(1, len(shares) + 1)
    ends = np.rint(length * np.cumsum(shares)).astype(np.int64)
    at_least_one: NDArray[np.int64] = np.maximum.accumulate(np.maximum(ends - parts, 0)) + parts
    return np.minimum(at_least_one, length - parts[::-1] + 1)
