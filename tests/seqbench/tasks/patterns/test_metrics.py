"""What a probe became, counted by hand, and the scores of recall."""

import numpy as np
import pytest

from seqbench.evidence.records import Comparability, Record
from seqbench.evidence.statistics import estimate
from seqbench.tasks import task
from seqbench.tasks.patterns.laws import UNTOLD
from seqbench.tasks.patterns.metrics import BIT_ERROR, OUTCOMES, OVERLAP, RESTORED, STEPS, item_columns, outcomes
from seqbench.tasks.patterns.model import Probes

KIND = task("recall")
RNG = np.random.default_rng(0)
STORED = np.where(RNG.random((5, 101)) < 0.5, 1, -1).astype(np.int8)
MIXTURE = np.sign(STORED[1].astype(int) - STORED[2] + STORED[4]).astype(np.int8)


def test_a_state_is_called_what_it_is() -> None:
    flipped = STORED[0].copy()
    flipped[0] *= -1
    states = np.stack([STORED[0], STORED[3], -STORED[3], MIXTURE, -MIXTURE, flipped])
    named = [OUTCOMES[i] for i in outcomes(states, np.tile(STORED[0], (6, 1)), STORED)]
    assert named == [
        *("restored", "another stored pattern", "the inverse of one", "a mixture of three", "a mixture of three"),
        "none of these",
    ]
    assert [OUTCOMES[i] for i in outcomes(states[:3], states[:3], STORED[:2])] == ["restored"] * 3


def test_scores_are_those_counted_by_hand() -> None:
    part = Probes(STORED[[0, 0, 1]], STORED[[0, 0, 1]], np.array([0, 0, 1]))
    states = STORED[[0, 0, 1]].astype(float)
    states[1, :10] *= -1
    said = np.column_stack([states, [2.0, 5.0, UNTOLD], [1.0, 0.0, UNTOLD], [-3.0, -1.0, UNTOLD]])
    columns = item_columns(said, part, STORED)
    assert columns["wrong"].tolist() == [0, 10, 0]
    assert RESTORED(columns)[0] == pytest.approx(2 / 3)
    assert BIT_ERROR(columns)[0] == pytest.approx(10 / 303)
    assert OVERLAP(columns)[0] == pytest.approx((1 + (1 - 20 / 101) + 1) / 3)
    assert STEPS(columns)[0] == pytest.approx(3.5)
    detail = KIND.detail(columns, None, columns)
    assert detail["outcomes"]["restored"] == pytest.approx(2 / 3)
    assert detail["ends"] == {
        "fixed point": pytest.approx(1 / 3),
        "oscillation": 0,
        "no rest": pytest.approx(1 / 3),
    }


def test_probes_of_one_pattern_depend_on_each_other_and_no_error_is_no_certainty() -> None:
    numbers = np.repeat(np.arange(5), 4)
    part = Probes(STORED[numbers], STORED[numbers], numbers)
    said = np.column_stack([STORED[numbers], np.full((20, 3), UNTOLD)]).astype(float)
    basis = Comparability(
        task="recall", dataset="d", data_sha256="", vocab_sha256="", convention="", unit="probe", items=20
    )
    units = KIND.units(item_columns(said, part, STORED), basis)
    (way,) = units.ways
    assert (way.name, way.count(20)) == ("patterns", 5)
    found = estimate(RESTORED, [units.columns], units.ways)
    assert (found.value, found.high) == (1, 1)
    assert found.low < 0.7
    assert estimate(BIT_ERROR, [units.columns], units.ways).high > 0


def test_a_table_tells_what_became_of_probes_if_the_model_has_dynamics() -> None:
    shares = {"restored": 0.5, "another stored pattern": 0.0, "a mixture of three": 0.25, "none of these": 0.25}
    record = Record.model_construct(
        label="hopfield", detail={"outcomes": shares, "ends": {"fixed point": 0.9, "oscillation": 0.1}}
    )
    assert list(KIND.remarks(record)) == [
        "hopfield: of all probes 25 % a mixture of three, 25 % none of these, 10 % oscillation"
    ]
    assert not KIND.remarks(Record.model_construct(label="x", detail={"outcomes": shares, "ends": {}}))
