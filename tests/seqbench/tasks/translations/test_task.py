"""A run of translators: what is scored in its own process, what the record shows, and what it leaves out."""

from pathlib import Path

import numpy as np
import pytest
from translators import Dictionary

from seqbench.api import ask, draw, stored_tables
from seqbench.evidence.records import Comparability, Record
from seqbench.interface import Budget
from seqbench.reports.curve import panels
from seqbench.tasks.base import Scored
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.data import TranslationData
from seqbench.tasks.translations.laws import Witness
from seqbench.tasks.translations.metrics import BLEU, EXACT_MATCH, PERPLEXITY
from seqbench.tasks.translations.model import Pairs
from seqbench.tasks.translations.task import Translation

TOYS = Path(__file__).parents[3] / "toys" / "translators.py"
KIND = Translation()


def data(written: bool = False) -> TranslationData:
    """One sentence of one to five words per row; word i is word i."""
    rng = np.random.default_rng(0)
    vocabs = Vocab((UNK, *(f"s{i}" for i in range(5)))), Vocab((UNK, EOS, ",", *(f"t{i}" for i in range(5))))

    def part(count: int) -> Pairs:
        numbers = [rng.integers(5, size=int(rng.integers(1, 6))) for _ in range(count)]
        targets = [[",", *(f"t{i}" for i in n)] for n in numbers]
        texts = [", " + " ".join(target[1:]) for target in targets] if written else None
        return Pairs([["s0", *(f"s{i}" for i in n)] for n in numbers], targets, texts)

    return TranslationData("digits", *vocabs, part(80), part(20), part(40), "words")


class Right(Dictionary):
    """Knows the rule."""

    def predict(self, sources: object) -> object:  # type: ignore[override]
        return [[",", *("t" + str(word)[1:] for word in source[1:])] for source in sources]  # type: ignore[attr-defined]


def fit(model: Dictionary, of: TranslationData) -> Dictionary:
    model.fit(KIND.train(of, "test"), KIND.context(of, "test", 0, Budget(epochs=1), "cpu", lambda *_: None))
    return model


@pytest.mark.parametrize("written", [False, True])
def test_the_rule_scores_one_hundred_per_cent_on_words_and_on_texts(written: bool) -> None:
    of = data(written)
    columns = KIND.score(fit(Right(), of), of, "test")
    assert BLEU(columns)[0] == pytest.approx(1)
    assert EXACT_MATCH(columns)[0] == 1
    assert 1 < PERPLEXITY(columns)[0] < 9
    assert {len(column) for column in columns.values()} == {40}


def test_fits_and_the_validation_part_need_no_test_part() -> None:
    of = KIND.without_test(data())
    model = fit(Right(), of)
    assert KIND.probe(model, of)().passed
    assert EXACT_MATCH(KIND.score(model, of, "valid"))[0] == 1


def test_examples_are_from_all_over_the_test_part() -> None:
    of, witness = data(written=True), Witness()
    model = fit(Right(), of)
    columns = KIND.score(model, of, "test", None, witness)
    examples = KIND.examples(Scored(model, of, columns, {}, witness, frozenset(), 0))["examples"]()
    assert [example["reference"] for example in examples] == [example["translation"] for example in examples]
    written = list(of.test.written or ())
    assert (examples[0]["reference"], examples[-1]["reference"]) == (written[0], written[-1])


def _records(folder: Path, toys: list[str], text: bool) -> list[Record]:
    suite = folder / "toys.toml"
    pairs = "reverse(train_pairs=100, valid_pairs=20, test_pairs=60)"
    models = [f"{TOYS}:{name}" for name in toys]
    suite.write_text(
        f"name = 'toys'\ntask = 'translate'\nsummary = 'toys'\ndatasets = ['{pairs}']\nmodels = {models}\n"
        "[presets.quick]\nbudget = {epochs = 1}\nlimits = {seconds = 60, memory_gb = 4}\n"
    )
    asked = ask(str(suite), store=folder / "results", jobs=1, text=text)
    list(asked.start())
    found = [asked.store.find(cell.identity) for cell in asked.cells]
    return [record for record in found if isinstance(record, Record)]


def test_a_run_is_scored_apart_and_its_record_shows_examples_lengths_and_broken_laws(tmp_path: Path) -> None:
    honest, clairvoyant, company, truth = _records(tmp_path, ["Dictionary", "Clairvoyant", "Company"], text=True)
    assert {record.status for record in (honest, clairvoyant, company, truth)} == {"ok"}
    assert len(honest.detail["examples"]) == 8
    assert set(honest.detail["examples"][0]) == {"source", "reference", "translation"}
    assert sum(stratum["items"] for stratum in honest.detail["strata"]["length"]) == 60
    assert [check.name for check in honest.checks if not check.passed] == []
    assert [check.name for check in truth.checks if not check.passed] == []
    assert "causal" in [check.name for check in clairvoyant.checks if not check.passed]
    assert "batched" in [check.name for check in company.checks if not check.passed]
    assert truth.scores["test"]["exact_match"] == 1
    assert truth.scores["test"]["perplexity"] == pytest.approx(1, abs=1e-6)


def test_a_score_is_drawn_against_the_length_of_the_source_with_intervals(tmp_path: Path) -> None:
    honest, *_ = _records(tmp_path, ["Dictionary"], text=True)
    (panel,) = panels(stored_tables(tmp_path / "results"), "length", "exact_match")
    assert panel.xlabel == "words of the source"
    assert panel.title == "reverse(train_pairs=100, valid_pairs=20, test_pairs=60)"
    dictionary, truth = panel.lines
    expected = [100 * stratum["exact_match"] for stratum in honest.detail["strata"]["length"]]
    assert [point.y for point in dictionary.points] == pytest.approx(expected)
    assert all(point.low <= point.y <= point.high for line in panel.lines for point in line.points)
    assert {point.y for point in truth.points} == {100}
    draw(tmp_path / "results", "length", tmp_path / "lengths.png")
    assert (tmp_path / "lengths.png").read_bytes()[1:4] == b"PNG"
    with pytest.raises(ValueError, match="properties of items: length"):
        draw(tmp_path / "results", "weight", tmp_path / "weights.png")


def test_a_record_without_text_holds_no_word_of_the_data(tmp_path: Path) -> None:
    records = _records(tmp_path, ["Dictionary"], text=False)
    assert all("examples" not in record.detail for record in records)
    assert all("length" in record.detail["strata"] for record in records)
    stored = [file.read_bytes() for file in (tmp_path / "results").rglob("*") if file.is_file()]
    assert not any(b"w07" in content for content in stored)


def test_data_name_the_metric_that_ranks_and_the_others_keep_their_order() -> None:
    basis = Comparability(
        task="translate", dataset="d", data_sha256="", vocab_sha256="", convention="", unit="sentence", items=1
    )
    assert KIND.ranked(basis) == KIND.ranked(None) == KIND.metrics
    by_likelihood = KIND.ranked(basis.model_copy(update={"ranked_by": "perplexity"}))
    assert by_likelihood == (PERPLEXITY, *(metric for metric in KIND.metrics if metric is not PERPLEXITY))
