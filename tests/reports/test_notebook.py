"""What a notebook shows of a run: the tables with their footnotes, in few columns; and what it still is, a frame."""

import pickle
from collections.abc import Callable
from html.parser import HTMLParser

import pandas as pd
import pytest

from seqbench.reports.frame import frame
from seqbench.reports.groups import Run
from seqbench.reports.notebook import Results, render
from seqbench.reports.sheet import rows, sheet
from seqbench.reports.table import Table, tables

Make = Callable[..., Run]
HARMFUL = "<script>alert('x')</script> & $5 \x1b[31m"


@pytest.fixture
def made(run: Make) -> list[Table]:
    costs = {"fit_seconds": 2.0, "parameters": 1200, "peak_memory_bytes": 10**9, "items_per_second": 100.0}
    return tables(
        [
            run("unigram", 110.0, costs=costs),
            run(HARMFUL, 105.0, costs=costs),
            run("lstm", 100.0, kind="neural", stochastic=True, costs=costs),
            run("bilstm", 50.0, kind="neural", stochastic=True, broken={"causal": "moved by 3 nats"}),
            run("true model", 99.0, kind="truth"),
        ]
    )


class Reader(HTMLParser):
    """The cells of tables and all other text; tags must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.grid: list[list[str]] = []
        self.said = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        if tag == "tr":
            self.grid.append([])
        elif tag in ("th", "td"):
            self.grid[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self.open or "th" in self.open:
            self.grid[-1][-1] += data
        elif "style" not in self.open:
            self.said += data


def test_a_notebook_shows_the_rows_and_marks_of_the_table(made: list[Table]) -> None:
    head, *body = Reader(render(made)).grid
    page = sheet(made[0])
    kept = [column for column in page.columns if column.title in head]
    assert [column.title for column in kept] == head
    assert body == [[cell.text + cell.mark for cell in row] for row in rows(kept)]
    assert next(row[1] for row in body if row[0] == "bilstm").endswith("***")


def test_columns_that_a_last_row_cannot_read_are_left_out_unless_they_tell_of_a_failure(
    made: list[Table], run: Make
) -> None:
    head = Reader(render(made)).grid[0]
    assert head[:3] == ["model", "test perplexity", "95 % interval"]
    assert {"verdict", "gap to truth", "parameters", "fit"} <= set(head)
    assert not {"valid", "skill", "peak memory", "status", "symbols/s"} & set(head)
    failed = tables([run("unigram", 110.0), run("lstm", kind="neural", status="timeout", reason="too slow")])
    grid = Reader(render(failed)).grid
    assert [row[grid[0].index("status")] for row in grid[1:]] == ["ok", "timeout1"]


def test_the_answer_the_footnotes_the_footer_and_the_command_are_said(made: list[Table]) -> None:
    said, page = " ".join(Reader(render(made)).said.split()), sheet(made[0])
    for text in (page.summary, page.title, page.command, *(t for pair in (*page.notes, *page.footer) for t in pair)):
        assert " ".join(text.split()) in said


def test_names_of_models_are_text_whatever_they_hold(made: list[Table]) -> None:
    shown = Reader(render(made))
    assert "script" not in shown.tags
    assert any(row[0].startswith("<script>alert('x')</script> & $5") for row in shown.grid)
    assert "\x1b" not in shown.said + str(shown.grid)


def test_results_are_the_frame_and_what_is_selected_from_them_is_a_plain_one(made: list[Table]) -> None:
    results = Results(made)
    pd.testing.assert_frame_equal(pd.DataFrame(results), frame(made))
    assert results._repr_html_() == render(made)
    for selected in (results[["model", "perplexity"]], results[results["kind"] == "neural"], results.copy()):
        assert type(selected) is pd.DataFrame
    assert pickle.loads(pickle.dumps(results))._repr_html_() == render(made)
