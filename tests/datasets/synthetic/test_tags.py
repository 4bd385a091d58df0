"""The source of synthetic tags: its posterior against enumeration, its words, and that no count beats it."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from seqbench.datasets.synthetic.processes import streams
from seqbench.datasets.synthetic.tags import HiddenMarkovTagger, SyntheticTags
from seqbench.interface import Floats

SMALL = {"tags": 3, "words": 12, "suffixes": 4, "shortest": 1, "longest": 5}


def source(order: int, seed: int = 0) -> HiddenMarkovTagger:
    (parameters, *_) = streams(seed)
    return SyntheticTags(order=order, **SMALL).source(parameters)  # type: ignore[arg-type]


def enumerated(truth: HiddenMarkovTagger, words: list[str]) -> Floats:
    """p(tag of each word | all words) (T, C): the sum over all tags, those before the sentence included."""
    total = np.zeros((len(words), truth.tags))
    emitted = [truth.likelihood(word) for word in words]
    table = truth.transitions.reshape((truth.tags,) * (truth.order + 1))
    for path in itertools.product(range(truth.tags), repeat=truth.order + len(words)):
        p = 1.0
        for t in range(len(words)):
            p *= table[path[t : t + truth.order + 1]] * emitted[t][path[t + truth.order]]
        for t in range(len(words)):
            total[t, path[truth.order + t]] += p
    return total / total.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_posterior_is_the_sum_over_all_sequences_of_tags(order: int) -> None:
    truth, rng = source(order), np.random.default_rng(1)
    for length in (1, 2, 4):
        words, _ = truth.draw(length, rng)
        (log_p,) = truth.predict([words])
        assert np.exp(log_p) == pytest.approx(enumerated(truth, words), abs=1e-12)


def test_a_word_of_another_source_tells_nothing_by_itself() -> None:
    truth = source(1)
    assert np.array_equal(truth.likelihood("Ж"), np.ones(3))
    words = [truth.listed[0], "Ж", truth.listed[1]]
    assert np.exp(truth.predict([words])[0]) == pytest.approx(enumerated(truth, words), abs=1e-12)


def test_long_sentences_do_not_underflow() -> None:
    truth = source(2)
    words, _ = truth.draw(3000, np.random.default_rng(0))
    (log_p,) = truth.predict([words])
    assert np.exp(log_p).sum(axis=1) == pytest.approx(1)
    assert np.exp(log_p[:20]) == pytest.approx(np.exp(truth.predict([words[:60]])[0][:20]), abs=1e-3)


def test_tags_and_words_are_drawn_with_their_probabilities() -> None:
    truth, rng = source(1), np.random.default_rng(0)
    words, tags = truth.draw(30_000, rng)

    def drawn(found: list[int], p: Floats) -> None:
        """The counts lie within five standard deviations of their means."""
        expected = sum(found) * p
        assert (np.abs(np.array(found) - expected) <= 5 * np.sqrt(expected) + 1).all()

    listed = set(truth.listed)
    drawn([sum(w in listed for w in words), sum(w not in listed for w in words)], np.array([0.9, 0.1]))
    for tag in range(3):
        after = [b for a, b in itertools.pairwise(tags) if a == tag]
        drawn([after.count(b) for b in range(3)], truth.transitions[tag])
        own = [word for word, of in zip(words, tags, strict=True) if of == tag]
        drawn([own.count(word) for word in truth.listed], truth.words[tag])
        ends = [word[-3:] for word in own if word not in listed]
        drawn([ends.count(suffix) for suffix in truth.suffixes], truth.endings[tag])


def test_the_predicted_probabilities_are_right_as_often_as_they_say() -> None:
    data = SyntheticTags(test_sentences=800, train_sentences=1).load()
    assert data.truth is not None
    p = np.exp(np.concatenate(list(data.truth.predict(data.test.sentences))))
    right = p.argmax(axis=1) == np.concatenate(list(data.test.tags))
    for low, high in ((0.3, 0.6), (0.6, 0.8), (0.8, 0.95), (0.95, 1.0)):
        here = (p.max(axis=1) > low) & (p.max(axis=1) <= high)
        assert right[here].mean() == pytest.approx(p.max(axis=1)[here].mean(), abs=0.04)


def test_a_rare_word_is_never_a_listed_one_and_nearly_all_of_the_test_part_are_unknown() -> None:
    data = SyntheticTags(train_sentences=300, test_sentences=200).load()
    truth = data.truth
    assert isinstance(truth, HiddenMarkovTagger)
    listed, known = set(truth.listed), {word for words in data.train.sentences for word in words}
    rare = [word for words in data.test.sentences for word in words if word not in listed]
    assert len({len(word) for word in listed} | {len(word) for word in rare}) == 2
    assert {word[-3:] for word in rare} <= set(truth.suffixes)
    assert np.mean([word in known for word in rare]) < 0.02


def test_a_longer_training_part_changes_no_other_part() -> None:
    short, long = (SyntheticTags(train_sentences=n, valid_sentences=5, test_sentences=5).load() for n in (3, 6))
    assert short.test.sentences == long.test.sentences
    assert short.valid.sentences == long.valid.sentences
    assert short.train.sentences == long.train.sentences[:3]


def test_lengths_are_those_asked_for() -> None:
    data = SyntheticTags(shortest=2, longest=4, train_sentences=200, valid_sentences=1, test_sentences=1).load()
    assert {len(words) for words in data.train.sentences} == {2, 3, 4}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tags": 40, "order": 2}, r"40 tags at order 2 make more than 1,000 states; lower one of them"),
        ({"shortest": 9, "longest": 8}, r"longest must be at least shortest"),
        ({"shortest": 30}, r"longest must be at least shortest"),
        ({"rare": 1.0}, r"less than 1"),
    ],
)
def test_options_that_make_no_source_are_refused(options: dict[str, float], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SyntheticTags.model_validate(options)


def test_new_sentences_are_a_word_on_each_line(tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("ba\nbo\n\nbi\n")
    assert SyntheticTags().read(tmp_path / "new.txt", {}).sentences == [["ba", "bo"], ["bi"]]
