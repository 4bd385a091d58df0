"""Pairs of a known rule: each source has one target, no source is in two parts, and the true model makes no error."""

from datetime import date, timedelta

import numpy as np
import pytest

from seqbench.data import DataError
from seqbench.datasets.synthetic.pairs import (
    FORMS,
    CopyWords,
    Dates,
    Numbers,
    Reverse,
    RuleTranslator,
    Sort,
    SyntheticPairs,
    _iso,
    written_date,
)
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.laws import Witness, check_fitted, score
from seqbench.tasks.translations.model import Pairs

SOURCES: list[type[SyntheticPairs]] = [CopyWords, Reverse, Sort, Numbers, Dates]
SMALL = {"train_pairs": 300, "valid_pairs": 50, "test_pairs": 80}


def small(source: type[SyntheticPairs], **options: object) -> SyntheticPairs:
    return source.model_validate({**SMALL, **options})


@pytest.mark.parametrize("source", SOURCES)
def test_no_source_is_in_two_parts_and_every_word_is_in_the_vocabulary(source: type[SyntheticPairs]) -> None:
    data = small(source).load()
    parts = (data.train, data.valid, data.test)
    assert [len(part) for part in parts] == list(SMALL.values())
    sources = [tuple(words) for part in parts for words in part.sources]
    assert len(set(sources)) == len(sources)
    assert data.source_vocab is not None
    assert {word for words in sources for word in words} <= set(data.source_vocab.symbols)
    assert {word for part in parts for words in part.targets for word in words} <= set(data.target_vocab.symbols)


@pytest.mark.parametrize("source", SOURCES)
def test_the_true_model_makes_no_error_and_keeps_the_laws(source: type[SyntheticPairs]) -> None:
    data, witness = small(source).load(), Witness()
    assert isinstance(data.truth, RuleTranslator)
    said, log_p = score(data.truth, data.test, witness)
    assert [list(words) for words in said] == [list(words) for words in data.test.targets]
    assert log_p is not None
    assert np.concatenate(log_p).min() > -1e-6
    checks = check_fitted(data.truth, data.test, data.target_vocab, 0, witness)
    assert [check.message for check in checks if not check.passed] == []


@pytest.mark.parametrize("source", SOURCES)
def test_the_seed_alone_decides_the_pairs(source: type[SyntheticPairs]) -> None:
    one, again, other = (small(source, seed=seed).load().train.sources for seed in (1, 1, 2))
    assert one == again
    assert one != other
    assert small(source, seed=1).fingerprint() != small(source, seed=2).fingerprint()


@pytest.mark.parametrize(
    ("source", "words", "target"),
    [
        (CopyWords, ["w03", "w01", "w03"], ["w03", "w01", "w03"]),
        (Reverse, ["w03", "w01", "w02"], ["w02", "w01", "w03"]),
        (Sort, ["w03", "w01", "w03"], ["w01", "w03", "w03"]),
        (Numbers, list("105"), ["one", "hundred", "five"]),
        (Dates, list("Monday,_3_May_2021"), list("2021-05-03")),
    ],
)
def test_the_rule_is_the_one_that_the_name_says(
    source: type[SyntheticPairs], words: list[str], target: list[str]
) -> None:
    assert source().rule()(words) == target


def test_every_form_of_every_day_of_a_leap_year_is_read_as_that_day() -> None:
    first = date(2024, 1, 1)
    for form in FORMS:
        for number in range(366):
            day = first + timedelta(days=number)
            text = written_date(day, form)
            assert "".join(_iso(list(text.replace(" ", "_")))) == day.isoformat(), text


def test_no_date_in_one_form_is_another_date_in_another_form() -> None:
    read: dict[str, date] = {}
    for year in (1912, 2011):
        for number in range(365):
            day = date(year, 1, 1) + timedelta(days=number)
            for form in FORMS:
                assert read.setdefault(written_date(day, form), day) == day


@pytest.mark.parametrize(
    ("source", "text", "target"),
    [
        (Reverse, " w01  w02 ", "w02 w01"),
        (Numbers, "1 002", "one thousand two"),
        (Dates, "May the 3rd, 2021", "2 0 2 1 - 0 5 - 0 3"),
    ],
)
def test_a_new_source_is_read_as_people_write_it(source: type[SyntheticPairs], text: str, target: str) -> None:
    data = source()
    assert data.rule()(data.sentence(text)) == target.split()
    with pytest.raises(DataError, match="the source is empty"):
        data.sentence(" ")


@pytest.mark.parametrize("source", [CopyWords, Numbers])
def test_sources_of_the_test_part_may_be_longer_than_all_of_training(source: type[SyntheticPairs]) -> None:
    data = small(source, longest=5, test_longest=9).load()
    assert max(map(len, data.train.sources)) == max(map(len, data.valid.sources)) == 5
    assert {len(words) for words in data.test.sources} == {6, 7, 8, 9}


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        (CopyWords, {"longest": 5, "test_longest": 5}, "test_longest=5 must exceed longest=5; enlarge it"),
        (
            Numbers,
            {"longest": 1, "train_pairs": 11},
            "there are only about 10 different sources, too few for 11",
        ),
        (Reverse, {"longest": 1, "words": 20, "train_pairs": 25}, "only about 20 different sources"),
        (Dates, {"first_year": 2000, "last_year": 1999}, "last_year=1999 is before first_year=2000; exchange them"),
    ],
)
def test_options_that_cannot_be_met_are_refused(
    source: type[SyntheticPairs], options: dict[str, int], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        small(source, **options).load()


def test_the_probabilities_of_the_true_model_follow_the_target_and_not_what_comes_after() -> None:
    vocab = Vocab((UNK, EOS, "a", "b"))
    model = RuleTranslator(list, vocab)
    right, wrong = model.log_p([["a", "b"]] * 2, [["a", "b"], ["b", "b", "b"]])
    np.testing.assert_allclose(np.exp(right), 1, atol=1e-8)
    np.testing.assert_allclose(np.exp(wrong), [1e-9, 1 / 4, 1 / 4, 1 / 4], rtol=1e-6)
    assert model.predict([["a"]]) == [["a"]]
    assert Pairs([["a"]], [["a"]]).written is None
