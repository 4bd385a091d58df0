"""The life table of lengths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.baselines.translation.lengths import LifeTable

PAIRS = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 9)), min_size=1, max_size=12)


@given(PAIRS, st.integers(1, 20))
def test_lengths_are_a_distribution(pairs: list[tuple[int, int]], source: int) -> None:
    table = LifeTable()
    table.fit(*np.array(pairs).T)
    end = table(source, 400)
    assert (end > 0).all()
    assert (end < 1).all()
    p = end * np.append(1, np.cumprod(1 - end)[:-1])
    assert p.sum() == pytest.approx(1.0)


def test_the_table_counts_who_ends_among_those_who_come_so_far() -> None:
    table = LifeTable()
    table.fit(np.array([2, 2, 2, 2]), np.array([1, 2, 2, 3]))  # the ratio is 1, so that d = j − 2
    assert table(2, 3) == pytest.approx([0.5 / 5, 1.5 / 5, 2.5 / 4, 1.5 / 2])
    assert table(3, 5) == pytest.approx([0.5, 0.5 / 5, 1.5 / 5, 2.5 / 4, 1.5 / 2, 0.5])


def test_a_fixed_ratio_of_lengths_is_learned() -> None:
    sources = np.arange(1, 200) % 9 + 1
    table = LifeTable()
    table.fit(sources, 2 * sources)
    assert table(7, 14)[-1] > 0.99
    assert table(7, 13).max() < 0.01
