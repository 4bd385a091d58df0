"""The scores of taggers against sentences counted by hand and against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from seqbench.evidence.records import Comparability, Record
from seqbench.interface import Floats, Ids
from seqbench.tasks import task
from seqbench.tasks.classes import ACCURACY, MACRO_F1
from seqbench.tasks.tags.metrics import SENTENCES_RIGHT, UNKNOWN_ACCURACY, item_columns
from seqbench.tasks.tags.model import Tagged

KIND = task("tag")
BASIS = Comparability(task="tag", dataset="d", data_sha256="", vocab_sha256="", convention="", unit="word", items=6)


def said(*sentences: list[int]) -> np.ndarray:  # type: ignore[type-arg]
    """Predictions of these tags out of three, with the probability 0.8."""
    rows = np.empty(len(sentences), dtype=object)
    for i, tags in enumerate(sentences):
        rows[i] = np.log(np.full((len(tags), 3), 0.1) + 0.7 * np.eye(3)[tags])
    return rows


def tags(*sentences: list[int]) -> list[Ids]:
    return [np.array(own) for own in sentences]


PART = Tagged([["a", "b"], ["c"], ["b", "A", "a"]], tags([0, 1], [2], [1, 1, 0]))
"""Of its words, `c` and `A` are unknown if training holds `a` and `b`."""


def test_the_columns_say_for_each_word_what_the_harness_knows_of_it() -> None:
    columns = item_columns(said([0, 1], [0], [1, 1, 2]), PART, [["a"], ["b", "b"]])
    assert columns["label"].tolist() == [0, 1, 2, 1, 1, 0]
    assert columns["predicted"].tolist() == [0, 1, 0, 1, 1, 2]
    assert columns["confidence"] == pytest.approx(0.8)
    assert columns["nats"] == pytest.approx(-np.log([0.8, 0.8, 0.1, 0.8, 0.8, 0.1]))
    assert columns["unknown"].tolist() == [0, 0, 1, 0, 1, 0]
    assert columns["sentence"].tolist() == [0, 0, 1, 2, 2, 2]
    assert np.array_equal(columns["whole"], [1, np.nan, 0, 0, np.nan, np.nan], equal_nan=True)


def test_scores_are_those_counted_by_hand() -> None:
    columns = item_columns(said([0, 1], [0], [1, 1, 2]), PART, [["a"], ["b", "b"]])
    scores = {metric.name: float(metric(KIND.units(columns, BASIS).columns)[0]) for metric in KIND.metrics}
    assert scores["accuracy"] == pytest.approx(4 / 6)
    assert scores["unknown_accuracy"] == pytest.approx(1 / 2)
    assert scores["sentences_right"] == pytest.approx(1 / 3)
    assert scores["log_loss"] == pytest.approx(-(4 * np.log(0.8) + 2 * np.log(0.1)) / 6)


def test_without_unknown_words_their_accuracy_is_undefined_and_the_table_says_so() -> None:
    columns = item_columns(said([0, 1], [0], [1, 1, 2]), PART, PART.sentences)
    assert np.isnan(UNKNOWN_ACCURACY(columns)[0])
    assert float(ACCURACY(columns)[0]) == pytest.approx(4 / 6)
    (remark,) = KIND.remarks(Record.model_construct(detail={"unknown": 0}))
    assert "no accuracy on unknown words" in remark
    assert not KIND.remarks(Record.model_construct(detail={"unknown": 1}))


def test_words_depend_on_each_other_within_sentences() -> None:
    units = KIND.units(item_columns(said([0, 1], [0], [1, 1, 2]), PART, []), BASIS)
    (way,) = units.ways
    assert way.name == "sentences"
    assert way.groups is not None
    assert way.groups.tolist() == [0, 0, 1, 2, 2, 2]
    assert way.count(6) == 3
    assert "sentence" not in units.columns


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=5),
        min_size=1,
        max_size=8,
    )
)
def test_scores_agree_with_scikit_learn_and_with_plain_counting(words: list[list[tuple[str, int, int]]]) -> None:
    part = Tagged([[w for w, _, _ in own] for own in words], tags(*([t for _, t, _ in own] for own in words)))
    columns = item_columns(said(*([p for _, _, p in own] for own in words)), part, [["a", "b", "c"]])
    true, predicted = ([word[i] for own in words for word in own] for i in (1, 2))
    assert float(ACCURACY(columns)[0]) == pytest.approx(accuracy_score(true, predicted))
    assert float(MACRO_F1(columns)[0]) == pytest.approx(
        f1_score(true, predicted, labels=sorted(set(true)), average="macro", zero_division=0)
    )
    strange = [t == p for own in words for w, t, p in own if w in "def"]
    assert float(UNKNOWN_ACCURACY(columns)[0]) == pytest.approx(np.mean(strange) if strange else np.nan, nan_ok=True)
    assert float(SENTENCES_RIGHT(columns)[0]) == pytest.approx(
        np.mean([all(t == p for _, t, p in own) for own in words])
    )


def test_a_weight_counts_an_item_as_often_as_it_says() -> None:
    columns = item_columns(said([0, 1], [0], [1, 1, 2]), PART, [["a"], ["b", "b"]])
    weights: Floats = np.array([[2.0, 2, 0, 1, 1, 1]])
    assert UNKNOWN_ACCURACY(columns, weights)[0] == pytest.approx(1.0)
    assert SENTENCES_RIGHT(columns, weights)[0] == pytest.approx(2 / 3)
