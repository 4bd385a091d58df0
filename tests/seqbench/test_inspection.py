"""`seqbench inspect`: gradients of new fits, units of stored ones, and errors that say what to do."""

import re
from pathlib import Path

import numpy as np
import pytest
from commands import called

import seqbench
from seqbench import inspection
from seqbench.evidence.records import Record
from seqbench.runs.store import Store

CHAIN = "synthetic-markov(train_tokens=3000, valid_tokens=500, test_tokens=500)"
SMALL = "hidden_size=8, embedding_size=4"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("book") / "book.txt"
    file.write_text("if ( x ) { y } <b>\n" * 300)
    return file


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, book: Path) -> Path:
    """Runs of an LSTM on words and on characters, of a GRU, and of a model without units."""
    folder = tmp_path_factory.mktemp("store") / "results"
    models = [f"lstm({SMALL})", f"gru({SMALL})", "unigram"]
    seqbench.run("lm", models=models, data=book, store=folder, keep=True)
    options = {"unit": "character"}
    seqbench.run("lm", models=models[:1], data=book, data_options=options, store=folder, keep=True)
    return folder


def record(store: Path, label: str, unit: str = "word") -> Record:
    (found,) = [
        r
        for r in Store(store).records()
        if isinstance(r, Record) and r.label.startswith(label) and r.comparability and r.comparability.unit == unit
    ]
    return found


def folder(store: Path, label: str, unit: str = "word") -> str:
    found = record(store, label, unit)
    return str(Store(store).folder(found.identity, found.key))


def test_gradients_are_measured_at_start_and_after_training_and_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "gradients.png"
    models = [f"elman({SMALL})", f"lstm({SMALL}, layers=2)"]
    found = inspection.gradients(models, 12, dataset=CHAIN, output=picture)
    assert [study.label for study in found] == [f"elman({SMALL})", f"lstm({SMALL}, layers=2)"]
    for study in found:
        assert set(study.reaches) == {"start", "trained"}
        assert all(len(reach.spectral) == 12 for reach in study.reaches.values())
        assert (study.reaches["start"].spectral != study.reaches["trained"].spectral).all()
        assert {how: len(descent.norms) for how, descent in study.descents.items()}["clipped"] == 150
    bound = found[0].bounds["start"]
    assert bound is not None
    assert (found[0].reaches["start"].spectral <= bound).all()
    assert found[1].bounds["trained"] is None
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_same_question_has_the_same_answer() -> None:
    one, two = (inspection.gradients([f"gru({SMALL})"], 5, dataset=CHAIN)[0] for _ in range(2))
    for when in ("start", "trained"):
        np.testing.assert_array_equal(one.reaches[when].spectral, two.reaches[when].spectral)
    assert one.descents["clipped"].norms == two.descents["clipped"].norms


def test_the_command_prints_norms_by_lag_and_what_clipping_does() -> None:
    done = called("inspect", "gradients", "--model", f"elman({SMALL})", "--length", "10", "--dataset", CHAIN)
    assert done.exit_code == 0, done.stderr
    assert re.search(r"lag 1 +lag 10 +per step +bound", done.stdout)
    assert "clipped" in done.stdout


@pytest.mark.parametrize(
    ("models", "length", "output", "words"),
    [
        (["kneser-ney", "bilstm", f"lstm({SMALL})"], 5, "g.png", "kneser-ney, bilstm: no recurrent language model"),
        ([f"lstm({SMALL})"], 600, "g.png", "fewer than 601: use a shorter length"),
        ([f"lstm({SMALL})"], 0, "g.png", "length must be 1 or more, not 0"),
        ([f"lstm({SMALL})"], 5, "g.doc", "no picture format '.doc'; use .png, .svg or .pdf"),
        ([f"lstm({SMALL})"], 5, "nowhere/g.png", "no folder"),
    ],
)
def test_a_mistake_is_told_before_anything_is_trained(
    models: list[str], length: int, output: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "_fitted", lambda *_, **__: pytest.fail("a model was trained"))
    with pytest.raises(ValueError, match=re.escape(words)):
        inspection.gradients(models, length, dataset=CHAIN, output=tmp_path / output)


def test_units_of_a_stored_model_of_words_are_shown_symbol_by_symbol(store: Path, tmp_path: Path) -> None:
    page = tmp_path / "cells.html"
    found, shown = inspection.cells(folder(store, "lstm"), "if ( <b> )\nzebra", count=3, output=page)
    assert list(found.symbols)[:7] == ["if", "(", "<b>", ")", "<eos>", "<unk>", "<eos>"]
    assert found.quantity == "tanh(c)"
    assert found.values.shape == (len(found.symbols), 8)
    text = page.read_text()
    assert [f'<th scope="row">{unit}</th>' in text for unit in range(8)] == [unit in shown for unit in range(8)]
    assert "&lt;b&gt;" in text
    assert "<b>" not in text


def test_units_of_a_stored_model_of_characters_are_shown_too(store: Path) -> None:
    found, shown = inspection.cells(folder(store, "lstm", "character"), "x é)\n", units=[5, 2])
    assert list(found.symbols) == ["x", " ", "<unk>", ")", "\n"]
    assert shown == [5, 2]


def test_a_run_may_be_named_by_the_beginning_of_its_key(store: Path, tmp_path: Path) -> None:
    key = record(store, "gru").key
    page = tmp_path / "cells.html"
    done = called("inspect", "cells", key[:10], "--text", "if ( x", "--unit", "3", "--store", store, "--output", page)
    assert done.exit_code == 0, done.stderr
    assert "deviation of h" in done.stdout
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("label", "unit", "text", "units", "words"),
    [
        ("unigram", "word", "if", [], "unigram is no recurrent language model"),
        ("lstm", "word", "if", [8], "no unit 8: units are 0 to 7"),
        ("lstm", "character", "", [], "the text has no symbols"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    store: Path, label: str, unit: str, text: str, units: list[int], words: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        inspection.cells(folder(store, label, unit), text, units=units)


def test_a_run_that_does_not_exist_is_refused(store: Path) -> None:
    with pytest.raises(ValueError, match="no one run"):
        inspection.cells("abcdef", "if", store=store)
