"""Made music: its true model is right, and no other melody is more probable than the one that it predicts."""

from itertools import pairwise, product

import numpy as np
import pytest

from seqbench.datasets.synthetic import melodies
from seqbench.datasets.synthetic.melodies import COMPOSERS, NOISE, SCALES, TONICS, MadeMusic, MelodyProcess
from seqbench.tasks.language.vocab import EOS

DATA = MadeMusic(train_melodies=600, valid_melodies=50, test_melodies=200).load()


def process() -> MelodyProcess:
    assert isinstance(DATA.truth, MelodyProcess)
    return DATA.truth


def test_melodies_are_in_their_key_and_end_on_the_tonic_or_at_the_longest() -> None:
    for source, melody in zip(DATA.train.sources, DATA.train.targets, strict=True):
        _, notes = process()._asked(source)
        assert set(melody) <= set(notes)
        assert 8 <= len(melody) <= 32
        assert len(melody) == 32 or melody[-1] in (notes[0], notes[-1])
    assert len(set(map(tuple, DATA.train.sources))) == len(COMPOSERS) * len(TONICS) * len(SCALES)


@pytest.mark.parametrize("start", [[], ["G4"], ["C4"] * 9, ["C4"] * 40, ["D5", "<unk>"]])
def test_probabilities_of_all_next_notes_sum_to_one(start: list[str]) -> None:
    source, truth = ["leaping", "G", "minor"], process()
    notes = [symbol for symbol in truth.vocab.symbols if symbol != EOS]
    scores = truth.log_p([source] * len(notes), [[*start, name] for name in notes])
    (ended,) = truth.log_p([source], [start])
    assert sum(np.exp(s[len(start)]) for s in scores) + np.exp(ended[-1]) == pytest.approx(1.0)


@pytest.mark.parametrize("composer", COMPOSERS)
def test_notes_are_drawn_as_often_as_the_true_model_says(composer: str) -> None:
    """Each note after each note, within four standard errors; the true model is asked one note at a time."""
    truth, source, rng = process(), [composer, "C", "major"], np.random.default_rng(3)
    drawn = [truth.draw(source, rng) for _ in range(400)]
    _, notes = truth._asked(source)
    for before in notes:
        after = [b for melody in drawn for a, b in pairwise(melody[:8]) if a == before]
        said = truth.log_p([source] * len(notes), [[before, name] for name in notes])
        p = np.array([np.exp(scores[1]) for scores in said])
        share = np.array([after.count(name) for name in notes]) / len(after)
        assert (np.abs(share - p) < 4 * np.sqrt(p * (1 - p) / len(after)) + 1 / len(after)).all()


def test_the_true_model_is_better_than_itself_asked_for_another_composer_or_key() -> None:
    truth, test = process(), DATA.test
    ours = np.mean([scores.mean() for scores in truth.log_p(test.sources, test.targets)])
    for change in (
        {"walking": "leaping", "leaping": "lingering", "lingering": "walking"},
        {"major": "minor", "minor": "major"},
    ):
        other = [[change.get(str(word), str(word)) for word in source] for source in test.sources]
        assert ours > np.mean([scores.mean() for scores in truth.log_p(other, test.targets)]) + 0.1


@pytest.mark.parametrize("composer", COMPOSERS)
def test_no_melody_is_more_probable_than_the_predicted_one(composer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(melodies, "SHORTEST", 2)
    monkeypatch.setattr(melodies, "LONGEST", 4)
    truth, source = process(), [composer, "D", "major"]
    _, notes = truth._asked(source)
    every = [list(m) for length in range(1, 5) for m in product(notes, repeat=length)]
    scores = [s.sum() for s in truth.log_p([source] * len(every), every)]
    (found,) = truth.predict([source])
    (score,) = truth.log_p([source], [found])
    assert score.sum() == pytest.approx(max(scores), abs=100 * NOISE)


def test_a_longer_training_part_changes_no_other_part() -> None:
    other = MadeMusic(train_melodies=10, valid_melodies=50, test_melodies=200).load()
    assert other.test.targets == DATA.test.targets
    assert other.valid.sources == DATA.valid.sources
