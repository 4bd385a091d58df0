"""The chorales have the published sizes, and the protocol is that of the paper: its two simplest rows come out."""

import numpy as np
import pytest

from seqbench import Budget
from seqbench.baselines.frames.notes import NoteNgram, NoteNgramConfig
from seqbench.datasets.download import verify
from seqbench.datasets.rolls.chorales import JSBChorales
from seqbench.tasks.frames.data import FrameData
from seqbench.tasks.frames.model import FramesContext


@pytest.fixture(scope="module")
def chorales() -> FrameData:
    if not all(state.good for state in verify(["jsb-chorales"])):
        pytest.skip("jsb-chorales is not at hand: seqbench data fetch jsb-chorales")
    return JSBChorales().load()


def test_pieces_and_frames_are_as_many_as_published(chorales: FrameData) -> None:
    parts = chorales.train, chorales.valid, chorales.test
    assert [len(part) for part in parts] == [229, 76, 77]
    assert [sum(map(len, part)) for part in parts] == [13_807, 4_602, 4_725]
    sounding = np.flatnonzero(np.concatenate(list(chorales.train)).any(axis=0)) + chorales.lowest
    assert (sounding.min(), sounding.max()) == (43, 96)


def score(data: FrameData, config: NoteNgramConfig) -> float:
    model = NoteNgram(config)
    model.fit(data.train, FramesContext(seed=0, budget=Budget(), valid=data.valid, keys=88))
    return float(np.concatenate(model.predict(data.test)).mean())


def test_independent_notes_have_the_published_log_likelihood(chorales: FrameData) -> None:
    """Table 1 of Boulanger-Lewandowski et al. 2012: note 1-gram −11.06; random −61.00."""
    assert score(chorales, NoteNgramConfig()) == pytest.approx(-11.0614, abs=1e-4)
    assert score(chorales, NoteNgramConfig(strength=1e12)) == pytest.approx(-88 * np.log(2), abs=1e-4)


def test_note_ngrams_have_the_published_log_likelihood(chorales: FrameData) -> None:
    """The same table: note N-gram −10.26."""
    assert score(chorales, NoteNgramConfig(order=6)) == pytest.approx(-10.26, abs=0.05)
