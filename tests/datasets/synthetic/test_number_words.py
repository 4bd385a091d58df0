"""English number words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.datasets.synthetic.number_words import ONES, SCALES, TENS, number_words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (7, "seven"),
        (10, "ten"),
        (13, "thirteen"),
        (20, "twenty"),
        (42, "forty two"),
        (100, "one hundred"),
        (110, "one hundred ten"),
        (999, "nine hundred ninety nine"),
        (1000, "one thousand"),
        (1_000_001, "one million one"),
        (12_345_678, "twelve million three hundred forty five thousand six hundred seventy eight"),
        (10**18 - 10**15, "nine hundred ninety nine quadrillion"),
    ],
)
def test_known_numbers(number: int, words: str) -> None:
    assert number_words(number) == words.split()


@given(st.integers(0, 10**18 - 1))
def test_words_read_back_give_the_number(number: int) -> None:
    total = group = 0
    for word in number_words(number):
        if word in ONES:
            group += ONES.index(word)
        elif word in TENS:
            group += 10 * (2 + TENS.index(word))
        elif word == "hundred":
            group *= 100
        else:
            total, group = total + group * 1000 ** SCALES.index(word), 0
    assert total + group == number


@pytest.mark.parametrize("number", [-1, 10**18])
def test_numbers_out_of_range_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="must lie between 0"):
        number_words(number)
