"""Dynamic time warping against enumeration of all alignments, and as a classifier."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seqbench.baselines.sequences.warping import NearestNeighbour, distances
from seqbench.interface import Budget, Floats
from seqbench.tasks.sequences.model import LabelledSequences, RecognitionContext

Path = list[tuple[int, int]]


def alignments(n: int, m: int) -> Iterator[Path]:
    """All monotonous alignments of n with m steps."""

    def go(path: Path) -> Iterator[Path]:
        i, j = path[-1]
        if (i, j) == (n - 1, m - 1):
            yield path
        for a, b in ((i + 1, j), (i, j + 1), (i + 1, j + 1)):
            if a < n and b < m:
                yield from go([*path, (a, b)])

    return go([(0, 0)])


def by_enumeration(a: Floats, b: Floats, radius: float) -> float:
    allowed = [p for p in alignments(len(a), len(b)) if all(abs(i - j) <= radius for i, j in p)]
    return min(sum(((a[i] - b[j]) ** 2).sum() for i, j in path) for path in allowed)


@given(
    st.integers(1, 5),
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.integers(0, 9),
)
def test_distances_are_the_least_sums_over_all_alignments_within_the_band(
    n: int, lengths: list[int], band: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    one, others = rng.normal(size=(n, 2)), [rng.normal(size=(m, 2)) for m in lengths]
    found = distances(one, others, band)
    for distance, other in zip(found, others, strict=True):
        radius = max(np.ceil(band * max(n, len(other))), abs(n - len(other)))
        assert distance == pytest.approx(by_enumeration(one, other, radius))


@given(arrays(float, (5, 1), elements=st.floats(-5, 5)), st.lists(st.integers(1, 3), min_size=5, max_size=5))
def test_a_sequence_whose_steps_are_repeated_is_at_distance_zero(sequence: Floats, times: list[int]) -> None:
    assert distances(sequence, [np.repeat(sequence, times, axis=0)], band=1.0)[0] == pytest.approx(0)


def test_without_a_band_it_is_the_squared_euclidean_distance() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 6, 3))
    assert distances(a, [b], band=0.0)[0] == pytest.approx(((a - b) ** 2).sum())


def waves(count: int, rng: np.random.Generator) -> LabelledSequences:
    """A wave, up and down or down and up, at a random place of 16 steps."""
    labels = np.arange(count) % 2
    sequences = [np.zeros((16, 1)) for _ in labels]
    for sequence, label in zip(sequences, labels, strict=True):
        place = 1 + int(rng.integers(11))
        sequence[place : place + 4, 0] = np.array([1, 1, -1, -1]) * (1 if label else -1)
    return LabelledSequences(sequences, labels)


def test_warping_recognises_shapes_that_are_shifted_and_its_band_is_chosen_on_validation() -> None:
    rng = np.random.default_rng(0)
    train, valid, test = waves(6, rng), waves(40, rng), waves(40, rng)
    curves: dict[str, float] = {}
    ctx = RecognitionContext(
        seed=0,
        budget=Budget(),
        valid=valid,
        classes=("down", "up"),
        log=lambda name, value: curves.update({name: value}),
    )
    model = NearestNeighbour(NearestNeighbour.config_class(bands=(0.0, 1.0)))
    model.fit(train, ctx)
    said = model.predict(test.sequences)
    assert curves["band"] == 1.0
    assert (said.argmax(axis=1) == test.labels).all()
    assert np.exp(said.max(axis=1)) == pytest.approx(41 / 42)  # 40 right on validation, one more right, one wrong
