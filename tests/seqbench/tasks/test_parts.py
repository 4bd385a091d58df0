"""Parts of training parts: nested, in proportion, of whole groups; and what each task makes of them."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench import registry
from seqbench.spec import parse
from seqbench.tasks import task
from seqbench.tasks.language.data import TextSplit
from seqbench.tasks.parts import drawn, refuse_fewer, stretch, written

SHARES = st.floats(0.01, 0.99)
SEEDS = st.integers(0, 20)


@given(st.integers(1, 300), SHARES, SHARES, SEEDS)
def test_parts_of_one_seed_are_nested_and_of_their_size(count: int, a: float, b: float, seed: int) -> None:
    small, large = (drawn(count, share, seed) for share in sorted((a, b)))
    assert set(small) <= set(large)
    assert len(large) == max(1, round(max(a, b) * count))
    assert (np.diff(large) > 0).all()


def test_other_seeds_draw_other_parts_and_each_item_as_often() -> None:
    counts = np.bincount(np.concatenate([drawn(40, 0.25, seed) for seed in range(400)]), minlength=40)
    assert counts.sum() == 4000
    assert (np.abs(counts - 100) < 5 * np.sqrt(100 * 0.75)).all()


@given(st.lists(st.integers(0, 4), min_size=10, max_size=200), SHARES, SHARES, SEEDS)
def test_classes_keep_their_shares_and_none_vanishes_as_long_as_there_is_room(
    labels: list[int], a: float, b: float, seed: int
) -> None:
    classes = np.unique(labels, return_inverse=True)[1]
    small, large = (drawn(len(classes), share, seed, classes=classes) for share in sorted((a, b)))
    assert set(small) <= set(large)
    known = np.bincount(classes)
    found = np.bincount(classes[large], minlength=len(known))
    assert (found > 0).sum() == min(len(known), len(large))
    if len(large) >= len(known):
        assert (np.abs(found / known - len(large) / len(classes)) <= len(known) / known).all()


@given(st.lists(st.integers(0, 9), min_size=5, max_size=100), SHARES, SHARES, SEEDS)
def test_whole_groups_are_drawn_save_for_the_last(labels: list[int], a: float, b: float, seed: int) -> None:
    groups = np.array(labels)
    small, large = (drawn(len(groups), share, seed, groups=groups) for share in sorted((a, b)))
    assert set(small) <= set(large)
    cut = [group for group in np.unique(groups[large]) if (groups[large] == group).sum() < (groups == group).sum()]
    assert len(cut) <= 1


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), SHARES, SHARES, SEEDS)
def test_a_stretch_is_consecutive_nested_and_holds_its_share(lengths: list[int], a: float, b: float, seed: int) -> None:
    sizes = np.array(lengths)
    small, large = (stretch(sizes, share, seed) for share in sorted((a, b)))
    assert (large[: len(small)] == small).all()
    assert (np.diff(large) % len(sizes) == 1 % len(sizes)).all()
    held = sizes[large].sum()
    assert max(a, b) * sizes.sum() <= held + 1e-9
    assert held - sizes[large[-1]] < max(a, b) * sizes.sum()


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), SHARES, SHARES, SEEDS)
def test_a_stretch_of_a_stream_is_cut_to_the_symbol_and_wraps(
    lengths: list[int], a: float, b: float, seed: int
) -> None:
    borders = np.cumsum([0, *lengths])
    documents = [np.arange(start, stop) for start, stop in pairwise(borders)]
    whole = TextSplit(documents, [d + 1000 for d in documents])
    small, large = (whole.stretch(share, seed, whole=False) for share in sorted((a, b)))
    ids = [np.concatenate(list(part.documents)) for part in (small, large)]
    assert len(ids[1]) == large.tokens == max(1, round(max(a, b) * int(borders[-1])))
    assert (ids[1][: len(ids[0])] == ids[0]).all()
    assert (np.diff(ids[1]) % borders[-1] == 1 % borders[-1]).all()
    assert (np.concatenate(list(large.characters)) == ids[1] + 1000).all()
    assert all((np.diff(d) == 1).all() for d in large.documents)


@pytest.mark.parametrize(
    ("share", "text"), [(1 / 32, "1/32"), (1.0, "1"), (0.1, "1/10"), (1 / 3, "1/3"), (0.3, "30 %"), (0.123, "12.3 %")]
)
def test_shares_are_written_as_people_write_them(share: float, text: str) -> None:
    assert written(share) == text


def test_a_part_that_is_too_small_says_what_to_do() -> None:
    refuse_fewer(2, 2, "pairs", 0.5, "why")
    with pytest.raises(ValueError, match=r"1/32 of the training part is too small, 3 documents: .*at least 5.*--sizes"):
        refuse_fewer(3, 5, "documents", 1 / 32, "each class needs one")


Items = Callable[[Any], list[Any]]
TASKS: dict[str, tuple[str, str, Items]] = {
    "lm": ("synthetic-brackets(train_tokens=4000)", "symbol", lambda d: [x.tobytes() for x in d.train.documents]),
    "classify": (
        "synthetic-words(train_documents=200)",
        "document",
        lambda d: [x.tobytes() for x in d.train.texts.ids],
    ),
    "tag": ("synthetic-tags(train_sentences=200)", "word", lambda d: [" ".join(words) for words in d.train.sentences]),
    "translate": ("reverse(train_pairs=200)", "pair", lambda d: [" ".join(words) for words in d.train.sources]),
    "answer": ("made-world(train_stories=200)", "question", lambda d: list(map(str, d.train.asked.stories))),
    "regress": (
        "adding(length=10, train_sequences=200)",
        "sequence",
        lambda d: [x.tobytes() for x in d.train.sequences],
    ),
    "recognise": ("digits", "sequence", lambda d: [x.tobytes() for x in d.train.sequences]),
    "frames": ("made-chorales", "frame", lambda d: [x.tobytes() for x in d.train]),
}


def data(name: str, spec: str) -> Any:
    found = parse(spec)
    return registry.configured(registry.find_dataset(found, name).attribute, found, name).load()


@pytest.mark.parametrize("name", TASKS)
def test_each_task_makes_its_training_part_smaller_and_leaves_the_rest(name: str) -> None:
    spec, unit, items = TASKS[name]
    kind, whole = task(name), data(name, spec)
    quarter, half = (kind.smaller(whole, share, seed=1) for share in (0.25, 0.5))
    assert all(part.valid is whole.valid and part.test is whole.test for part in (quarter, half))
    assert kind.comparability(half, "x", "y") == kind.comparability(whole, "x", "y")
    assert kind.encoding(half) == kind.encoding(whole)
    sizes = [kind.training_size(part) for part in (quarter, half, whole)]
    assert {size[1] for size in sizes if size} == {unit}
    amounts = [size[0] for size in sizes if size]
    assert amounts[0] / amounts[2] == pytest.approx(0.25, abs=0.05)
    assert amounts[1] / amounts[2] == pytest.approx(0.5, abs=0.05)
    if name != "lm":  # whose one document is cut
        assert set(items(quarter)) <= set(items(half)) <= set(items(whole))
    assert items(quarter) != items(kind.smaller(whole, 0.25, seed=2))
    with pytest.raises(ValueError, match="too small"):
        kind.smaller(whole, 1e-9, seed=1)


def test_a_memory_has_no_curve_and_says_what_does_instead() -> None:
    with pytest.raises(ValueError, match="--against alpha"):
        task("recall").smaller(data("recall", "random-patterns"), 0.5, 0)
