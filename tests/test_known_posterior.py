"""The suite `doc` where the answer is known: who reaches the true posterior, who is at chance, nobody beyond."""

from pathlib import Path

import pandas as pd
import pytest

import seqbench

ORDERLESS = ["naive-bayes", "logistic-regression", "perceptron"]
ORDERED = ["kneser-ney(order=3)", "lstm"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    frame = seqbench.run(
        "doc",
        datasets=["synthetic-words", "synthetic-order"],
        models=[*ORDERLESS, *ORDERED],
        seeds=3,  # what is said of the LSTM is said of the mean
        store=tmp_path_factory.mktemp("store"),
        jobs=2,
    )
    frame["name"] = frame["model"].str.removesuffix(" (Bayes)")
    return frame.set_index(["dataset", "name"])


def test_every_row_is_ok_and_none_passes_the_truth(found: pd.DataFrame) -> None:
    assert set(found["status"]) == {"ok"}
    assert not found["beats_truth"].any()
    assert not found["marks"].any()


def test_single_words_are_all_that_a_bag_of_words_needs(found: pd.DataFrame) -> None:
    truth = found.loc[("synthetic-words", "true model"), "accuracy"]
    assert found.loc[("synthetic-words", "naive-bayes"), "accuracy"] > truth - 0.02
    assert truth > 0.8


def test_order_is_chance_to_a_bag_of_words(found: pd.DataFrame) -> None:
    """Of 2,000 documents a guess is right in 50 ± 4.5 % at four standard errors."""
    for name in ORDERLESS:
        assert abs(found.loc[("synthetic-order", name), "accuracy"] - 0.5) < 0.045


@pytest.mark.parametrize("name", ORDERED)
def test_order_is_learned_by_models_of_order(found: pd.DataFrame, name: str) -> None:
    truth = found.loc[("synthetic-order", "true model"), "accuracy"]
    assert found.loc[("synthetic-order", name), "accuracy"] > truth - 0.02


def test_a_language_model_in_the_table_names_its_reduction(found: pd.DataFrame) -> None:
    assert found.loc[("synthetic-order", "kneser-ney(order=3)"), "model"] == "kneser-ney(order=3) (Bayes)"


@pytest.mark.parametrize("model", ["naive-bayes", "kneser-ney(order=2)"])
def test_new_documents_are_classified_by_a_kept_fit_or_by_one_made_again(tmp_path: Path, model: str) -> None:
    rows = [f"{'good fine' if i % 2 else 'bad poor'} thing{i},{'yes' if i % 2 else 'no'}" for i in range(60)]
    (tmp_path / "mine.csv").write_text("\n".join(["body,category", *rows]) + "\n")
    (tmp_path / "new.csv").write_text("body\ngood fine\nbad poor thing\n")
    options = {"text": "body", "label": "category"}
    data, store = tmp_path / "mine.csv", tmp_path / "store"
    frame = seqbench.run("doc", data=data, data_options=options, models=[model], store=store, keep=True)
    assert frame["accuracy"].tolist() == [1.0]
    (record,) = store.rglob("record.json")
    said = seqbench.predict(str(record.parent), tmp_path / "new.csv", store)
    assert said["predicted"].tolist() == ["yes", "no"]
    assert said[["p(no)", "p(yes)"]].sum(axis=1).tolist() == pytest.approx([1, 1])


def test_the_record_tells_of_classes(tmp_path: Path) -> None:
    from seqbench.evidence.records import Record
    from seqbench.runs.store import Store

    seqbench.run("doc", datasets=["synthetic-words"], models=["naive-bayes"], store=tmp_path)
    record = next(r for r in Store(tmp_path).records() if isinstance(r, Record) and r.kind == "classic")
    detail = record.detail
    assert sum(map(sum, detail["confusion"])) == 2000
    assert len(detail["classes"]) == len(detail["f1"]) == len(detail["precision"]) == len(detail["recall"]) == 4
    right = sum(detail["confusion"][i][i] for i in range(4))
    assert right / 2000 == pytest.approx(record.scores["test"]["accuracy"])
    assert sum(detail["f1"]) / 4 == pytest.approx(record.scores["test"]["macro_f1"])
