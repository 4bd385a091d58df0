"""Sampled texts and a passage of the test text: each symbol's bits are those that the model gives it."""

from typing import Any

import numpy as np
import pytest

from seqbench.baselines.ngrams.models import KneserNey, NgramConfig
from seqbench.interface import Budget, Documents, Floats, Ids
from seqbench.tasks.base import Scored
from seqbench.tasks.language.data import Convention, TextData, TextSplit, Unit
from seqbench.tasks.language.exhibits import LENGTH, TEMPERATURES, Fit, passage, passages, samples
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.sampling import draw
from seqbench.tasks.language.task import LanguageModelling
from seqbench.tasks.language.vocab import EOS, UNK, Vocab

KIND = LanguageModelling()
VOCAB = Vocab((UNK, EOS, "a", "b", "c", "d"))


def text(convention: Convention, unit: Unit = "word", lines: int = 40) -> TextData:
    def part(seed: int) -> TextSplit:
        rng = np.random.default_rng(seed)
        drawn = [np.append(2 + np.sort(rng.integers(4, size=rng.integers(3, 9))), 1) for _ in range(lines)]
        ids = drawn if convention == "sentence" else [np.concatenate(drawn)]
        return TextSplit(ids, [np.ones(len(line), np.int64) for line in ids])

    return TextData("made", VOCAB, part(0), part(1), part(2), convention, unit)


def fitted(data: TextData, model: LanguageModel[Any] | None = None, broken: frozenset[str] = frozenset()) -> Fit:
    model = model or KneserNey(NgramConfig(order=3))
    model.fit(data.train.documents, KIND.context(data, "test", 0, Budget(), "cpu", lambda name, value: None))
    return Scored(model, data, KIND.score(model, data, "test"), {}, None, broken, seed=5)


def ids_of(one: dict[str, Any]) -> Ids:
    return VOCAB.encode(one["symbols"])


@pytest.mark.parametrize("convention", ["stream", "sentence"])
def test_the_bits_of_sampled_symbols_are_those_of_predict_on_the_same_text(convention: Convention) -> None:
    fit = fitted(text(convention))
    found = samples(fit)
    assert found is not None
    assert [one["temperature"] for one in found] == list(TEMPERATURES)
    for one in found:
        ids = ids_of(one)
        assert len(ids) == len(one["bits"]) == LENGTH["word"]
        assert 0 not in ids  # never <unk>
        ends = np.flatnonzero(ids == 1) + 1 if convention == "sentence" else []
        pieces = [piece for piece in np.split(ids, ends) if len(piece)]  # in sentences, each line starts anew
        bits = -np.concatenate([fit.model.predict(piece[None])[0][0] for piece in pieces]) / np.log(2)
        np.testing.assert_allclose(one["bits"], bits, atol=0.006)


def test_texts_become_more_surprising_with_the_temperature_and_depend_on_the_seed_alone() -> None:
    fit = fitted(text("stream"))
    first, again = samples(fit), samples(fit)
    assert first == again
    assert first is not None
    means = [np.mean(one["bits"]) for one in first]
    assert means == sorted(means)


def test_the_texts_are_those_of_the_command_with_the_same_settings() -> None:
    fit = fitted(text("stream"))
    found = samples(fit)
    assert found is not None
    drawn = draw(fit.model, LENGTH["word"], temperature=0.5, exclude=[0], seed=5)
    assert ids_of(found[0]).tolist() == drawn.ids.tolist()


def test_after_the_end_of_a_document_nothing_is_known() -> None:
    """The model, asked from the start, says 0 first; within a document it says the next number."""

    class Count(LanguageModel[int]):
        vocab_size = 4

        def fit(self, train: Documents, ctx: LanguageContext) -> None: ...

        def predict(self, ids: Ids, state: int | None = None) -> tuple[Floats, int]:
            raise NotImplementedError

        def next(self, state: int | None = None, batch: int = 1) -> Floats:
            return np.eye(4)[[0 if state is None else (state + 1) % 4]]

    class Counts(Count):
        def predict(self, ids: Ids, state: int | None = None) -> tuple[Floats, int]:
            return np.zeros(ids.shape), int(ids[0, -1])

    assert draw(Counts(), 7).ids.tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert draw(Counts(), 7, ends=2).ids.tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_a_model_that_sees_the_future_has_no_texts() -> None:
    assert samples(fitted(text("stream"), broken=frozenset({"causal"}))) is None


class Plain(LanguageModel[None]):
    """Every symbol is as probable as every other; it has no `next` of its own."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        self.vocab_size = ctx.vocab.size
        self.calls = 0

    def predict(self, ids: Ids, state: None = None) -> tuple[Floats, None]:
        self.calls += 1
        return np.full(ids.shape, -np.log(self.vocab_size)), None


def test_a_model_without_next_is_asked_a_bounded_number_of_times() -> None:
    fit = fitted(text("stream", "character"), Plain())
    found = samples(fit)
    assert found is not None
    assert {len(one["symbols"]) for one in found} == {222}  # 4,000 calls for three texts of six symbols
    assert isinstance(fit.model, Plain)
    assert fit.model.calls < 5_000
    fit.model.vocab_size = 33_278
    large = TextData(**{**vars(fit.data), "vocab": Vocab(tuple(f"w{i}" for i in range(33_278)))})
    with pytest.raises(ValueError, match="no method `next`, and 33,278 symbols are too many"):
        samples(Scored(fit.model, large, fit.columns, {}, None, frozenset(), 0))


@pytest.mark.parametrize("convention", ["stream", "sentence"])
@pytest.mark.parametrize("lines", [1, 5, 40])
def test_the_passage_is_test_text_from_the_start_of_a_line_with_the_bits_of_scoring(
    convention: Convention, lines: int
) -> None:
    fit = fitted(text(convention, lines=lines))
    found = passage(fit)
    whole = np.concatenate(list(fit.data.test.documents))
    ids = ids_of(found)
    assert len(ids) == min(len(whole), LENGTH["word"])
    (starts,) = [
        [start for start in range(len(whole) - len(ids) + 1) if (whole[start : start + len(ids)] == ids).all()]
    ]
    bits = [fit.columns["nats"][start : start + len(ids)] / np.log(2) for start in starts]
    assert any(np.allclose(found["bits"], one, atol=0.006) for one in bits)
    if lines == 40:
        assert any(start == 0 or whole[start - 1] == 1 for start in starts)


def test_passages_are_read_from_a_record(record: Any) -> None:
    told = {
        "passage": {"symbols": ["a", EOS, "<script>"], "bits": [1.0, 0.5, "Infinity"]},
        "samples": [{"temperature": 0.5, "symbols": ["b", "\n"], "bits": [2, 3]}],
    }
    test, sampled = passages(record(told, unit="word"))
    assert (test.title, test.symbols, test.weights) == (
        "A passage of the test text",
        ["a", "\n", "<script>"],
        [1.0, 0.5, np.inf],
    )
    assert (sampled.title, sampled.symbols, sampled.unit, sampled.gap) == (
        "Sampled at temperature 0.5",
        ["b", "\n"],
        "bits",
        " ",
    )
    assert passages(record(told, unit="character"))[0].gap == ""
    assert passages(record({})) == []
