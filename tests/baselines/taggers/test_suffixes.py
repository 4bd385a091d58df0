"""Guesses by the ends of words: a small example by hand, and how far a guess looks."""

import numpy as np
import pytest

from seqbench.baselines.taggers.suffixes import LONGEST, RARE, Suffixes

WORDS = ("ab", "cb", "Db", "often")
COUNTS = np.array([[2.0, 0], [1, 1], [0, 3], [RARE + 1, 0]])


def test_a_small_example_by_hand() -> None:
    p = (np.array([RARE + 4.0, 4]) + 0.5) / (RARE + 9)
    θ = abs(p[0] - p[1]) / np.sqrt(2)  # the standard deviation of two numbers

    def smoothed(own: list[float], above: np.ndarray) -> np.ndarray:
        return np.asarray((np.array(own) + θ * above) / (1 + θ))

    small = smoothed([3 / 4, 1 / 4], p)  # ab and cb, without an ending; `often` is not rare
    b = smoothed([3 / 4, 1 / 4], small)
    cb = smoothed([1 / 2, 1 / 2], b)
    capital = smoothed([0, 1], smoothed([0, 1], p))  # Db, by its last letter
    found = np.exp(Suffixes.of(WORDS, COUNTS)(["xcb", "b", "often", "Xb", "Xxx", ""]))
    expected = [cb, b, small, capital, smoothed([0, 1], p), small]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_letters_before_the_longest_suffix_change_nothing() -> None:
    ending = "x" * LONGEST
    model = Suffixes.of((f"a{ending}", f"b{ending}", "y"), np.eye(3))
    same = model([f"a{ending}", f"b{ending}", f"q{ending}"])
    np.testing.assert_array_equal(same, same[[0, 0, 0]])


def test_a_guess_is_a_distribution_in_which_no_tag_is_impossible() -> None:
    log_p = Suffixes.of(WORDS, np.hstack([COUNTS, np.zeros((4, 1))])).log_p  # the last tag is missing
    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, rtol=0, atol=1e-12)
    assert np.isfinite(log_p).all()


@pytest.mark.parametrize("counts", [COUNTS, COUNTS * 0 + RARE + 1])
def test_arrays_restore_the_model_even_if_no_word_is_rare(counts: np.ndarray) -> None:
    model = Suffixes.of(WORDS, counts)
    words = ["cb", "zz", "A", ""]
    np.testing.assert_array_equal(Suffixes.restored(model.arrays())(words), model(words))
