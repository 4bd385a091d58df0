"""On series whose true model is known, least squares come near it, no classic model passes it, intervals hold."""

import pandas as pd
import pytest

import seqbench

ONE, MANY = "synthetic-ar(horizon=1, valid_steps=200, test_steps=2000)", "synthetic-ar(horizon=12)"
EXCHANGEABLE = "synthetic-seasonal(train_steps=500, valid_steps=3000, test_steps=6000, horizon=6, series=2)"
LINEAR = ["autoregression(lags=5)", "linear-window(window=96)", "naive"]
ASKED = {
    ONE: [*LINEAR, "autoregression(aic=true)"],
    MANY: LINEAR,
    EXCHANGEABLE: ["seasonal-naive", "linear-window(window=48)"],
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """20,000 values to learn from, a step and 12 steps ahead; and 1,000 errors that calibrate."""
    store = tmp_path_factory.mktemp("known-series")
    tables = [seqbench.run("ts", datasets=[d], models=models, store=store) for d, models in ASKED.items()]
    frame = pd.concat(tables)
    assert frame["status"].eq("ok").all()
    return frame.set_index(["dataset", "model"])


@pytest.mark.parametrize("model", ["autoregression(lags=5)", "autoregression(aic=True)"])
def test_one_step_of_an_autoregression_errs_within_two_per_cent_of_the_true_model(
    found: pd.DataFrame, model: str
) -> None:
    truth = found.loc[(ONE, "true model")]
    assert truth["items"] == 2000
    assert found.loc[(ONE, model), "mse"] / truth["mse"] == pytest.approx(1, abs=0.02)
    assert truth["mse"] == pytest.approx(1, abs=4 * (2 / 2000) ** 0.5)  # the variance of the innovations


def test_no_classic_model_passes_the_true_one_beyond_the_paired_interval(found: pd.DataFrame) -> None:
    honest = found[found["kind"] == "classic"]
    assert len(honest) == sum(map(len, ASKED.values()))
    assert not honest["broken_laws"].any()
    assert not honest["beats_truth"].any()


def test_what_sees_less_than_the_process_is_behind_the_true_model(found: pd.DataFrame) -> None:
    """Else the law above would hold of scores that tell nothing apart."""
    for dataset in (ONE, MANY):
        assert found.loc[(dataset, "naive"), "gap_to_truth"] > 0.2


@pytest.mark.parametrize("level", [80, 95])
def test_intervals_hold_within_two_points_of_nominal_where_errors_are_exchangeable(
    found: pd.DataFrame, level: int
) -> None:
    """Conformal ones of the fitted models, and the true model's own."""
    rows = found.loc[EXCHANGEABLE]
    assert len(rows) == 3
    assert (100 * rows[f"coverage_{level}"] - level).abs().max() < 2
