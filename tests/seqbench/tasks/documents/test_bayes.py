"""Bayes' rule over language models: against closed forms, where order alone decides, and against the laws."""

from typing import Any

import numpy as np
import pytest

from seqbench import registry
from seqbench.baselines.hidden_markov.language import HMM
from seqbench.baselines.ngrams.models import AddK, KneserNey, Uniform
from seqbench.interface import Budget, Floats
from seqbench.spec import parse
from seqbench.tasks import task
from seqbench.tasks.documents.bayes import bayes
from seqbench.tasks.documents.model import ClassificationContext, Classifier, Labelled, Texts
from seqbench.tasks.language.model import LanguageModel
from seqbench.tasks.language.vocab import UNK, Vocab

VOCAB = Vocab((UNK, "x", "y", "z"))


def labelled(*documents: tuple[list[int], int]) -> Labelled:
    ids = [np.array(words) for words, _ in documents]
    return Labelled(Texts(ids, [VOCAB.decode(of) for of in ids]), np.array([label for _, label in documents]))


def fitted(kind: type[LanguageModel[Any]], train: Labelled, classes: int = 2, **settings: Any) -> Classifier:
    model = bayes(kind)(kind.config_class(**settings))
    ctx = ClassificationContext(
        seed=0, budget=Budget(epochs=10), valid=train, vocab=VOCAB, classes=tuple("abc"[:classes])
    )
    model.fit(train, ctx)
    return model


def posterior(joint: list[float]) -> Floats:
    return np.array(joint) / sum(joint)


def test_an_add_one_unigram_gives_the_closed_form() -> None:
    """5 symbols, the end counted: of class a x x y and two ends are met, of b y and one end."""
    train = labelled(([1, 1], 0), ([2], 0), ([2], 1))
    model = fitted(AddK, train, order=1, k=1.0)
    p_a = {1: 3 / 10, 2: 2 / 10, 4: 3 / 10}
    p_b = {1: 1 / 7, 2: 2 / 7, 4: 2 / 7}
    expected = posterior([3 / 5 * p_a[1] * p_a[2] * p_a[4], 2 / 5 * p_b[1] * p_b[2] * p_b[4]])
    assert np.exp(model.predict(labelled(([1, 2], 0)).texts)[0]) == pytest.approx(expected)


def reversed_cycles(count: int, seed: int) -> Labelled:
    """Class a goes x y z x …, class b the other way round, from a random start: the same words in another order."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        label, start = number % 2, int(rng.integers(3))
        step = -1 if label else 1
        made.append((((start + step * np.arange(9)) % 3 + 1).tolist(), label))
    return labelled(*made)


@pytest.mark.parametrize(("kind", "settings"), [(KneserNey, {"order": 3}), (HMM, {"states": 6})])
def test_where_only_order_decides_a_model_of_order_decides(
    kind: type[LanguageModel[Any]], settings: dict[str, Any]
) -> None:
    train, test = reversed_cycles(60, 0), reversed_cycles(40, 1)
    found = fitted(kind, train, **settings).predict(test.texts).argmax(axis=1)
    assert (found == test.labels).mean() == 1
    unigram = fitted(AddK, train, order=1, k=1.0).predict(test.texts)
    assert np.exp(unigram) == pytest.approx(0.5, abs=1e-9)


def test_a_class_without_documents_keeps_its_prior() -> None:
    train = labelled(([1], 0), ([1, 1], 0), ([2], 2))
    p = np.exp(fitted(AddK, train, classes=3, order=1, k=1.0).predict(train.texts))
    assert p[:, 1] == pytest.approx(1 / 6)
    assert p.sum(axis=1) == pytest.approx(1)


class Certain(Uniform):
    """Holds every symbol but the first impossible."""

    def predict(self, ids: Any, state: Any = None) -> Any:
        return np.where(ids == 1, 0.0, -np.inf), None


def test_a_document_that_no_model_holds_possible_is_left_to_the_prior() -> None:
    train = labelled(([1], 0), ([1], 0), ([1], 1))
    p = np.exp(fitted(Certain, train).predict(train.texts))
    assert p == pytest.approx(np.tile([3 / 5, 2 / 5], (3, 1)))


@pytest.mark.parametrize(("kind", "settings"), [(AddK, {"order": 2}), (KneserNey, {"order": 3}), (HMM, {"states": 3})])
def test_all_laws_hold(kind: type[LanguageModel[Any]], settings: dict[str, Any]) -> None:
    made = bayes(kind)
    assert [
        c.message for c in task("classify").check_class(lambda: made(kind.config_class(**settings)), 0) if not c.passed
    ] == []


def test_a_language_model_is_found_as_a_classifier_by_its_name() -> None:
    spec = parse("kneser-ney(order=3)")
    found, plain = registry.find_model(spec, "classify"), registry.find_model(spec, "lm")
    assert issubclass(found.attribute, Classifier)
    assert (found.reduction, plain.reduction) == ("Bayes", "")
    assert found.attribute.config_class is plain.attribute.config_class
    assert (found.attribute.kind, found.attribute.stochastic) == (plain.attribute.kind, plain.attribute.stochastic)
    assert found.source_sha256 != plain.source_sha256


def test_no_reduction_leads_the_other_way() -> None:
    with pytest.raises(ValueError, match="majority is of the task classify, not lm"):
        registry.find_model(parse("majority"), "lm")
