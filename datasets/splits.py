"""Assign documents to parts by a hash of their text or group, or by time; no seed and no order in the file matters."""

import hashlib
import warnings
from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.data import DataError
from seqbench.datasets.tables import shown
from seqbench.interface import Ids

SPLITS = {"train": "train", "valid": "valid", "validation": "valid", "val": "valid", "dev": "valid", "test": "test"}
"""What a column of parts may say, and the part that it means."""


def part_named(said: str, column: str, where: str) -> str:
    """Return the part that a cell of a column names; where: the place of the cell, for the message.

    Raises:
        DataError: it names none.
    """
    found = SPLITS.get(said.strip().lower())
    if found is None:
        raise DataError(f"{where}: the column {shown(column)} says {shown(said)}; it may say: {', '.join(SPLITS)}")
    return found


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


def group_folds(groups: Sequence[str], labels: Sequence[str], count: int) -> Ids:
    """Return the fold of each document, (N,) in 0..count-1; all documents of a group are in one fold.

    The folds have the same shares of classes as far as the groups allow (scikit-learn's `StratifiedGroupKFold`). Groups
    that are equal in this respect are ordered by their sha256. The folds whose sizes are nearest to their share come
    first, so that a group that is larger than a fold is in a late one.

    Raises:
        DataError: there are fewer groups than folds, or fewer documents of each class.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # slow to import, and few splits need it

    distinct = sorted(set(groups), key=lambda group: hashlib.sha256(group.encode("utf-8", "surrogatepass")).digest())
    if len(distinct) < count:
        raise DataError(f"there are {len(distinct)} groups, fewer than {count}; give more groups, or split by text")
    number = {group: i for i, group in enumerate(distinct)}
    fold, rows = np.zeros(len(groups), dtype=np.int64), np.zeros(len(groups))
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # of a class with fewer documents
            parts = StratifiedGroupKFold(count).split(rows, labels, [number[group] for group in groups])
            for i, (_, members) in enumerate(parts):
                fold[members] = i
    except ValueError as error:
        raise DataError(f"the groups cannot be divided into {count} parts: {error}; give more documents") from None
    sizes = np.bincount(fold, minlength=count)
    nearest = np.argsort(np.abs(sizes - len(groups) / count), kind="stable")
    return np.argsort(nearest)[fold]


def in_order(stamps: Sequence[Any], shares: Sequence[float]) -> Ids:
    """Return the part of each document, (N,) in 0..P-1: the latest documents are the last part.

    Documents with equal stamps are in one part, so a part ends at the nearest change of the stamp.

    Args:
        stamps: of the documents, all numbers or all times.
        shares: of the documents, one for each of the P parts; they sum to 1.

    Raises:
        DataError: there are too few different stamps for the parts.
    """
    order = sorted(range(len(stamps)), key=lambda i: stamps[i])
    changes = [k for k in range(1, len(order)) if stamps[order[k - 1]] != stamps[order[k]]]
    starts: list[int] = []
    for share in np.cumsum(shares)[-2::-1]:
        before = [k for k in changes if not starts or k < starts[0]]
        if not before:
            raise DataError(
                f"{len(stamps):,} documents have {len(changes) + 1} different times, too few for {len(shares)} parts, "
                "since documents of one time stay together; name a finer time"
            )
        starts.insert(0, min(before, key=lambda k: abs(k - share * len(order))))
    part = np.empty(len(order), dtype=np.int64)
    part[order] = np.searchsorted(starts, np.arange(len(order)), side="right")
    return part


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
