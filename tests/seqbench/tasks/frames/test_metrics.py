"""What is stored of each frame, what the score is, and what a table says of estimates."""

import numpy as np
import pytest
from composers import Estimated, Shares

import seqbench
from seqbench import FrameModel
from seqbench.datasets.synthetic.chorales import MadeChorales
from seqbench.tasks import task
from seqbench.tasks.base import Sampling
from seqbench.tasks.frames.metrics import NATS_PER_FRAME, item_columns
from seqbench.tasks.frames.notes import as_text, note

KIND = task("frames")


def said(*pieces: list[list[float]]) -> np.ndarray:
    rows = np.empty(len(pieces), dtype=object)
    rows[:] = [None] * len(pieces)
    for i, piece in enumerate(pieces):
        rows[i] = np.array(piece)
    return rows


def test_the_score_is_the_mean_over_all_frames_of_all_pieces() -> None:
    rolls = [np.zeros((3, 2), np.int8), np.zeros((1, 2), np.int8)]
    columns = item_columns(said([[-1.0, 0], [-2.0, 0], [-3.0, 0]], [[-10.0, 0.5]]), rolls)
    assert columns["place"].tolist() == [1, 2, 3, 1]
    assert columns["piece"].tolist() == [0, 0, 0, 1]
    assert NATS_PER_FRAME(columns)[0] == pytest.approx(4.0)


def test_a_frame_that_is_impossible_makes_the_score_infinite() -> None:
    columns = item_columns(said([[-1.0, 0], [-np.inf, 0]]), [np.zeros((2, 2), np.int8)])
    assert NATS_PER_FRAME(columns)[0] == np.inf


@pytest.mark.parametrize(("kind", "error"), [(Shares, 0.0), (Estimated, 0.1)])
def test_a_record_tells_the_error_of_an_estimate(kind: type[FrameModel], error: float) -> None:
    data, model = MadeChorales(train_pieces=20, valid_pieces=4, test_pieces=6).load(), kind()
    model.fit(data.train, KIND.context(data, "test", 0, seqbench.Budget(), "cpu", lambda name, value: None))
    columns = KIND.score(model, data, "test")
    detail = KIND.detail(columns, data, columns)
    assert detail["error"] == pytest.approx(error)  # all scores have one error, as if they shared one estimate
    first = [-model.predict([roll[:1]])[0].reshape(1, -1)[0, 0] for roll in data.test]
    assert detail["first"] == pytest.approx(np.mean(first), rel=1e-6)


def test_notes_have_the_names_of_the_piano() -> None:
    assert [note(pitch) for pitch in (21, 60, 61, 69, 108)] == ["A0", "C4", "C#4", "A4", "C8"]
    roll = np.zeros((2, 88), np.int8)
    roll[0, [39, 43]] = 1
    assert as_text(roll, 21) == "C4+E4\nrest"


def test_a_model_that_draws_nothing_says_so_and_settings_of_text_are_refused() -> None:
    data, model = MadeChorales(train_pieces=20, valid_pieces=4, test_pieces=6).load(), Shares()
    with pytest.raises(ValueError, match="Shares draws no frames; choose another model"):
        KIND.sample(model, data, Sampling(4))
    assert data.truth is not None
    assert len(KIND.sample(data.truth, data, Sampling(4, seed=1)).split("\n")) == 4
    with pytest.raises(ValueError, match="length must be 1 or more frames, not 0"):
        KIND.sample(data.truth, data, Sampling(0))
    with pytest.raises(ValueError, match="give only the length and the seed"):
        KIND.sample(data.truth, data, Sampling(4, temperature=0.5))
