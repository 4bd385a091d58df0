"""The most frequent tag of each word."""

import numpy as np
from tag_corpus import context

from seqbench.baselines.taggers.most_frequent import MostFrequentTag
from seqbench.tasks.tags.model import Tagged


def test_probabilities_by_hand() -> None:
    """Words seen once: `c` with tag 1, `d` with tag 2; so q = (1/4, 5/4, 5/4, 1/4) / 3."""
    train = Tagged([["a", "a", "a"], ["c", "d"]], [np.array([0, 1, 0]), np.array([1, 2])])
    model = MostFrequentTag()
    model.fit(train, context(train))
    q = np.array([1, 5, 5, 1]) / 12
    (known, new), (once,) = (np.exp(p) for p in model.predict([["a", "new"], ["c"]]))
    np.testing.assert_allclose(known, (np.array([2, 1, 0, 0]) + q) / 4, atol=1e-12)
    np.testing.assert_allclose(new, q, atol=1e-12)
    np.testing.assert_allclose(once, (np.array([0, 1, 0, 0]) + q) / 2, atol=1e-12)
