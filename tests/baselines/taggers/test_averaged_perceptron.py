"""The averaged perceptron: its average, its greedy order, and what tags before a word teach."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tag_corpus import TAGS, context, corpus

from seqbench.baselines.taggers.averaged_perceptron import Averaged, AveragedPerceptron
from seqbench.interface import Floats
from seqbench.tasks.tags.model import Tagged


@given(st.lists(st.tuples(st.sets(st.integers(0, 4), min_size=1), st.integers(0, 2), st.integers(0, 2)), min_size=1))
def test_the_average_is_the_mean_of_the_weights_after_each_example(
    examples: list[tuple[set[int], int, int]],
) -> None:
    learned, plain, kept = Averaged(5, 3), np.zeros((5, 3)), []
    for rows, said, tag in examples:
        learned.learn(np.array(sorted(rows)), said, tag)
        if said != tag:
            for row in rows:
                plain[row, tag] += 1
                plain[row, said] -= 1
        kept.append(plain.copy())
    np.testing.assert_allclose(learned.mean(), np.mean(kept, axis=0), atol=1e-9)


def fitted(train: Tagged, epochs: int = 5) -> AveragedPerceptron:
    model = AveragedPerceptron()
    model.fit(train, context(corpus(30, seed=9), epochs=epochs))
    return model


def test_predictions_are_those_of_reading_each_sentence_word_by_word() -> None:
    model, C = fitted(corpus(100)), len(TAGS)
    sentences = corpus(20, seed=1).sentences
    found = model.predict(sentences)
    for words, own in zip(sentences, found, strict=True):
        x = model.features([words]).toarray()
        one, two = model.weight[x.shape[1] :][: C + 1], model.weight[x.shape[1] :][C + 1 :].reshape(C + 1, C + 1, C)
        last, second = C, C
        for features, log_p in zip(x, own, strict=True):
            scores: Floats = (features @ model.weight[: x.shape[1]] + one[last] + two[last, second]) / model.temperature
            np.testing.assert_allclose(log_p, scores - np.logaddexp.reduce(scores), atol=1e-9)
            last, second = int(scores.argmax()), last


def test_tags_before_a_word_teach_what_no_window_shows() -> None:
    """The tag of `b` is that of the word `a` or `c` far before it, handed on from tag to tag."""
    rng = np.random.default_rng(0)
    first = rng.integers(2, size=200)
    train = Tagged(
        [["ac"[k], *"bbbbbb"] for k in first.tolist()], [np.full(7, k, dtype=np.int64) for k in first.tolist()]
    )
    model = AveragedPerceptron()
    model.fit(train, context(train, epochs=5))
    for sentence, tag in ((["a", *"bbbbbb"], 0), (["c", *"bbbbbb"], 1)):
        assert (model.predict([sentence])[0].argmax(axis=1) == tag).all()


def test_a_single_pass_over_a_separable_corpus_of_words_leaves_few_errors() -> None:
    train, new = corpus(300), corpus(100, seed=5)
    said = np.concatenate(fitted(train).predict(new.sentences)).argmax(axis=1)
    assert (said == np.concatenate(new.tags)).mean() > 0.98


def test_without_validation_data_all_passes_are_made() -> None:
    curves: list[str] = []
    train, nothing = corpus(20), Tagged([], [])
    AveragedPerceptron().fit(train, context(nothing, epochs=3, log=lambda name, value: curves.append(name)))
    assert curves.count("train_error") == 3
