"""The digits: their three orders hold the same pixels, and their split is fixed, stratified and without overlap."""

from typing import Literal

import numpy as np
import pytest
from sklearn.datasets import load_digits

from seqbench.datasets.sequences.digits import Digits, DigitsPixels


def test_the_parts_are_all_pictures_once_with_every_digit_in_its_share() -> None:
    data = Digits().load()
    parts = (data.train, data.valid, data.test)
    assert [len(part) for part in parts] == [1077, 360, 360]
    rows = [tuple(sequence[:, 0]) for part in parts for sequence in part.sequences]
    assert sorted(rows) == sorted(tuple(picture / 16) for picture in load_digits().data)
    for part in parts:
        assert np.bincount(part.labels) / len(part) == pytest.approx(np.full(10, 0.1), abs=0.01)


@pytest.mark.parametrize(("order", "shape"), [("pixels", (64, 1)), ("permuted", (64, 1)), ("rows", (8, 8))])
def test_each_order_holds_the_same_pictures(
    order: Literal["pixels", "permuted", "rows"], shape: tuple[int, int]
) -> None:
    read, other = Digits().load(), Digits(order=order).load()
    assert np.array_equal(read.test.labels, other.test.labels)
    for a, b in zip(read.test.sequences, other.test.sequences, strict=True):
        assert b.shape == shape
        assert sorted(a.ravel()) == sorted(b.ravel())
    if order == "rows":
        assert np.array_equal(read.test.sequences[0].ravel(), other.test.sequences[0].ravel())


def test_all_pictures_are_permuted_alike() -> None:
    read, permuted = Digits().load(), Digits(order="permuted").load()
    a, b = (np.array(data.train.sequences)[..., 0] for data in (read, permuted))
    assert sorted(map(tuple, a.T)) == sorted(map(tuple, b.T))
    assert not np.array_equal(a, b)


def test_the_language_of_pixels_has_the_same_pictures_and_split() -> None:
    pixels, text = Digits().load(), DigitsPixels().load()
    for sequence, ids in zip(pixels.test.sequences, text.test.documents, strict=True):
        assert np.array_equal(sequence[:, 0] * 16, ids)
    assert text.vocab.size == 17
