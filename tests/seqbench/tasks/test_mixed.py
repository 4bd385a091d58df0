"""Columns that are mixed are those of the model that mixes; folds of tuning end before the test part."""

from typing import Any

import numpy as np
import pytest

from seqbench import registry
from seqbench.combination import WeighedConfig
from seqbench.interface import Budget
from seqbench.spec import Spec, parse
from seqbench.tasks import TASKS, task

SMALL = {
    "lm": ("synthetic-markov(train_tokens=800, valid_tokens=300, test_tokens=300)", "kneser-ney(order=2)", "unigram"),
    "classify": ("synthetic-words(train_documents=60)", "naive-bayes(alpha=0.3)", "majority"),
    "forecast": ("synthetic-seasonal(train_steps=300, valid_steps=100, test_steps=100)", "seasonal-naive", "drift"),
}
WEIGHTS = (0.3, 0.7)


def _data(task_name: str) -> Any:
    spec = parse(SMALL[task_name][0])
    return registry.configured(registry.find_dataset(spec, task_name).attribute, spec, task_name).load()


def _fitted(spec: Spec, task_name: str, data: Any) -> Any:
    kind = registry.find_model(spec, task_name).attribute
    model = kind(registry.configured(kind.config_class, spec, task_name))
    of = task(task_name)
    model.fit(of.train(data, "valid"), of.context(data, "valid", 0, Budget(), "cpu", lambda name, value: None))
    return model


@pytest.mark.parametrize("name", list(SMALL))
def test_mixed_columns_are_those_of_the_weighed_model(name: str) -> None:
    of, data, parts = task(name), _data(name), tuple(map(parse, SMALL[name][1:]))
    whole = Spec(Spec.sum(parts).name, {"weights": WEIGHTS}, parts)
    found = of.mixed([of.score_trial(_fitted(part, name, data), data) for part in parts], WEIGHTS)
    right = of.score(_fitted(whole, name, data), data, "valid")
    shared = found.keys() & right.keys()
    assert {"lm": {"nats"}, "classify": {"nats", "predicted"}, "forecast": {"error", "mase", "squared"}}[name] <= shared
    for column in shared:
        np.testing.assert_allclose(found[column], right[column], rtol=1e-5, atol=1e-6, err_msg=column)
    basis = of.comparability(data, "x", "")
    metric = of.ranked(basis)[0]
    scores = [metric(of.units(columns, basis).columns)[0] for columns in (found, right)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-6)


@pytest.mark.parametrize("name", list(SMALL))
def test_a_mixture_of_mixtures_is_the_mixture_of_their_parts(name: str) -> None:
    """Forward selection adds one trial at a time to what it holds."""
    of, data = task(name), _data(name)
    a, b = (of.score_trial(_fitted(parse(part), name, data), data) for part in SMALL[name][1:])
    one_by_one = of.mixed([of.mixed([a, b], [0.5, 0.5]), b], [2 / 3, 1 / 3])
    at_once = of.mixed([a, b], [1 / 3, 2 / 3])
    for column in at_once:
        np.testing.assert_allclose(one_by_one[column], at_once[column], rtol=1e-5, atol=1e-6, err_msg=column)


def test_trials_of_forecasters_are_fitted_and_scored_before_the_test_part() -> None:
    data = task("forecast").without_test(_data("forecast"))
    first_test = np.full(len(data.series), np.iinfo(np.int64).max)
    np.minimum.at(first_test, data.test.series, data.test.ends)
    assert (data.valid.ends + data.horizon <= first_test[data.valid.series]).all()
    fitted = task("forecast").train(data, "valid")
    first_valid = np.full(len(data.series), np.iinfo(np.int64).max)
    np.minimum.at(first_valid, data.valid.series, data.valid.ends)
    assert all(len(values) <= first for values, first in zip(fitted.values, first_valid, strict=True))
    assert all(len(values) <= first for values, first in zip(data.series.values, first_test, strict=True))


def test_weights_that_are_no_shares_are_refused() -> None:
    parts = tuple(registry.find_model(parse(name), "lm").attribute.config_class() for name in ("unigram", "kneser-ney"))
    for weights, said in {
        (1.0,): "2 parts, but 1 weights",
        (0.5, 0.6): "their sum must be 1",
        (1.0, 0.0): "above 0",
    }.items():
        with pytest.raises(ValueError, match=said):
            WeighedConfig(parts=parts, weights=weights)


def test_tasks_that_cannot_mix_say_so() -> None:
    for name in TASKS:
        if not task(name).weighed:
            with pytest.raises(NotImplementedError, match=f"{name} cannot be mixed"):
                task(name).mixed([], [])
