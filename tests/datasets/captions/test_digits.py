"""Captions of digits: the split of `digits`, names that are right, attributes that follow from the picture alone."""

import numpy as np
import pytest

from seqbench.datasets.captions.digits import INKS, NAMES, UPRIGHT, DigitDescriptions, DigitNames, slant
from seqbench.datasets.sequences.digits import Digits
from seqbench.interface import Floats


@pytest.mark.parametrize("part", ["train", "valid", "test"])
def test_pictures_and_split_are_those_of_digits_and_names_are_right(part: str) -> None:
    pairs, known = getattr(DigitNames().load(), part), getattr(Digits().load(), part)
    assert len(pairs) == len(known)
    for picture, pixels in zip(pairs.sources, known.sequences, strict=True):
        assert np.array_equal(picture, pixels[:, 0])
    assert list(pairs.targets) == [[NAMES[label]] for label in known.labels]


def test_a_description_names_ink_digit_and_slant_and_its_vocabulary_is_that_of_training() -> None:
    data, names = DigitDescriptions().load(), DigitNames().load()
    said = {words[0] for words in names.train.targets}
    assert set(data.target_vocab.symbols) == {
        "<unk>", "<eos>", "a", *INKS, *said, "leaning", "standing", "left", "upright", "right"
    }  # fmt: skip
    for words, (name,) in zip(data.test.targets, names.test.targets, strict=True):
        assert words[0] == "a"
        assert words[1] in INKS
        assert words[2] == name
        assert tuple(words[3:]) in {("leaning", "left"), ("standing", "upright"), ("leaning", "right")}


def test_a_third_of_the_training_pictures_has_each_ink_and_bold_ones_have_more_of_it() -> None:
    train = DigitDescriptions().load().train
    ink = {
        name: [x.sum() for x, words in zip(train.sources, train.targets, strict=True) if words[1] == name]
        for name in INKS
    }
    assert [len(ink[name]) / len(train) for name in INKS] == pytest.approx([1 / 3] * 3, abs=0.02)
    assert max(ink["thin"]) < min(ink["plain"]) <= max(ink["plain"]) < min(ink["bold"])


def bar(angle: float) -> Floats:
    """A bar through the middle of a picture that leans to the right by an angle in degrees."""
    y, x = np.mgrid[:8, :8]
    line = 3.5 - np.tan(np.radians(angle)) * (y - 3.5)
    return np.exp(-((x - line) ** 2) / 0.5).reshape(1, 64)


@pytest.mark.parametrize("angle", [-20.0, -8.0, 0.0, 8.0, 20.0])
def test_the_slant_of_a_bar_is_its_angle(angle: float) -> None:
    assert slant(bar(angle)) == pytest.approx([angle], abs=0.5)


def test_a_mirrored_picture_leans_to_the_other_side_and_a_brighter_one_as_before() -> None:
    pictures = np.array(DigitDescriptions().load().test.sources)
    mirrored = pictures.reshape(-1, 8, 8)[:, :, ::-1].reshape(-1, 64)
    assert slant(mirrored) == pytest.approx(-slant(pictures))
    assert slant(3 * pictures) == pytest.approx(slant(pictures))


def test_words_of_slant_follow_the_angle() -> None:
    data = DigitDescriptions().load()
    for angle, words in zip(slant(np.array(data.test.sources)), data.test.targets, strict=True):
        assert words[4] == ("left" if angle <= -UPRIGHT else "right" if angle > UPRIGHT else "upright")
