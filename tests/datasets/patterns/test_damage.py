"""Damage: as much as is asked for, drawn anew for each part; patterns are what they are called."""

import numpy as np
import pytest

from seqbench.data import DataError
from seqbench.datasets.patterns.digits import DigitPatterns
from seqbench.datasets.patterns.random_patterns import RandomPatterns


@pytest.mark.parametrize(
    ("options", "flipped", "erased"),
    [
        ({"damage": "flip", "share": 0.1}, 20, 0),
        ({"damage": "erase", "share": 0.25}, 0, 50),
        ({"damage": "half"}, 0, 100),
        ({"damage": "flip", "share": 0.0}, 0, 0),
    ],
)
def test_each_probe_is_damaged_as_asked_and_each_part_anew(
    options: dict[str, object], flipped: int, erased: int
) -> None:
    data = RandomPatterns.model_validate({"alpha": 0.05, "probes": 3, **options}).load()
    assert data.train.whole.shape == (10, 200)
    np.testing.assert_array_equal(data.train.damaged, data.train.whole)
    for part in (data.valid, data.test):
        assert part.numbers.tolist() == np.repeat(np.arange(10), 3).tolist()
        np.testing.assert_array_equal(part.whole, data.train.whole[part.numbers])
        assert ((part.damaged == -part.whole).sum(axis=1) == flipped).all()
        assert ((part.damaged == 0).sum(axis=1) == erased).all()
    if options["damage"] != "half" and flipped + erased:
        assert not np.array_equal(data.valid.damaged, data.test.damaged)


def test_half_covers_the_second_half() -> None:
    part = RandomPatterns(damage="half", units=11, alpha=0.2).load().test
    np.testing.assert_array_equal(part.damaged[:, :6], part.whole[:, :6])
    assert not part.damaged[:, 6:].any()


def test_patterns_are_alike_as_asked() -> None:
    for correlation in (0.0, 0.3, 0.7):
        whole = RandomPatterns(units=1000, alpha=0.05, correlation=correlation).load().train.whole.astype(float)
        overlaps = whole @ whole.T / 1000
        apart = overlaps[~np.eye(len(whole), dtype=bool)]
        assert apart.mean() == pytest.approx(correlation, abs=0.03)
        assert abs(whole.mean()) < 0.1 + correlation


def test_digits_are_different_pictures_as_many_of_each_digit() -> None:
    data = DigitPatterns(stored=30).load()
    assert data.shape == (8, 8)
    assert len(np.unique(data.train.whole, axis=0)) == 30
    assert -0.5 < data.train.whole.mean() < 0.0
    with pytest.raises(DataError, match=r"stored=5000: there are 1,\d\d\d different pictures; ask for fewer"):
        DigitPatterns(stored=5000).load()


def test_damage_of_less_than_a_unit_is_refused() -> None:
    with pytest.raises(DataError, match=r"share=0\.001 of 200 units is less than one unit"):
        RandomPatterns(share=0.001).load()


def test_patterns_that_no_memory_holds_are_refused_before_they_are_drawn() -> None:
    with pytest.raises(DataError, match="10,000,000 patterns of 10,000,000 units with 2 probes each need 1,600,000"):
        RandomPatterns(units=10_000_000, alpha=1.0, probes=2).load()
