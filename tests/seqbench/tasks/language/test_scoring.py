"""What is kept of scoring is what was scored, and its places lie all over the text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.evidence.laws import ScoreError
from seqbench.interface import Documents, Floats, Ids
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.scoring import FEWEST, PIECE, Witness, score_documents


class Counter(LanguageModel[int]):
    """The score of a symbol tells its place in its document, from 0. State: number of symbols read."""

    vocab_size = 1_000_000

    def fit(self, train: Documents, ctx: LanguageContext) -> None: ...

    def predict(self, ids: Ids, state: int | None = None) -> tuple[Floats, int]:
        read = state or 0
        return -np.tile(read + np.arange(ids.shape[1], dtype=float), (len(ids), 1)), read + ids.shape[1]


class AboveOne(Counter):
    def predict(self, ids: Ids, state: int | None = None) -> tuple[Floats, int]:
        scores, read = super().predict(ids, state)
        return np.where(scores == -5000, 0.1, scores), read


def _lengths() -> st.SearchStrategy[list[int]]:
    return st.lists(st.one_of(st.integers(0, 40), st.sampled_from([30, PIECE, 2 * PIECE + 7])), max_size=12)


@settings(max_examples=60, deadline=None)
@given(_lengths(), st.integers(0, 99))
def test_a_kept_call_made_again_from_its_state_gives_its_scores(lengths: list[int], seed: int) -> None:
    starts = np.cumsum([0, *lengths])
    documents = [np.arange(start, start + length) for start, length in zip(starts, lengths, strict=False)]
    model, witness = Counter(), Witness(lengths, seed)
    nats = score_documents(model, documents, witness)
    assert (1 if sum(lengths) else 0) <= len(witness.calls) <= FEWEST
    for call in witness.calls:
        np.testing.assert_array_equal(model.predict(call.ids, call.state)[0], call.scores)
        np.testing.assert_array_equal(np.concatenate(nats)[call.ids], -call.scores)
        assert call.ids.shape[1] <= PIECE
    np.testing.assert_array_equal(np.concatenate([np.empty(0), *nats]), [t for n in lengths for t in range(n)])


def test_each_stretch_of_the_text_has_a_place_and_every_call_a_chance() -> None:
    calls = 8
    text = [np.arange(calls * PIECE)]
    firsts = []
    for seed in range(200):
        witness = Witness([len(text[0])], seed)
        score_documents(Counter(), text, witness)
        kept = [(call.state or 0) // PIECE for call in witness.calls]
        assert [call * FEWEST // calls for call in kept] == list(range(FEWEST))
        firsts += kept
    assert set(firsts) == set(range(calls))


def test_a_long_text_has_more_places() -> None:
    text = [np.zeros(480 * PIECE, np.int64)]
    witness = Witness([len(text[0])], 0)
    score_documents(Counter(), text, witness)
    assert len(witness.calls) == 10


def test_documents_of_equal_length_are_kept_as_they_were_scored_together() -> None:
    witness = Witness([9] * 30, 0)
    score_documents(Counter(), [np.arange(9)] * 30, witness)
    assert {call.ids.shape for call in witness.calls} == {(30, 9)}


def test_a_probability_above_one_ends_scoring_wherever_it_stands() -> None:
    with pytest.raises(ScoreError, match=r"above 0, up to 0\.1, for 1 of 4,096 symbols"):
        score_documents(AboveOne(), [np.arange(9_000)])
