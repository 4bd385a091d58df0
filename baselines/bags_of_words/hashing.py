"""n-grams of words as numbers below a bound, the same on every machine; several may have the same number.

Weinberger, Dasgupta, Langford, Smola & Attenberg 2009, "Feature hashing for large scale multitask learning".
"""

import numpy as np
from numpy.typing import NDArray

from seqbench.interface import Ids

Hashes = NDArray[np.uint64]


def bucket(first: Ids, second: Ids, buckets: int) -> Ids:
    """Return the bucket 0..buckets-1 of each pair of ids below 2^32.

    It is the hash of the two ids joined into one number.
    """
    pair = (first.astype(np.uint64) << np.uint64(32)) | second.astype(np.uint64)
    return (mixed(pair) % np.uint64(buckets)).astype(np.int64)


def hashed_ngrams(words: Ids, lengths: Ids, longest: int) -> tuple[Hashes, Ids]:
    """Return a hash of each n-gram of up to `longest` words, and the number of the document that it is in.

    Args:
        words: (M,) of N documents, one document after the other.
        lengths: (N,) number of words of each document.
    """
    document = np.repeat(np.arange(len(lengths)), lengths)
    end = np.repeat(np.cumsum(lengths), lengths)
    place = np.arange(len(words))
    found = mixed(words.astype(np.uint64))
    hashes, documents = [found], [document]
    for n in range(1, longest):
        inside = place + n < end[place]
        place = place[inside]
        found = mixed(found[inside] + words[place + n].astype(np.uint64))
        hashes.append(found)
        documents.append(document[place])
    return np.concatenate(hashes), np.concatenate(documents)


def mixed(z: Hashes) -> Hashes:
    """Return the mixing function of SplitMix64, a bijection of 64-bit numbers.

    Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators".
    """
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
