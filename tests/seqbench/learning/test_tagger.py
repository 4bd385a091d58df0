"""The base of neural taggers: its loss, hidden words, and what validation chooses."""

import numpy as np
import pytest
import torch
from tag_corpus import TAGS, context, corpus

from seqbench.baselines.windows.taggers import WindowMLPTagger, WindowTaggerConfig
from seqbench.learning.tagger import TaggedBatches

CPU = torch.device("cpu")
TRAIN = corpus(40)


def fitted(epochs: int = 1, **settings: object) -> WindowMLPTagger:
    small = {"embedding_size": 8, "hidden_size": 8, "letter_features": 8, "dropout": 0.0, "word_dropout": 0.0}
    model = WindowMLPTagger(WindowTaggerConfig.model_validate({**small, "batch_size": 7, **settings}))
    model.fit(TRAIN, context(TRAIN, epochs=epochs))
    return model


def batches(model: WindowMLPTagger) -> TaggedBatches:
    return TaggedBatches(model.network, model._padded(TRAIN.sentences, CPU), TRAIN, model.config)


def test_the_loss_is_the_mean_over_words_of_the_log_loss() -> None:
    model = fitted()
    losses = list(batches(model))
    total = sum(float(loss.mean.detach()) * loss.items for loss in losses)
    log_p, tags = np.concatenate(model.predict(TRAIN.sentences)), np.concatenate(TRAIN.tags)
    assert sum(loss.items for loss in losses) == len(tags)
    assert total / len(tags) == pytest.approx(-log_p[np.arange(len(tags)), tags].mean(), rel=1e-5)


def test_with_a_random_field_the_loss_is_that_of_whole_sentences() -> None:
    model = fitted(crf=True)
    crf = model.network.crf
    assert crf is not None
    padded = model._padded(TRAIN.sentences, CPU)
    total = sum(float(loss.mean.detach()) * loss.items for loss in batches(model))
    expected = 0.0
    for i, tags in enumerate(TRAIN.tags):
        batch = padded.take(np.array([i]))
        expected -= float(crf.log_likelihood(model.network(batch), torch.tensor(tags)[None], batch.lengths).detach())
    assert total == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("α", [0.0, 0.25, 2.0])
def test_the_rarer_a_word_the_more_often_it_is_hidden(α: float) -> None:
    source = batches(fitted(word_dropout=α))
    words = [word for sentence in TRAIN.sentences for word in sentence]
    n = np.array([words.count(word) for word in words])
    torch.manual_seed(0)
    batch = source.padded.take(np.arange(len(TRAIN)))
    inside = batch.words != source.padded.padding
    draws = [source._hide_words(batch).words for _ in range(400)]
    share = torch.stack([words != batch.words for words in draws]).double().mean(0)
    assert share[inside].numpy() == pytest.approx(α / (α + n), abs=0.11)
    assert share[~inside].max() == 0
    assert set(torch.cat([words[words != batch.words] for words in draws]).tolist()) <= {0}


def test_a_network_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    def said(seed: int) -> list[float]:
        model = WindowMLPTagger(WindowTaggerConfig(hidden_size=4))
        model.fit(TRAIN, context(TRAIN, seed=seed))
        return list(model.predict([["the", "saw"]])[0].ravel())

    assert said(1) == said(1)
    assert said(1) != said(2)


def test_the_curves_hold_errors_and_log_loss_on_validation() -> None:
    curves: dict[str, list[float]] = {}
    model = WindowMLPTagger(WindowTaggerConfig(hidden_size=4))
    model.fit(TRAIN, context(TRAIN, epochs=2, log=lambda name, value: curves.setdefault(name, []).append(value)))
    assert len(curves["valid_log_loss"]) == len(curves["train_nats"]) == 2
    log_p, tags = np.concatenate(model.predict(TRAIN.sentences)), np.concatenate(TRAIN.tags)
    assert min(curves["valid_error"]) == pytest.approx(float((log_p.argmax(axis=1) != tags).mean()), abs=1e-4)
    assert log_p.shape[1] == len(TAGS)
