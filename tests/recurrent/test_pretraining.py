from typing import Any

import numpy as np
import pytest
import torch

from seqbench.interface import Arrays, Budget, Documents
from seqbench.recurrent.classifier import BidirectionalLSTMClassifier, LSTMClassifier
from seqbench.recurrent.language.lstm import BidirectionalLSTMLanguageModel, LSTMLanguageModel
from seqbench.recurrent.pretraining import pretrain
from seqbench.tasks.documents.model import ClassificationContext, Labelled, Texts
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import UNK, Vocab

VOCAB = Vocab((UNK, *(f"w{i}" for i in range(1, 12))))
V = VOCAB.size
ONE_WAY = pytest.mark.parametrize(
    ("family", "language"),
    [(LSTMClassifier, LSTMLanguageModel), (BidirectionalLSTMClassifier, BidirectionalLSTMLanguageModel)],
)


def draw(documents: int, seed: int = 0) -> Labelled:
    rng = np.random.default_rng(seed)
    ids = [(rng.integers(11) + np.arange(rng.integers(2, 12))) % 11 + 1 for _ in range(documents)]
    return Labelled(Texts(ids, [["w"] * len(d) for d in ids]), rng.integers(2, size=documents))


def lend(
    epochs: int, curves: dict[str, list[float]] | None = None, updates: int | None = None
) -> ClassificationContext:
    kept = {} if curves is None else curves
    return ClassificationContext(
        seed=7,
        budget=Budget(epochs=epochs, updates=updates),
        valid=draw(10, seed=1),
        vocab=VOCAB,
        classes=("a", "b"),
        log=lambda name, value: kept.setdefault(name, []).append(value),
    )


def make(family: type[LSTMClassifier], **changes: object) -> LSTMClassifier:
    settings = {"embedding_size": 6, "hidden_size": 5, "pretrain": "lm", "pretrain_epochs": 3}
    return family(family.config_class.model_validate(settings | changes))


def trained_by_itself(classifier: LSTMClassifier, language: Any, documents: Documents) -> Arrays:
    """Weights of the language model that the classifier should start from."""
    model = language(classifier.config.language_config().model_copy(update={"output": "full"}))
    model.fit(
        documents, LanguageContext(seed=7, budget=Budget(epochs=3), valid=draw(10, seed=1).texts.ids, vocab=VOCAB)
    )
    arrays: Arrays = model.arrays()
    return arrays


@ONE_WAY
@pytest.mark.parametrize("layers", [1, 2])
def test_training_starts_from_the_weights_of_the_language_model(
    family: type[LSTMClassifier], language: Any, layers: int
) -> None:
    model, train = make(family, layers=layers), draw(30)
    theirs = trained_by_itself(model, language, train.texts.ids)
    model.fit(train, lend(epochs=0))
    ours = model.arrays()
    np.testing.assert_array_equal(ours["embedding.weight"][:V], theirs["embedding.weight"][:V])
    np.testing.assert_array_equal(ours["embedding.weight"][V], 0)
    kept = [name for name in theirs if name.startswith(("body.", "backward_body."))]
    assert len(kept) == (8 if family is BidirectionalLSTMClassifier else 4)
    for name in kept:
        direction, _, weight = name.partition(".layers.0.")
        place = f"{direction}.{weight}" if family is BidirectionalLSTMClassifier else weight
        np.testing.assert_array_equal(ours[f"body.layers.0.{place}"], theirs[name])


def test_the_two_directions_read_as_the_two_language_models_did() -> None:
    model, train = make(BidirectionalLSTMClassifier), draw(30)
    language = BidirectionalLSTMLanguageModel(model.config.language_config().model_copy(update={"output": "full"}))
    language.restore(trained_by_itself(model, BidirectionalLSTMLanguageModel, train.texts.ids))
    model.fit(train, lend(epochs=0))
    ids, network = torch.tensor(train.texts.ids[0]), language.network
    with torch.inference_mode():
        states = model.network.states(model.network.embedding(ids[None]), torch.tensor([len(ids)]))[0]
        forward, _ = network.get_submodule("body")(network.embedding(ids[:, None]), None)
        backward, _ = network.get_submodule("backward_body")(network.embedding(ids.flip(0)[:, None]), None)
    torch.testing.assert_close(states, torch.cat([forward, backward.flip(0)], dim=2)[:, 0], rtol=0, atol=1e-6)


def test_layers_above_the_pretrained_ones_start_as_without_pretraining() -> None:
    starts = []
    for how in ("lm", "none"):
        model = make(BidirectionalLSTMClassifier, layers=2, pretrain=how)
        model.fit(draw(30), lend(epochs=0))
        starts.append(model.arrays())
    pretrained, random = starts
    for name, value in random.items():
        first = name == "embedding.weight" or name.startswith("body.layers.0.")
        assert np.array_equal(pretrained[name], value) != first, name


def test_labels_play_no_part() -> None:
    train = draw(30)
    other = Labelled(train.texts, 1 - train.labels)
    starts = []
    for part in (train, other):
        model = make(BidirectionalLSTMClassifier)
        model.fit(part, lend(epochs=0))
        starts.append(model.arrays())
    assert all(np.array_equal(starts[0][name], starts[1][name]) for name in starts[0])


@ONE_WAY
def test_the_language_model_learns_and_reports_its_curves(family: type[LSTMClassifier], language: Any) -> None:
    curves: dict[str, list[float]] = {}
    model = make(family, pretrain_epochs=12, embedding_size=16, hidden_size=16)
    model.fit(draw(200), lend(epochs=1, curves=curves))
    perplexities = curves["pretraining_valid_perplexity"]
    assert len(perplexities) == 12
    assert perplexities[-1] < 5 < 11  # of 11 equally frequent words
    assert len(curves["valid_log_loss"]) == 1


def test_the_budget_of_updates_holds_for_pretraining_too(monkeypatch: pytest.MonkeyPatch) -> None:
    curves: dict[str, list[float]] = {}
    make(LSTMClassifier, pretrain_epochs=9).fit(draw(200), lend(epochs=5, curves=curves, updates=1))
    assert len(curves["pretraining_train_nats"]) == len(curves["train_nats"]) == 1


def test_a_large_vocabulary_gets_an_adaptive_softmax_and_the_same_names() -> None:
    ctx, train = lend(epochs=1), draw(30)
    large = ClassificationContext(
        seed=7, budget=ctx.budget, valid=ctx.valid, classes=ctx.classes, vocab=Vocab(tuple(map(str, range(1000))))
    )
    model = make(LSTMClassifier)
    wide = pretrain(train.texts.ids, large, model.config.language_config(), False, 1)
    narrow = pretrain(train.texts.ids, ctx, model.config.language_config(), False, 1)
    assert wide.keys() == narrow.keys()
    assert wide["embedding.weight"].shape == (1001, 6)
