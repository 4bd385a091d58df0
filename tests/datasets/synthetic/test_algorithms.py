"""Algorithms on bits: their rules on cases by hand, and sources as they are meant."""

import numpy as np
import pytest
from pydantic import ValidationError

from seqbench.datasets.synthetic.algorithms import AssociativeRecall, BitCopy, PrioritySort, RepeatCopy

SMALL = {"train_pairs": 40, "valid_pairs": 10, "test_pairs": 20}


def test_rules_by_hand() -> None:
    assert BitCopy(bits=2).rule()(["01", "11"]) == ["01", "11"]
    assert RepeatCopy(bits=2, repeats=3).rule()(["001", "010", "110"]) == ["01", "10", "01", "10"]
    recall = AssociativeRecall(bits=2, item=2).rule()
    items = ["1000", "0001", "1010", "0011", "1001", "0001"]
    assert recall([*items, "0110", "0111"]) == ["01", "01"]
    assert PrioritySort(bits=2, levels=3, longest=4).rule()(["00101", "11110", "01011"]) == ["10", "11", "01"]


@pytest.mark.parametrize(
    "made",
    [
        BitCopy.model_validate({"bits": 4, **SMALL}),
        RepeatCopy.model_validate({"bits": 4, "longest": 3, "repeats": 3, **SMALL}),
        AssociativeRecall.model_validate({"bits": 3, **SMALL}),
        PrioritySort.model_validate({"bits": 3, "levels": 4, **SMALL}),
    ],
)
def test_words_are_bits_of_one_length_and_the_true_model_is_right(made: BitCopy) -> None:
    data = made.load()
    assert data.source_vocab is not None
    for vocab in (data.source_vocab, data.target_vocab):
        assert len({len(word) for word in vocab.symbols if set(word) <= {"0", "1"}}) == 1
    assert {word for source in data.train.sources for word in source} <= set(data.source_vocab.symbols)
    assert {word for target in data.train.targets for word in target} <= set(data.target_vocab.symbols)
    assert data.truth is not None
    assert data.truth.predict(data.test.sources) == data.test.targets


def test_what_is_recalled_is_the_item_after_the_one_asked_for() -> None:
    data = AssociativeRecall.model_validate({"bits": 6, **SMALL}).load()
    for source, target in zip(data.test.sources, data.test.targets, strict=True):
        words = [str(word)[2:] for word in source]
        asked = words[-3:]
        places = [i for i in range(0, len(words) - 3, 3) if words[i : i + 3] == asked]
        assert words[places[0] + 3 : places[0] + 6] == target


def test_the_test_part_may_be_longer() -> None:
    data = BitCopy.model_validate({"longest": 5, "test_longest": 12, **SMALL}).load()
    assert max(map(len, data.train.sources)) <= 5
    assert set(map(len, data.test.sources)) <= set(range(6, 13))
    assert len(set(map(len, data.test.sources))) > 3
    items = AssociativeRecall.model_validate({"test_longest": 9, **SMALL}).load()
    assert {len(source) // 3 - 1 for source in items.train.sources} == {2, 3, 4, 5, 6}
    assert {len(source) // 3 - 1 for source in items.test.sources} == {7, 8, 9}
    lengths = np.bincount([len(source) for source in data.train.sources], minlength=6)
    assert (lengths[1:] > 0).all()


def test_options_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValidationError, match="repeats=16 is no number of 4 bits"):
        RepeatCopy(bits=4, repeats=16)
    with pytest.raises(ValidationError, match="2 bits make 4 priorities, fewer than words"):
        PrioritySort(levels=2, longest=5)
