"""A check tells how much must be wrong for it to be likely to see it; checks of earlier records are still read."""

import numpy as np
import pytest

from seqbench.evidence.records import Check


@pytest.mark.parametrize("places", [1, 4, 48, 1000])
def test_the_share_that_is_told_is_caught_nineteen_times_in_twenty(places: int) -> None:
    share = Check(name="causal", passed=True, message="", places=places).caught
    assert share is not None
    caught = (np.random.default_rng(0).random((20_000, places)) < share).any(axis=1)
    assert caught.mean() == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 20_000))


def test_a_check_without_places_is_read_and_tells_no_share() -> None:
    check = Check.model_validate({"name": "causal", "passed": True, "value": 0.0, "bound": 0.001, "message": "fine"})
    assert check.caught is None
