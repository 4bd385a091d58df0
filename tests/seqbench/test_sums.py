"""Names with a plus sign: which models they add for which task, and that settings reach the parts."""

import numpy as np
import pytest

from seqbench import api, registry
from seqbench.interface import Budget
from seqbench.spec import parse
from seqbench.tasks.forecasts.model import ForecastContext, Forecaster, Panel


def _made(text: str, task: str) -> Forecaster:
    spec = parse(text)
    kind = registry.find_model(spec, task).attribute
    model: Forecaster = kind(registry.configured(kind.config_class, spec, task))
    return model


def test_forecasters_that_are_added_forecast_their_mean() -> None:
    panel = Panel([np.array([1.0, 4.0, 2.0, 5.0])], ["a"], 2)
    ctx = ForecastContext(seed=0, budget=Budget(), valid=panel, horizon=3)
    said = []
    for text in ("naive+drift+seasonal-naive", "naive", "drift", "seasonal-naive"):
        model = _made(text, "forecast")
        model.fit(panel, ctx)
        said.append(model.predict(panel, 3, np.array([0.5])).mean)
    np.testing.assert_allclose(said[0], np.mean(said[1:], axis=0), rtol=1e-15)


def test_settings_reach_the_parts_of_a_sum_under_shortened_names_too() -> None:
    model = _made("autoregression(lag=3, intercept=false)+linear-window(win=7)", "forecast")
    autoregression, window = model.parts  # type: ignore[attr-defined]
    assert (autoregression.config.lags, autoregression.config.intercept, window.config.window) == (3, False, 7)
    spelled = registry.spelled_out(parse("autoregression(lag=3)+linear-window(win=7)"), "forecast")
    assert str(spelled) == "autoregression(lags=3)+linear-window(window=7)"


def test_a_language_model_joins_a_sum_of_forecasters_quantised() -> None:
    found = registry.find_model(parse("naive+kneser-ney(order=2)"), "forecast")
    assert [kind.__name__ for kind in found.attribute.kinds] == ["Naive", "QuantisedKneserNey"]
    model = _made("naive+kneser-ney(order=2, bins=8)", "forecast")
    assert model.parts[1].config.bins == 8  # type: ignore[attr-defined]


def test_of_a_task_without_sums_language_models_are_mixed_and_then_reduced() -> None:
    found = registry.find_model(parse("kneser-ney+unigram"), "classify")
    assert (found.reduction, found.attribute.task) == ("Bayes", "classify")
    assert [kind.__name__ for kind in found.attribute.language_model.kinds] == ["KneserNey", "Unigram"]


@pytest.mark.parametrize(
    ("text", "task", "words"),
    [
        ("naive-bayes+majority", "classify", "models of the task classify cannot be added, only those of lm and forec"),
        ("naive+naive-bayes", "forecast", "naive-bayes is of the task classify, not forecast"),
        ("kneser-ney+naive", "lm", "naive is of the task forecast, not lm"),
    ],
)
def test_what_cannot_be_added_is_told(text: str, task: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        registry.find_model(parse(text), task)


def test_a_sum_is_at_home_where_its_first_model_is_and_keeps_the_laws_there() -> None:
    assert registry.home_task(parse("kneser-ney+unigram")) == "lm"
    assert registry.home_task(parse("naive+drift")) == "forecast"
    assert {check.name for check in api.check("naive+drift") if not check.passed} == set()
