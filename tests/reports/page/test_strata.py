import re
from collections.abc import Callable

import pytest

from seqbench.evidence.strata import Property
from seqbench.reports.groups import Run
from seqbench.reports.page.strata import strata
from seqbench.reports.page.svg import Pen, drawing
from seqbench.reports.table import table
from seqbench.tasks.language.task import LanguageModelling

Make = Callable[..., Run]


@pytest.fixture
def lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LanguageModelling, "strata", (Property("length", "words"), Property("gone", "never recorded")))


def long(run: Run) -> Run:
    """Return a run whose units are short or long."""
    record, columns = run
    assert columns is not None
    return record, {**columns, "length": 1 + columns["unit"] % 2}


def test_each_property_that_the_runs_hold_has_a_figure_with_a_line_per_row(run: Make, lengths: None) -> None:
    runs = [run("kn"), run("lstm", 90.0, kind="neural"), run("other", 95.0), run("true model", 80.0, kind="truth")]
    made = table(list(map(long, runs)))
    with drawing():
        found = strata(made, [made.rows[1], made.rows[0], made.rows[-1]], Pen())
    assert [figure.title for figure in found.figures] == ["Perplexity by words"]
    assert [name for name, _ in found.legend] == ["lstm", "kn", "true model"]
    assert re.findall(r"<g><title>([^<]*)</title>", found.figures[0].body) == ["lstm", "kn", "true model"]
    assert "95 % interval" in found.about


def test_a_task_without_properties_has_no_figures(run: Make) -> None:
    made = table([run("kn")])
    with drawing():
        assert list(strata(made, made.rows, Pen()).figures) == []


def test_without_comparable_models_there_are_no_figures(run: Make, lengths: None) -> None:
    assert list(strata(table([run("kn", status="failed")]), [], Pen()).figures) == []
