"""Probabilities of a tag after the two tags before it, smoothed by deleted interpolation.

Brants 2000, "TnT: a statistical part-of-speech tagger", section 2.2.
"""

from collections.abc import Sequence

import numpy as np

from seqbench.interface import Floats, Ids


def trigram_counts(tags: Sequence[Ids], count: int) -> Floats:
    """Return f (K, K, K), K = C + 1: how often tag t3 follows t1, t2; C stands for no word.

    Two C stand before each sentence and one after it.
    """
    C, K = count, count + 1
    laid = np.concatenate([np.zeros(0, np.int64), *(np.concatenate([[C, C], tag, [C]]) for tag in tags)])
    starts = np.cumsum([0, *(len(tag) + 3 for tag in tags)])[:-1]
    last = np.ones(len(laid), dtype=bool)  # whether a trigram of one sentence ends here
    last[starts], last[starts + 1] = False, False
    (third,) = np.nonzero(last)
    cells = (laid[third - 2] * K + laid[third - 1]) * K + laid[third]
    return np.bincount(cells, minlength=K**3).reshape(K, K, K).astype(np.float64)


def weights(f: Floats, order: int) -> Floats:
    """Return λ₁, λ₂ and, with order 2, λ₃: the weights of p(t3), p(t3 | t2) and p(t3 | t1, t2) (Brants 2000, figure 1).

    Each trigram votes, as often as it occurs, for the one that predicts it best if this occurrence is left out. λ₁ has
    one vote from the start, so that no tag is impossible.
    """
    by_one = _share(f.sum(axis=(0, 1)) - 1, f.sum() - 1)
    by_two = _share(f.sum(axis=0) - 1, f.sum(axis=(0, 2))[:, None] - 1)
    by_three = _share(f - 1, f.sum(axis=2, keepdims=True) - 1)
    candidates = [np.broadcast_to(p, f.shape) for p in (by_one, by_two, by_three)][: order + 1]
    votes = np.bincount(np.argmax(candidates, axis=0).ravel(), weights=f.ravel(), minlength=order + 1)
    votes[0] += 1
    return np.asarray(votes / votes.sum())


def interpolated(f: Floats, order: int) -> Floats:
    """Return p(t3 | t1, t2) (K, K, K) = λ₁ p(t3) + λ₂ p(t3 | t2) + λ₃ p(t3 | t1, t2).

    With order 1 there is no last term. p(t3) has one further observation, which is spread over all tags; a distribution
    after tags that never occur is that of the next lower order.
    """
    p = [np.broadcast_to((f.sum(axis=(0, 1)) + 1 / len(f)) / (f.sum() + 1), f.shape)]
    for counts in (f.sum(axis=0, keepdims=True), f)[:order]:
        known = counts.sum(axis=2, keepdims=True)
        p.append(np.where(known > 0, _share(counts, known), p[-1]))
    return np.asarray(np.einsum("k,kabc->abc", weights(f, order), np.stack(p)))


def _share(part: Floats, whole: Floats | float) -> Floats:
    """Return part / whole, and 0 where the whole is 0."""
    whole = np.broadcast_to(whole, part.shape)
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
