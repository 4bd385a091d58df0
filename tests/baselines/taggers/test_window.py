"""Logistic regression over windows: against a second way to make the features."""

import numpy as np
import pytest
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from tag_corpus import TAGS, context, corpus

from seqbench.baselines.taggers.features import FEWEST, TEMPLATES, attributes
from seqbench.baselines.taggers.window import LogisticTagger, LogisticTaggerConfig
from seqbench.tasks.tags.model import Sentences, Tagged


def written(sentences: Sentences) -> list[dict[str, int]]:
    return [
        {
            f"{k} "
            + " ".join(
                f"={attributes(words[place + offset])[attribute]}" if 0 <= place + offset < len(words) else "edge"
                for offset, attribute in template
            ): 1
            for k, template in enumerate(TEMPLATES)
        }
        for words in sentences
        for place in range(len(words))
    ]


def test_probabilities_are_those_of_scikit_learn_on_features_written_out() -> None:
    train, new = corpus(60), corpus(20, seed=1)
    model = LogisticTagger(LogisticTaggerConfig(c=0.5, steps=1000))
    model.fit(train, context(train))
    vectors = DictVectorizer()
    x = vectors.fit_transform(written(train.sentences)).tocsc()
    often = np.asarray(x.sum(axis=0)).ravel() >= FEWEST
    oracle = LogisticRegression(C=0.5, max_iter=1000).fit(x[:, often], np.concatenate(train.tags))
    expected = oracle.predict_proba(vectors.transform(written(new.sentences)).tocsc()[:, often])
    found = np.exp(np.concatenate(model.predict(new.sentences)))
    assert found[:, :3] == pytest.approx(expected, abs=2e-3)
    assert (found[:, TAGS.index("X")] == 0).all()


@pytest.mark.parametrize("tags", [1, 2])
def test_training_data_with_one_or_two_tags_is_learned(tags: int) -> None:
    train = Tagged([["a", "b"], ["a", "b"], ["b"]], [np.array([0, tags - 1])] * 2 + [np.array([tags - 1])])
    model = LogisticTagger()
    model.fit(train, context(train))
    assert [p.argmax(axis=1).tolist() for p in model.predict(train.sentences)] == [t.tolist() for t in train.tags]
    assert np.exp(np.concatenate(model.predict(train.sentences))).sum(axis=1) == pytest.approx(1)
