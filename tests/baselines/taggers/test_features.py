"""Features of windows: which words they see, and that codes stand for what they are made from."""

import numpy as np
import pytest
from tag_corpus import corpus

from seqbench.baselines.taggers.features import (
    FEWEST,
    REACH,
    TEMPLATES,
    WindowFeatures,
    attributes,
    shape,
)
from seqbench.tasks.tags.model import Sentences


def written(sentences: Sentences) -> list[dict[str, str]]:
    """The features of all words as text."""
    found = []
    for words in sentences:
        for place in range(len(words)):
            own = {}
            for k, template in enumerate(TEMPLATES):
                read = []
                for offset, attribute in template:
                    inside = 0 <= place + offset < len(words)
                    read.append(f"={attributes(words[place + offset])[attribute]}" if inside else "edge")
                own[str(k)] = "|".join(read)
            found.append(own)
    return found


def test_there_is_one_column_for_each_feature_that_occurs_often_enough() -> None:
    sentences = corpus(50).sentences
    features = WindowFeatures()
    x = features.fit(sentences).toarray()
    texts = [{f"{k}:{v}" for k, v in own.items()} for own in written(sentences)]
    names = sorted(set().union(*texts))
    expected = np.array([[name in own for name in names] for own in texts], dtype=float)
    expected = expected[:, expected.sum(axis=0) >= FEWEST]
    assert x.shape == expected.shape
    assert sorted(map(tuple, x.T)) == sorted(map(tuple, expected.T))


def test_features_see_words_within_reach_and_no_other_sentence() -> None:
    features = WindowFeatures()
    features.fit([["a", "b", "c", "d", "e"], ["a", "b", "c", "d", "e"]])
    x = features([["a", "b", "c", "d", "e"]]).toarray()
    far = features([["x", "b", "c", "d", "e"], ["y"]]).toarray()
    changed = (x != far[:5]).any(axis=1)
    assert changed.tolist() == [True] * (REACH + 1) + [False] * (4 - REACH)
    assert far[5].any()  # a word alone has edges around it, which are known


def test_features_that_are_not_in_training_are_left_out() -> None:
    features = WindowFeatures()
    features.fit([["a"], ["a"]])
    assert features([["Zurich", "1999"]]).toarray().sum() < features([["a"]]).toarray().sum()
    assert features([]).shape == (0, len(features.known))


@pytest.mark.parametrize(("word", "kinds"), [("McDonald's", "AaAa'a"), ("1980s", "0a"), ("U.S.", "A.A."), ("", "")])
def test_a_shape_is_the_kinds_of_letters_without_their_number(word: str, kinds: str) -> None:
    assert shape(word) == kinds
