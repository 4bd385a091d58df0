"""On sources whose true model is known, the right model comes near it, no honest one passes it, and peeking shows."""

import pandas as pd
import pytest

import seqbench

MODELS = ["kneser-ney(order=3)", "witten-bell(order=3)", "hmm", "bilstm(hidden_size=8, embedding_size=8)"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    store = tmp_path_factory.mktemp("known-truth")
    return seqbench.run("lm", models=MODELS, datasets=["synthetic-markov", "synthetic-hmm"], store=store)


def _row(table: pd.DataFrame, dataset: str, model: str) -> pd.Series:
    (position,) = table.index[(table["dataset"] == dataset) & (table["model"] == model)]
    return table.loc[position]


@pytest.mark.parametrize(
    ("dataset", "model"),
    [
        ("synthetic-markov", "kneser-ney(order=3)"),
        ("synthetic-markov", "witten-bell(order=3)"),
        ("synthetic-hmm", "hmm"),
    ],
)
def test_the_right_model_comes_within_one_per_cent_of_the_true_one(
    table: pd.DataFrame, dataset: str, model: str
) -> None:
    truth = _row(table, dataset, "true model")["perplexity"]
    assert _row(table, dataset, model)["perplexity"] / truth < 1.01


def test_no_honest_model_is_better_than_the_true_one_beyond_the_paired_interval(table: pd.DataFrame) -> None:
    honest = table[(table["kind"] != "truth") & (table["marks"] == "")]
    assert len(honest) == 6
    assert honest["status"].eq("ok").all()
    assert not honest["beats_truth"].any()


def test_the_bidirectional_model_gets_its_mark_from_the_check(table: pd.DataFrame) -> None:
    for dataset in ("synthetic-markov", "synthetic-hmm"):
        row = _row(table, dataset, MODELS[-1])
        assert row["marks"].split()[0] == "***"
        assert "causal" in row["broken_laws"].split()
        assert pd.isna(row["verdict"])
