"""Assign documents to parts by a hash of their text or group, or by time; no seed and no order in the file matters."""

import hashlib
import warnings
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqbench.data import DataError, shown
from seqbench.interface import Ids
from seqbench.long_arrays import PIECE, forget

Numbers = NDArray[np.integer[Any]]
Digests = NDArray[np.uint64]
"""(N, 2): the first 16 bytes of N digests, as numbers that are ordered as the bytes are."""
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
    return assigned(digests(map(key, texts)), *_numbered(labels), shares)


def assigned(keys: Digests, labels: Numbers, names: Sequence[str], shares: Sequence[float]) -> Ids:
    """Return what `assign` does, given the digests of the texts' keys.

    Args:
        labels: (N,) numbers of the classes.
        names: of the classes, in alphabetical order.
    """
    number, owner = _owners(keys, labels)
    part = np.empty(len(owner), dtype=np.int64)
    for label in np.unique(labels):
        own = np.flatnonzero(owner == label)
        if len(own) < len(shares):
            raise DataError(
                f"the class {names[label]!r} has {len(own)} distinct texts, fewer than the {len(shares)} parts of the "
                "split; add texts, merge it with another class, or leave it out (--rare drop)"
            )
        part[own] = np.repeat(np.arange(len(shares)), np.diff(_ends(len(own), shares), prepend=0))
    return part[number]


def too_rare(keys: Digests, labels: Numbers, parts: int) -> Numbers:
    """Return the numbers of the classes that have fewer distinct texts than there are parts, as `assigned` refuses."""
    met = np.unique(labels)
    _, owner = _owners(keys, labels)
    few: Numbers = met[np.bincount(owner, minlength=int(met.max(initial=-1)) + 1)[met] < parts]
    return few


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


def key(text: str) -> bytes:
    """Return the sha256 by which a text is assigned: texts that differ only in case and white space have the same."""
    return hashlib.sha256(" ".join(text.lower().split()).encode("utf-8", "surrogatepass")).digest()


def digests(found: Iterable[bytes]) -> Digests:
    """Return the first 16 bytes of each of N digests, in which no two that differ are ever equal."""
    return np.frombuffer(b"".join(digest[:16] for digest in found), ">u8").astype(np.uint64).reshape(-1, 2)


def order_of(found: Digests) -> Ids:
    """Return the order (N,) of digests; of equal ones, the earlier is first."""
    order: Ids = np.argsort(found[:, 0], kind="stable")
    ahead = found[order, 0]
    tied = np.append(False, ahead[1:] == ahead[:-1])[: len(order)]
    tied[:-1] |= tied[1:]
    there = np.flatnonzero(tied)
    forget(found)
    order[there] = order[there][np.lexsort((found[order[there], 1], ahead[there]))]
    return order


def numbered(found: Digests) -> tuple[Ids, int]:
    """Return numbers (N,) of digests in their order, equal ones alike, and how many there are."""
    order = order_of(found)
    number, new = np.empty(len(order), dtype=np.int64), np.zeros(len(order), dtype=np.bool_)
    for start in range(0, len(order), PIECE):
        ahead = found[order[start : start + PIECE + 1]]
        new[start + 1 : start + len(ahead)] = (ahead[1:] != ahead[:-1]).any(axis=1)
        forget(found)
    number[order] = np.cumsum(new)
    return number, int(number.max(initial=-1)) + 1


def _numbered(labels: Sequence[str]) -> tuple[Ids, list[str]]:
    """Return the number of each label in alphabetical order, and the names of all."""
    names = sorted(set(labels))
    number = {name: i for i, name in enumerate(names)}
    return np.array([number[label] for label in labels], dtype=np.int64), names


def _owners(keys: Digests, labels: Numbers) -> tuple[Ids, Ids]:
    """Return the number of each key in the order of keys, (N,), and the class to which each distinct key belongs, (K,).

    That is the class that it has most often; of several, the first.
    """
    number, count = numbered(keys)
    classes = int(labels.max(initial=0)) + 1
    pairs, votes = np.unique(number * classes + labels, return_counts=True)
    of, label = np.divmod(pairs, classes)
    ranked = np.lexsort((label, -votes, of))
    owner = np.empty(count, dtype=np.int64)
    owner[of[ranked][::-1]] = label[ranked][::-1]  # the last that is written is the first in rank
    return number, owner


def _ends(length: int, shares: Sequence[float]) -> NDArray[np.int64]:
    """Return where each part ends; no part is empty."""
    parts = np.arange(1, len(shares) + 1)
    ends = np.rint(length * np.cumsum(shares)).astype(np.int64)
    at_least_one: NDArray[np.int64] = np.maximum.accumulate(np.maximum(ends - parts, 0)) + parts
    return np.minimum(at_least_one, length - parts[::-1] + 1)
