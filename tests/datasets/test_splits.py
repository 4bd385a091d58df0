"""A part is a property of the text: not of its row, not of a seed, not of its label's place."""

import hashlib
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.data import DataError
from seqbench.datasets import splits
from seqbench.datasets.splits import assign, digests, folds, group_folds, in_order, too_rare

SHARES = (0.8, 0.1, 0.1)
CORPUS = st.lists(
    st.lists(st.text("abcd AB", min_size=1).filter(str.strip), min_size=3, max_size=40, unique_by=lambda t: key(t)),
    min_size=1,
    max_size=4,
)
"""The texts of each class; a text may belong to several."""


def key(text: str) -> str:
    return " ".join(text.lower().split())


def distinct(classes: list[list[str]]) -> tuple[list[str], list[str]]:
    """Texts and labels, each text made its class's own."""
    pairs = [(f"{text} c{number}", f"c{number}") for number, texts in enumerate(classes) for text in texts]
    return [text for text, _ in pairs], [label for _, label in pairs]


@given(CORPUS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_neither_the_order_of_the_rows_nor_the_state_of_random_generators_says_where_a_text_falls(
    classes: list[list[str]], shuffler: random.Random
) -> None:
    texts, labels = distinct(classes)
    before = dict(zip(texts, assign(texts, labels, SHARES).tolist(), strict=True))
    order = list(range(len(texts)))
    shuffler.shuffle(order)
    random.seed(shuffler.random())
    np.random.seed(shuffler.randrange(1 << 32))  # noqa: NPY002 - the global generator is what must not matter
    shuffled = [texts[i] for i in order]
    after = dict(zip(shuffled, assign(shuffled, [labels[i] for i in order], SHARES).tolist(), strict=True))
    assert before == after


@given(CORPUS)
@settings(max_examples=60, deadline=None)
def test_each_class_is_cut_at_its_shares_and_missing_in_no_part(classes: list[list[str]]) -> None:
    texts, labels = distinct(classes)
    sizes = Counter(zip(labels, assign(texts, labels, SHARES).tolist(), strict=True))
    for label, total in Counter(labels).items():
        for part, share in enumerate(SHARES):
            assert sizes[label, part] >= 1
            # One for rounding at either end, and one that a small class may have to give to each empty part.
            assert abs(sizes[label, part] - share * total) <= (1 if total >= 10 else 2)


@given(CORPUS, st.data())
@settings(max_examples=60, deadline=None)
def test_equal_texts_fall_into_one_part_be_their_case_white_space_and_labels_different(
    classes: list[list[str]], data: st.DataObject
) -> None:
    texts, labels = distinct(classes)
    again = data.draw(st.lists(st.sampled_from(texts), max_size=10))
    texts += [f"  {text.upper()}\n".replace(" ", "\t ") for text in again]
    labels += [data.draw(st.sampled_from(sorted(set(labels)))) for _ in again]
    try:
        parts = assign(texts, labels, SHARES)
    except DataError:  # so many other labels that a class lost its texts
        return
    of_text: dict[str, set[int]] = {}
    for text, part in zip(texts, parts.tolist(), strict=True):
        of_text.setdefault(key(text), set()).add(part)
    assert all(len(found) == 1 for found in of_text.values())


def test_the_texts_with_the_smallest_sha256_are_the_first_part() -> None:
    texts = [f"text {i}" for i in range(50)]
    parts = assign(texts, ["a", "b"] * 25, [0.6, 0.4])
    for own in (range(0, 50, 2), range(1, 50, 2)):
        ranked = sorted(own, key=lambda i: hashlib.sha256(texts[i].encode()).hexdigest())
        assert parts[ranked].tolist() == [0] * 15 + [1] * 10


def test_a_text_of_two_labels_counts_for_the_one_that_it_has_most_often() -> None:
    texts = ["one", "one", "one", *"abcde", *"vwxyz"]
    labels = ["p", "q", "q", *"ppppp", *"qqqqq"]
    parts = assign(texts, labels, [0.5, 0.5])
    own = sorted(["one", *"vwxyz"], key=lambda text: hashlib.sha256(text.encode()).digest())
    assert [text for text, part in zip(texts[2:], parts[2:], strict=True) if part == 0 and text in own] == [
        text for text in texts[2:] if text in own[:3]
    ]


@given(st.integers(2, 10), st.integers(10, 60))
@settings(max_examples=30, deadline=None)
def test_folds_of_a_class_differ_by_one_text_at_most_and_leave_none_out(count: int, size: int) -> None:
    texts = [f"text {i}" for i in range(2 * size)]
    labels = ["a"] * size + ["b"] * size
    fold = folds(texts, labels, count)
    for own in (fold[:size], fold[size:]):
        sizes = np.bincount(own, minlength=count)
        assert len(sizes) == count
        assert sizes.max() - sizes.min() <= 1


def test_a_class_with_fewer_texts_than_parts_is_refused() -> None:
    texts, labels = ["a b", "A  B", "c", *"defg"], ["rare"] * 3 + ["other"] * 4
    assert set(assign(texts, labels, [0.5, 0.5])[:3]) == {0, 1}
    with pytest.raises(DataError, match="the class 'rare' has 2 distinct texts, fewer than the 3 parts"):
        assign(texts, labels, SHARES)
    keys, numbers = digests(map(splits.key, texts)), np.array([["other", "rare"].index(label) for label in labels])
    assert [too_rare(keys, numbers, parts).tolist() for parts in (2, 3)] == [[], [1]]


@given(st.lists(st.tuples(st.integers(0, 25), st.sampled_from("abc")), min_size=60, max_size=200), st.randoms())
@settings(max_examples=40, deadline=None)
def test_a_group_is_in_one_fold_whatever_the_order_of_the_rows(
    pairs: list[tuple[int, str]], shuffler: random.Random
) -> None:
    pairs = [(i, "a") for i in range(10)] + pairs

    def folds_of(rows: list[tuple[int, str]]) -> set[tuple[int, int]]:
        return set(
            zip([g for g, _ in rows], group_folds([str(g) for g, _ in rows], [c for _, c in rows], 10), strict=True)
        )

    found = folds_of(pairs)
    assert len(found) == len({group for group, _ in pairs})
    assert {fold for _, fold in found} <= set(range(10))
    assert found == folds_of(shuffler.sample(pairs, len(pairs)))


def test_folds_of_groups_have_the_shares_of_the_classes_and_the_first_have_their_share_of_documents() -> None:
    groups = [f"g{i % 50}" for i in range(1000)] + ["large"] * 400
    labels = ["rare" if i % 50 < 10 else "common" for i in range(1000)] + ["common"] * 400
    fold = group_folds(groups, labels, 10)
    counts = Counter(zip(fold.tolist(), labels, strict=True))
    assert fold[-1] == 9
    assert [counts[i, "rare"] for i in range(10)] == [20] * 10
    assert max(abs(np.bincount(fold)[i] - 140) for i in range(2)) <= 40


def test_fewer_groups_than_folds_are_refused() -> None:
    with pytest.raises(DataError, match="there are 9 groups, fewer than 10; give more groups"):
        group_folds([str(i % 9) for i in range(90)], ["a", "b"] * 45, 10)
    with pytest.raises(DataError, match=r"the groups cannot be divided into 10 parts: .*; give more documents"):
        group_folds([str(i) for i in range(12)], ["a", "b"] * 6, 10)


@given(st.lists(st.integers(0, 40), min_size=30, max_size=100))
@settings(max_examples=60, deadline=None)
def test_parts_in_order_follow_each_other_and_keep_equal_stamps_together(stamps: list[int]) -> None:
    try:
        part = in_order(stamps, SHARES)
    except DataError:
        assert len(set(stamps)) < 20
        return
    assert set(part.tolist()) == {0, 1, 2}
    for earlier, later in ((0, 1), (1, 2)):
        assert max(s for s, p in zip(stamps, part, strict=True) if p == earlier) < min(
            s for s, p in zip(stamps, part, strict=True) if p == later
        )


def test_parts_in_order_have_their_shares_where_all_stamps_differ() -> None:
    stamps = random.Random(0).sample(range(1000), 50)
    part = in_order(stamps, SHARES)
    assert [stamps[i] for i in np.flatnonzero(part == 2)] == [s for s in stamps if s in sorted(stamps)[-5:]]
    assert np.bincount(part).tolist() == [40, 5, 5]


def test_too_few_different_stamps_are_refused() -> None:
    assert in_order([1, 2, 3], SHARES).tolist() == [0, 1, 2]
    with pytest.raises(DataError, match="30 documents have 2 different times, too few for 3 parts"):
        in_order([1, 2] * 15, SHARES)
