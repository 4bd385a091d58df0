"""A sentence of one's own goes through the fit of a run, and a picture shows where the model looked."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from toys import Coins
from translators import Attentive, Dictionary
from typer.testing import CliRunner

import seqbench
from seqbench import translating
from seqbench.cli import app
from seqbench.data import DataError, Dataset
from seqbench.datasets.synthetic.pairs import CopyWords
from seqbench.evidence.laws import ScoreError
from seqbench.interface import Budget
from seqbench.reports.pictures import draw_heads, draw_weights
from seqbench.tasks.translations.task import Translation
from seqbench.translating import translate

TOYS = Path(__file__).parents[1] / "toys" / "translators.py"
DATA = CopyWords(train_pairs=200, valid_pairs=20, test_pairs=20, longest=4)
SPEC = "copy-words(train_pairs=200, valid_pairs=20, test_pairs=20, longest=4)"


class Run:
    """Takes the place of a kept run."""

    def __init__(self, toy: type[Dictionary], data: Dataset[Any] = DATA, written: bool = False) -> None:
        self.cell, self.toy, self.encoding = data, toy, {"written": written}
        self.record = SimpleNamespace(label=toy.__name__, identity=SimpleNamespace(dataset="copy-words"))

    def model(self) -> Dictionary:
        model, held, kind = self.toy(), DATA.load(), Translation()
        model.fit(held.train, kind.context(held, "test", 0, Budget(), "cpu", lambda *_: None))
        return model


@pytest.fixture
def lend(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], None]:
    """Makes a run the one that is found."""
    monkeypatch.setattr(translating, "data_of", lambda cell: cell)
    return lambda run: monkeypatch.setattr(translating, "kept_run", lambda name, store: run)


def test_a_sentence_is_translated_by_the_model_and_by_its_beam_search(lend: Callable[[Run], None]) -> None:
    lend(Run(Attentive))
    words = translate("run", "w01 w02")
    assert len(words.split()) == 2
    assert translate("run", "w01 w02", beam=7) == f"beam7 {words}"


def test_a_text_comes_back_as_people_write_it(lend: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dictionary, "predict", lambda self, sources: [["yes", ",", "no"]])
    for written, text in ((True, "yes, no"), (False, "yes , no")):
        lend(Run(Dictionary, written=written))
        assert translate("run", "w01") == text


@pytest.mark.parametrize(
    ("toy", "text", "options", "words"),
    [
        (Dictionary, "w01", {"beam": 3}, r"Dictionary has no method `translate`, which --beam needs; leave --beam out"),
        (Dictionary, "w01", {"attention": "a.png"}, r"Dictionary has no method `attention`, which --show-attention"),
        (Attentive, "w01", {"memory": "a.png"}, r"Attentive has no method `memory`, which --show-memory needs"),
        (Attentive, "w01", {"memory": "a.bmp2"}, r"there is no picture format '\.bmp2'; use \.png"),
        (Attentive, "w01", {"attention": "a.bmp2"}, r"there is no picture format '\.bmp2'; use \.png"),
        (Attentive, "  ", {}, r"the source is empty"),
    ],
)
def test_what_cannot_be_done_is_told(
    lend: Callable[[Run], None], toy: type[Dictionary], text: str, options: dict[str, Any], words: str
) -> None:
    lend(Run(toy))
    with pytest.raises(ValueError, match=words):
        translate("run", text, **options)


def test_weights_of_the_wrong_shape_are_refused(
    lend: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Attentive, "attention", lambda self, source, target: np.eye(2))
    lend(Run(Attentive))
    with pytest.raises(
        ScoreError, match=r"attention returned shape \(2, 2\) for 3 words and <eos>, and 3 words of the"
    ):
        translate("run", "w01 w02 w03", attention=tmp_path / "a.png")


@pytest.mark.parametrize("heads", [{}, {"read": np.ones((5, 3))}, {"read": np.ones(6)}])
def test_heads_of_the_wrong_shape_are_refused(
    lend: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, heads: dict[str, Any]
) -> None:
    monkeypatch.setattr(Attentive, "memory", lambda self, source, target: heads, raising=False)
    lend(Run(Attentive))
    with pytest.raises(ScoreError, match="memory must return weights of 6 steps for each head"):
        translate("run", "w01 w02", memory=tmp_path / "a.png")


def test_a_run_without_sentences_is_refused(lend: Callable[[Run], None]) -> None:
    lend(Run(Dictionary, data=Coins()))
    with pytest.raises(ValueError, match="copy-words has no sentences to translate; name a run of a translator"):
        translate("run", "heads")


def test_the_picture_has_the_words_as_ticks(tmp_path: Path) -> None:
    draw_weights(np.array([[0.9, 0.1], [0.2, 0.8]]), ["man", "<eos>"], ["ein", "Mann"], tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    for word in ("ein", "Mann", "man", "&lt;eos&gt;"):
        assert re.search(rf"<!-- {word} -->", text), word


def test_the_picture_of_heads_has_a_panel_for_each_and_the_steps_as_ticks(tmp_path: Path) -> None:
    heads = {"read head 1": np.eye(3, 4), "write head": np.eye(3, 4)}
    draw_heads(heads, ["01", "(end)", "11"], tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    for word in ("read head 1", "write head", "01", "11", r"\(end\)", "row of the memory"):
        assert re.search(rf"<!-- {word} -->", text), word


def test_the_fit_of_a_run_translates_a_sentence_and_a_file_from_the_command_line(tmp_path: Path) -> None:
    suite, store = tmp_path / "toys.toml", tmp_path / "results"
    suite.write_text(
        f"name = 'toys'\ntask = 'translate'\nsummary = 'toys'\ndatasets = ['{SPEC}']\nmodels = ['{TOYS}:Attentive']\n"
        "[presets.quick]\nbudget = {epochs = 1}\nlimits = {seconds = 60, memory_gb = 4}\n"
    )
    assert set(seqbench.run(str(suite), store=store, keep=True, jobs=1)["status"]) == {"ok"}
    run = str(next(file.parent for file in store.glob("*/*/*/record.json") if "Attentive" in str(file)))
    picture = tmp_path / "attention.png"
    arguments = ["translate", run, "w01 w02", "--beam", "2", "--show-attention", str(picture), "--store", str(store)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("beam2 ")
    assert picture.read_bytes()[:4] == b"\x89PNG"
    (tmp_path / "new.txt").write_text("w01 w02\nw03\n")
    frame = seqbench.predict(run, tmp_path / "new.txt", store)
    assert list(frame.columns) == ["sentence", "translation"]
    assert [len(text.split()) for text in frame["translation"]] == [2, 1]
    (tmp_path / "new.txt").write_text("w01 w02\n\nw03\n")
    with pytest.raises(DataError, match=r"new\.txt, line 2: the source is empty"):
        seqbench.predict(run, tmp_path / "new.txt", store)
