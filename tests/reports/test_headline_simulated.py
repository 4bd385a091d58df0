"""The headline in worlds whose truth is known: how often does it say better or worse where it is not so?

`pytest tests/reports/test_headline_simulated.py -m slow -s` prints the figures of docs/statistics.md.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import stats

from seqbench.reports.groups import Run
from seqbench.reports.table import table

Make = Callable[..., Run]
UNITS, LENGTH, CLASSICS, NEURAL = 40, 16, 5, 5
ERROR = 0.01
"""The standard error of a difference between two models, in nats."""
EQUAL = [0.0] * (CLASSICS + NEURAL)
ONE_CLASSIC_AHEAD = [-2 * ERROR, *[0.0] * (CLASSICS + NEURAL - 1)]
FIELD_APART = [0.0, *[0.1] * (CLASSICS - 1), 0.0, *[0.1] * (NEURAL - 1)]
"""The best neural model equals the best classic one, and all others are clearly worse."""


def headlines(run: Make, nats: Sequence[float], repeats: int) -> dict[str, float]:
    """Share of each verdict over tables of ten rows whose true nats per token differ by `nats`."""
    rng, found = np.random.default_rng(0), Counter[str]()
    names = [f"classic {i}" for i in range(CLASSICS)] + [f"neural {i}" for i in range(NEURAL)]
    for _ in range(repeats):
        difficulty = 0.3 * rng.normal(size=UNITS)
        rows = []
        for name, shift in zip(names, nats, strict=True):
            own = [shift + ERROR / np.sqrt(2) * np.sqrt(UNITS) * rng.normal(size=UNITS) for _ in ("valid", "test")]
            valid, test = (np.log(100.0) + difficulty + part for part in own)
            kind = name.split()[0]
            scores = np.repeat(test, LENGTH)
            rows.append(run(name, valid=float(np.exp(valid.mean())), nats=scores, kind=kind))
        headline = table(rows).headline
        assert headline is not None
        found[headline.verdict] += 1
    return {verdict: found[verdict] / repeats for verdict in ("better", "tie", "worse", "undecided")}


def at_most(share: float, repeats: int) -> float:
    """The largest share that `repeats` trials of this probability show, but for one time in a thousand."""
    return float(stats.binom(repeats, share).ppf(0.999)) / repeats


@pytest.mark.parametrize("nats", [EQUAL, ONE_CLASSIC_AHEAD, FIELD_APART], ids=["equal", "one ahead", "field apart"])
def test_a_neural_model_that_is_not_better_than_every_classic_one_is_seldom_called_better(
    run: Make, nats: list[float]
) -> None:
    found = headlines(run, nats, 60)
    assert found["better"] <= at_most(0.025, 60)
    if nats is EQUAL:
        assert found["worse"] <= at_most(0.025, 60)


def test_a_neural_model_that_is_clearly_better_than_every_classic_one_is_called_better(run: Make) -> None:
    ahead = [0.0] * CLASSICS + [-8 * ERROR] + [0.0] * (NEURAL - 1)
    assert headlines(run, ahead, 30)["better"] > 0.9


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    ("name", "nats"),
    [
        ("all equal", EQUAL),
        ("one classic model better by 2 standard errors, the others equal", ONE_CLASSIC_AHEAD),
        ("the best of both kinds equal, all others much worse", FIELD_APART),
        ("one neural model better than all by 3 standard errors", [0.0] * 5 + [-3 * ERROR] + [0.0] * 4),
        ("one neural model better than all by 5 standard errors", [0.0] * 5 + [-5 * ERROR] + [0.0] * 4),
        ("all neural models worse by 5 standard errors", [0.0] * 5 + [5 * ERROR] * 5),
    ],
)
def test_a_thousand_tables_show_how_often_the_headline_says_what(run: Make, name: str, nats: list[float]) -> None:
    found = headlines(run, nats, 1000)
    print(f"\n| {name} | {' | '.join(f'{100 * share:.1f} %' for share in found.values())} |")
    if "neural model better" not in name:
        assert found["better"] <= at_most(0.025, 1000)
    if name == "all equal":
        assert found["worse"] <= at_most(0.025, 1000)
