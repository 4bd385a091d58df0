"""Numbers in every form that is read, and the forms that have two readings."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.data import DataError
from seqbench.datasets.series.numerals import Decimal, Numbers, numbers


def read(cells: Sequence[str], decimal: Decimal | None = None) -> Numbers:
    return numbers({"y": cells}, lambda i: f"row {i + 1}", decimal)


@pytest.mark.parametrize(
    ("cells", "values", "decimal", "grouped"),
    [
        (["1.5", "1e3", "-.5", " 7 "], [1.5, 1000, -0.5, 7], None, 0),
        (["1.234", "2.500"], [1.234, 2.5], None, 0),
        (["1.234,56", "7"], [1234.56, 7], "comma", 1),
        (["1.234,5", "1.234"], [1234.5, 1234], "comma", 2),
        (["1 234,5", "2 345 678,25"], [1234.5, 2345678.25], "comma", 2),
        (["1\u00a0234,5", "3\u202f456,5"], [1234.5, 3456.5], "comma", 2),
        (["1'234.5"], [1234.5], "point", 1),
        (["1,234.56", "1,234"], [1234.56, 1234], "point", 2),
        (["1,234,567", "1,234"], [1234567, 1234], "point", 2),
        (["1.234.567", "1,5"], [1234567, 1.5], "comma", 1),
        (["0,123"], [0.123], "comma", 0),
        (["1234,567"], [1234.567], "comma", 0),
        (["1,234", "3,5"], [1.234, 3.5], "comma", 0),
        (["1,234", "3.5"], [1234, 3.5], "point", 1),
        (["-1,5", "+2,25", "NaN", "-"], [-1.5, 2.25, np.nan, np.nan], "comma", 0),
        (["1 234"], [1234], "point", 1),
    ],
)
def test_a_file_shows_its_decimal_mark(
    cells: list[str], values: list[float], decimal: Decimal | None, grouped: int
) -> None:
    found = read(cells)
    np.testing.assert_array_equal(found.columns["y"], values)
    assert (found.decimal, found.grouped) == (decimal, grouped)


@pytest.mark.parametrize("cells", [["1,234"], ["12,345", "7", ""], ["-1,234", "1 234"]])
def test_a_comma_of_two_readings_needs_the_option(cells: list[str]) -> None:
    with pytest.raises(DataError, match=r"row 1: the column 'y' .* --decimal comma or --decimal point"):
        read(cells)


def test_the_option_decides() -> None:
    assert read(["1,234"], "comma").columns["y"].tolist() == [1.234]
    assert read(["1,234"], "point").columns["y"].tolist() == [1234]
    assert read(["1.234"], "comma").columns["y"].tolist() == [1234]


def test_all_columns_have_one_mark() -> None:
    found = numbers({"a": ["1,234"], "b": ["0,5"]}, str)
    assert {name: values.tolist() for name, values in found.columns.items()} == {"a": [1.234], "b": [0.5]}


@pytest.mark.parametrize(
    "cells", [["1.5", "2,5"], ["1,23,4"], ["1.234.56"], ["12 34"], ["1,234.5", "1.234,5"], ["x"], ["1_0"]]
)
def test_what_is_no_number_with_either_mark_is_refused(cells: list[str]) -> None:
    with pytest.raises(DataError, match="which is no number"):
        read(cells)


@given(st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)), min_size=1), st.sampled_from([".", " ", "'"]))
def test_numbers_in_the_form_of_much_of_europe_come_back(values: list[float], group: str) -> None:
    cells = [f"{v:,.2f}".replace(",", "_").replace(".", ",").replace("_", group) for v in values]
    assert read(cells).columns["y"].tolist() == values
