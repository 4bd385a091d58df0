"""The series that statsmodels carries are those that it loads itself."""

import numpy as np
import pytest

from seqbench import registry
from seqbench.datasets.series.statsmodels_series import CO2, Carried, ElNino, Macrodata, Nile, YearlySunspots
from seqbench.interface import Floats
from seqbench.spec import Spec

ALL = [Nile, YearlySunspots, CO2, ElNino, Macrodata]


@pytest.fixture(scope="module")
def theirs() -> dict[str, Floats]:
    from statsmodels.datasets import co2, elnino, macrodata, nile, sunspots

    weekly = co2.load_pandas().data["co2"].ffill().to_numpy()
    return {
        "nile": nile.load_pandas().data["volume"].to_numpy()[None],
        "sunspots-yearly": sunspots.load_pandas().data["SUNACTIVITY"].to_numpy()[None],
        "co2": weekly[None],
        "elnino": elnino.load_pandas().data.drop(columns="YEAR").to_numpy().reshape(1, -1),
        "macrodata": macrodata.load_pandas().data.drop(columns=["year", "quarter"]).to_numpy().T,
    }


@pytest.mark.parametrize("kind", ALL)
def test_values_are_those_of_statsmodels(kind: type[Carried], theirs: dict[str, Floats]) -> None:
    np.testing.assert_array_equal(np.stack(kind().load().series.values), theirs[kind.name])


def test_the_weeks_of_co2_are_even_and_its_gaps_counted() -> None:
    from statsmodels.datasets import co2

    held, frame = CO2().load(), co2.load_pandas().data
    assert set(np.diff(frame.index.to_numpy()).astype("timedelta64[D]").astype(int)) == {7}
    assert held.notes["values_filled"] == int(frame["co2"].isna().sum()) > 0


@pytest.mark.parametrize("kind", ALL)
def test_each_is_registered_under_its_name_and_has_a_hundred_origins_or_fewer(kind: type[Carried]) -> None:
    assert registry.find_dataset(Spec(kind.name), "forecast").attribute is kind
    held = kind().load()
    assert 10 <= np.bincount(held.test.series).max() <= 100
    assert held.test.ends.min() + held.horizon <= max(len(v) for v in held.series.values)
    assert len(held.before(held.valid).values[0]) >= 2 * held.season + held.horizon


def test_a_table_that_statsmodels_lacks_is_one_line() -> None:
    from seqbench.data import DataError
    from seqbench.datasets.series.statsmodels_series import _read

    with pytest.raises(DataError, match=r"no file .*nothing"):
        _read("nothing")
