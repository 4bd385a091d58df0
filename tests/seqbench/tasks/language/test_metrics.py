"""Metrics against sums done by hand, and where a model held an item impossible."""

import numpy as np
import pytest

from seqbench.evidence.metrics import Columns
from seqbench.tasks.language.metrics import BITS_PER_CHARACTER, BITS_PER_TOKEN, PERPLEXITY

NATS, TOKENS, CHARACTERS = np.log([2.0, 4.0, 8.0]), np.array([1, 1, 1]), np.array([2, 3, 5])
COLUMNS: Columns = {"nats": NATS, "tokens": TOKENS, "characters": CHARACTERS}


def test_perplexity_is_the_inverse_geometric_mean_of_probabilities() -> None:
    np.testing.assert_allclose(PERPLEXITY(COLUMNS), [(1 / 2 * 1 / 4 * 1 / 8) ** (-1 / 3)], rtol=1e-15)


def test_bits_are_the_logarithm_to_base_two_spread_over_tokens_or_characters() -> None:
    np.testing.assert_allclose(BITS_PER_TOKEN(COLUMNS), [(1 + 2 + 3) / 3], rtol=1e-15)
    np.testing.assert_allclose(BITS_PER_CHARACTER(COLUMNS), [(1 + 2 + 3) / (2 + 3 + 5)], rtol=1e-15)


def test_a_uniform_model_over_v_symbols_has_perplexity_v() -> None:
    uniform: Columns = {"nats": np.full(7, 5 * np.log(33278)), "tokens": np.full(7, 5)}
    np.testing.assert_allclose(PERPLEXITY(uniform), [33278], rtol=1e-12)


@pytest.mark.parametrize("metric", [PERPLEXITY, BITS_PER_TOKEN, BITS_PER_CHARACTER], ids=lambda m: m.name)
def test_a_weight_counts_an_item_as_often_as_a_copy_would(metric) -> None:
    weights = np.array([[3.0, 0, 1], [0, 2, 0], [1, 1, 1]])
    copies = [{name: np.repeat(c, row.astype(int)) for name, c in COLUMNS.items()} for row in weights]
    np.testing.assert_allclose(metric(COLUMNS, weights), [metric(c)[0] for c in copies], rtol=1e-14)


def test_only_the_sums_of_a_unit_matter_not_how_its_tokens_lie() -> None:
    tokens: Columns = {"nats": np.array([1.0, 2, 3, 4]), "tokens": np.ones(4)}
    units: Columns = {"nats": np.array([3.0, 7]), "tokens": np.array([2.0, 2])}
    assert PERPLEXITY(tokens) == PERPLEXITY(units)


def test_an_impossible_item_is_infinite_only_where_it_has_weight() -> None:
    columns: Columns = {"nats": np.array([np.inf, 1.0]), "tokens": np.array([1, 1])}
    np.testing.assert_allclose(PERPLEXITY(columns, np.array([[1.0, 1], [0, 2], [2, 0]])), [np.inf, np.e, np.inf])


def test_a_perplexity_beyond_the_largest_float_is_infinite() -> None:
    assert PERPLEXITY({"nats": np.array([1e4]), "tokens": np.array([1])}) == np.inf


def test_the_better_score_lies_on_the_metrics_good_side() -> None:
    assert PERPLEXITY.better(1.0, 2.0)
    assert not PERPLEXITY.better(2.0, 2.0)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"nats": np.ones(2), "tokens": np.ones(3)}, "one length, not nats 2, tokens 3"),
        ({"nats": np.ones(0), "tokens": np.ones(0)}, "no items to score"),
        ({}, "no items to score"),
        ({"nats": np.ones(2)}, "'tokens' is missing among: nats"),
        ({"nats": np.ones(2), "tokens": np.zeros(2)}, "hold no tokens"),
    ],
)
def test_columns_that_cannot_be_scored_are_refused(columns: Columns, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PERPLEXITY(columns)
