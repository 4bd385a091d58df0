"""The hidden Markov tagger: from counts to marginals, written out for all sequences of tags."""

import itertools
from typing import Literal

import numpy as np
import pytest
from tag_corpus import TAGS, context, corpus

from seqbench.baselines.taggers.hidden_markov import HMMTagger, HMMTaggerConfig
from seqbench.baselines.taggers.suffixes import Suffixes
from seqbench.baselines.taggers.transitions import interpolated, trigram_counts
from seqbench.interface import Floats
from seqbench.tasks.tags.model import Tagged


def fitted(train: Tagged, **settings: object) -> HMMTagger:
    model = HMMTagger(HMMTaggerConfig.model_validate(settings))
    model.fit(train, context(train))
    return model


@pytest.mark.parametrize("order", [1, 2])
def test_predictions_follow_from_counts(order: Literal[1, 2]) -> None:
    """p(w | t) p(t | …) of every sequence of tags, with probabilities in the form of the paper."""
    train, C = corpus(60), len(TAGS)
    sentence = ["the", "saw", "newness", "saw"]
    p = interpolated(trigram_counts(train.tags, C), order)
    seen = sorted({word for words in train.sentences for word in words})
    counts = np.zeros((len(seen), C))
    for words, tags in zip(train.sentences, train.tags, strict=True):
        for word, tag in zip(words, tags, strict=True):
            counts[seen.index(word), tag] += 1
    guess = Suffixes.of(seen, counts)
    prior = (counts.sum(axis=0) + 1 / C) / (counts.sum() + 1)

    def emission(word: str) -> Floats:
        own = counts[seen.index(word)] if word in seen else np.zeros(C)
        return np.asarray((own + 0.7 * np.exp(guess([word])[0])) / (own.sum() + 0.7) / prior)

    joint = np.zeros((C,) * 4)
    for tags in itertools.product(range(C), repeat=4):
        padded = (C, C, *tags, C)
        joint[tags] = np.prod([p[padded[i : i + 3]] for i in range(5)])
        joint[tags] *= np.prod([emission(word)[tag] for word, tag in zip(sentence, tags, strict=True)])
    expected = [joint.sum(axis=tuple({0, 1, 2, 3} - {t})) / joint.sum() for t in range(4)]
    (found,) = fitted(train, order=order, pseudo_count=0.7).predict([sentence])
    np.testing.assert_allclose(found, np.log(expected), rtol=0, atol=1e-10)


@pytest.mark.parametrize("decoding", ["posterior", "viterbi"])
def test_the_tag_before_tells_what_the_word_alone_does_not(decoding: str) -> None:
    model = fitted(corpus(300), decoding=decoding)
    after_determiner, alone = model.predict([["the", "saw"], ["ran", "saw"]])
    assert TAGS[after_determiner[1].argmax()] == "NOUN"
    assert TAGS[alone[1].argmax()] == "VERB"


def test_the_ending_tells_the_tag_of_a_new_word() -> None:
    model = fitted(corpus(300), order=1)
    assert [TAGS[i] for i in model.predict([["glorify"]])[0].argmax(axis=1)] == ["VERB"]
    assert [TAGS[i] for i in model.predict([["gladness"]])[0].argmax(axis=1)] == ["NOUN"]
