"""Each format, read back by a reader of its own."""

import csv
import io
import json as stdlib_json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from seqbench.evidence.records import Status
from seqbench.reports import frame, json, latex, markdown, terminal
from seqbench.reports.columns import definitions, names
from seqbench.reports.formatting import plain, raised, titled
from seqbench.reports.groups import Run
from seqbench.reports.page import document as html
from seqbench.reports.ranks import sheets
from seqbench.reports.sheet import Sheet, rows, sheet
from seqbench.reports.summary import answer
from seqbench.reports.table import Table, table, tables
from seqbench.reports.view import View

Make = Callable[..., Run]
Grid = list[list[str]]

LABELS = [
    "uniform",
    "kneser-ney(order=5)",
    "a|b_c*d* [x] & <i> $5 #1 50% \\ ~ ^ {y} `z`",
    "lstm(hidden_size=400, dropout=0.5)",
]


@pytest.fixture
def made(run: Make) -> Table:
    """Every kind of cell: a best row, marks, notes, failures, a true model, and text that any syntax would trip on."""
    costs = {"fit_seconds": 1840.0, "parameters": 13_700_000, "peak_memory_bytes": 2_100_000_000}
    return table(
        [
            run("uniform", 33_278.0, costs={"fit_seconds": 3e-4, "parameters": 0}),
            run("kneser-ney(order=5)", 224.8),
            run(LABELS[2], 3.2, broken={"causal": "moved by 3 & 4 | 5 <b>"}),
            *[run(LABELS[3], 120.0 + s, seed=s, kind="neural", stochastic=True, costs=costs) for s in range(2)],
            run(LABELS[3], seed=2, kind="neural", stochastic=True, status="timeout", reason="50% of _all_ {time}"),
            run("true model", 100.0, kind="truth"),
        ],
        command="seqbench run --model 'a|b' --seeds 3",
    )


def cells(page: Sheet) -> Grid:
    """The table as each format should be read, marks set high."""
    return [
        [column.title for column in page.columns],
        *([cell.text + raised(cell.mark) for cell in row] for row in rows(page.columns)),
    ]


def read_markdown(text: str) -> Grid:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    grid = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    assert {len(row) for row in grid} == {len(grid[0])}
    assert all(re.fullmatch(r" (:-+|-+:) ", cell) for cell in grid.pop(1))
    return [[re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)\*\*", "", cell.strip())) for cell in row] for row in grid]


class TableReader(HTMLParser):
    """Cells of a page's tables of scores; refuses tags that are not closed in order, and what lies outside the page."""

    void = frozenset({"meta", "img", "br", "input"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.grid: Grid = []
        self.said = ""
        self.scores = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert tag != "link"
        assert (found.get("href") or "#").startswith("#")
        assert (found.get("src") or "data:").startswith("data:")
        assert not any(name.startswith("on") or name == "style" for name in found)
        if tag not in self.void:
            self.open.append(tag)
        if tag == "table":
            self.scores = found.get("class") == "scores"
        if tag == "tr" and self.scores:
            self.grid.append([])
        if tag in {"td", "th"} and self.scores:
            self.grid[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data
        if {"td", "th"} & set(self.open) and self.scores:
            self.grid[-1][-1] += raised(data) if self.open[-1] == "sup" else data


def read_html(text: str) -> Grid:
    reader = TableReader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader.grid


def read_latex(text: str) -> list[Grid]:
    """Panels of a table; refuses characters that TeX would take for syntax, and braces that do not match."""
    bare = re.sub(r"\\[{}&%$#_\\]", "", text.partition("\n")[2])
    assert not set(bare) & set('$#^~`"<>|') - {"~"}
    assert not re.search("[−–—†‡§¶‼∞·]", bare)
    depth = 0
    for character in bare:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0
    assert text.count("\\begin{") == text.count("\\end{")
    panels = re.findall(r"\\toprule\n(.*?)\\bottomrule", text, re.DOTALL)
    return [[re.split(r"(?<!\\)&", line) for line in panel.splitlines() if line.endswith(r"\\")] for panel in panels]


def test_markdown_reads_back_as_the_same_cells(made: Table) -> None:
    assert read_markdown(markdown.render(sheets([made]))) == cells(sheet(made))


def test_html_reads_back_as_the_same_cells_notes_and_command_from_one_file(made: Table) -> None:
    text, page = html.render(sheets([made])), sheet(made)
    assert read_html(text) == cells(page)
    reader = TableReader()
    reader.feed(text)
    texts = [page.title, *answer(made), page.command, *(text for pair in page.notes + page.footer for text in pair)]
    for said in texts:
        assert said in reader.said.replace("\u00a0", " ")
    assert "prefers-color-scheme: dark" in text


def test_html_and_markdown_take_several_tables(made: Table) -> None:
    assert read_html(html.render(sheets([made, made]))) == read_markdown(markdown.render(sheets([made]))) * 2


def test_latex_has_every_cell_in_panels_of_equal_rows_and_no_stray_syntax(made: Table) -> None:
    page = sheet(made)
    panels = read_latex(latex.render(sheets([made])))
    assert len(panels) > 1
    assert sum(len(panel[0]) - 1 for panel in panels) == len(page.columns) - 1
    for panel in panels:
        assert {len(row) for row in panel} == {len(panel[0])}
        assert len(panel) == 1 + len(made.rows)


def test_columns_that_would_say_nothing_are_left_out(run: Make) -> None:
    titles = [column.title for column in sheet(table([run("kn"), run("add-k", 120.0)])).columns]
    assert {"95 % interval", "skill", "verdict", "status"} <= set(titles)
    assert not {"SD over seeds", "gap to truth", "parameters", "peak memory"} & set(titles)


def test_latex_says_nothing_that_tex_would_execute() -> None:
    assert latex.escape(r"\input{a}") == r"\textbackslash{}input\{a\}"
    assert latex.escape("50% of_$5 & #1 [x] 3–4 --jobs") == (r"50\% of\_\$5 \& \#1 {[}x{]} 3\textendash{}4 -{}-jobs")


@pytest.mark.parametrize("width", [200, 100, 80, 50])
def test_a_terminal_of_any_width_shows_every_cell_within_it(made: Table, width: int) -> None:
    text = terminal.render(sheets([made]), width=width, color=False)
    grid_lines = text.split("interval  ")[0].splitlines()
    assert max(cell_len(line) for line in grid_lines) <= width
    for row in cells(sheet(made))[1:]:
        assert all(cell in text for cell in row[1:])
    assert text.count("kneser-ney(order=5)") >= (1 if width == 200 else 2)


def heads(page: Sheet, width: int, height: int | None = None) -> list[list[str]]:
    """The last words of the titles of each panel."""
    lines = terminal.render([page], width=width, color=False, height=height).splitlines()
    return [line.split() for line in lines if line.startswith(" model ")]


def test_a_wide_terminal_shows_one_panel_and_a_narrow_one_the_main_columns_first(made: Table) -> None:
    page = sheet(made)
    assert len(heads(page, 200)) == 1
    for width in (80, 110, 130):
        first = heads(page, width)[0]
        assert first[:7] == ["model", "perplexity", "95", "%", "interval", "verdict", "fit"]


def test_chosen_columns_keep_their_order_in_panels(made: Table) -> None:
    page = sheet(made, View.of("fit,skill,verdict,score,interval,valid,parameters"))
    assert [title for panel in heads(page, 50) for title in panel if title not in ("model", "95", "%")] == (
        ["fit", "skill", "verdict", "perplexity", "interval", "valid", "parameters"]
    )


def test_what_is_higher_than_two_screens_is_named_instead_but_two_panels_always_stay(run: Make) -> None:
    labels = [f"absolute-discounting(order={order})" for order in range(1, 22)]
    costs = {"fit_seconds": 0.375, "parameters": 2_710_000, "peak_memory_bytes": 526e6, "items_per_second": 1e7}
    runs = [run(label, 100.0 + i, costs=costs) for i, label in enumerate(labels)]
    runs += [run("true model", 90.0, kind="truth")]
    page = sheet(table(runs))
    assert len(heads(page, 80)) == 3
    assert len(heads(page, 80, height=50)) == 3
    shown = terminal.render([page], width=80, color=False, height=24)
    assert len(heads(page, 80, height=24)) == 2
    said = "left out for want of room: status; a wider window shows them, or --columns status"
    assert "absolu…r=21)" in shown  # so short that two columns more have room
    assert said in " ".join(shown.split())
    grid = shown[: shown.index("left out")].splitlines()
    first = next(i for i, line in enumerate(grid) if line.startswith(" ───"))
    assert len(grid) - first <= 2 * (21 + 1 + 6)  # rows, a true model, two lines of titles, four rules
    assert all(len([line for line in grid if line.startswith(f" {label} ")]) == 1 for label in labels)


def test_labels_are_whole_in_the_first_panel_and_lose_their_middle_below(run: Make) -> None:
    labels = ["λόγος(order=5, discount=0.75)+cache", "漢字" * 12]
    costs = {"fit_seconds": 0.375, "parameters": 2_710_000, "peak_memory_bytes": 526e6, "items_per_second": 1e7}
    text = terminal.render(sheets([table([run(label, costs=costs) for label in labels])]), width=80, color=False)
    first, second = re.findall(r"^ model .*?\n ─+\n(.*?)\n ─+$", text, re.MULTILINE | re.DOTALL)
    assert " ".join(re.sub(r" (100.00|\d+\.\d+–\S+|tie|reference|0.375 s|1.329)", "", first).split()) == (
        "λόγος(order=5, discount=0.75)+cache 漢字漢字漢字漢字漢字 漢字漢字漢字漢字漢字 漢字漢字"
    )
    assert [line.split("  ")[0] for line in second.splitlines()] == [
        " λόγος(order….75)+cache",
        " 漢字漢字漢…字漢字漢字",
    ]
    assert [cell_len(line) for line in second.splitlines()] == [cell_len(second.splitlines()[0])] * 2


def test_a_long_label_is_broken_before_its_options(run: Make) -> None:
    runs = [run("autoregression", identity={"options": {"missing": how}}) for how in ("refuse", "zero")]
    text = terminal.render(sheets([table(runs)]), width=60, color=False)
    assert re.search(r"^ autoregression .*\n   \[missing refuse\]", text, re.MULTILINE)


def test_digits_stand_below_digits_whatever_marks_follow(made: Table) -> None:
    text = terminal.render(sheets([made]), width=200, color=False)
    found = [re.match(r".{30,}?\s(224\.8|3\.2|120\.5|100\.0)(?=[*¹²³ ]+\d)", line) for line in text.splitlines()]
    ends = [match.end() for match in found if match]
    assert sorted(ends)[:4] == [ends[-1]] * 4


def test_color_is_for_screens_alone(made: Table) -> None:
    assert "\x1b[" not in terminal.render(sheets([made]), width=100, color=False)


def test_csv_reads_back_as_the_frame_with_nothing_rounded(made: Table) -> None:
    expected = frame.frame([made])
    said = io.StringIO(frame.render(sheets([made])))
    found = pd.read_csv(said, dtype=dict(expected.dtypes), keep_default_na=True, float_precision="round_trip")
    blank = {"reason": "", "marks": "", "broken_laws": ""}
    pd.testing.assert_frame_equal(found.fillna(blank), expected, check_exact=True)


def test_the_frame_holds_the_numbers_of_the_table_as_they_are(made: Table) -> None:
    found = frame.frame([made]).set_index("model")
    lstm, row = found.loc[LABELS[3]], made.row(LABELS[3])
    assert row is not None and row.estimate is not None and row.against_reference is not None  # noqa: PT018
    assert row.against_truth is not None
    assert lstm["perplexity"] == row.scores["perplexity"]
    assert (lstm["perplexity_low"], lstm["perplexity_high"]) == (row.estimate.low, row.estimate.high)
    assert (lstm["perplexity_valid"], lstm["perplexity_sd"]) == (row.validation, row.estimate.seeds_sd)
    assert (lstm["skill"], lstm["verdict"]) == (row.against_reference.skill, row.against_reference.verdict)
    assert lstm["gap_to_truth"] == -row.against_truth.skill
    assert (lstm["seeds"], lstm["fits"], lstm["status"]) == (3, 2, "2 of 3 seeds")
    assert lstm["best"]
    assert set(found["reference"]) == {"kneser-ney(order=5)"}
    assert (lstm["fit_seconds"], lstm["parameters"]) == (1840.0, 13_700_000)
    assert pd.isna(found.loc["kneser-ney(order=5)", "parameters"])


def test_bold_is_the_best_on_validation_where_no_other_ties_with_it(made: Table) -> None:
    text = markdown.render(sheets([made]))
    assert re.findall(r"(?<![\\*])\*\*([^*:]+)\*\*(?!:)", text)[:2] == [markdown.escape(LABELS[3]), "120.5"]
    assert text.count(r"\textbf") == 0
    assert latex.render(sheets([made])).count(r"\textbf{120.5}") == 1


def test_bold_are_also_the_rows_that_tie_with_the_best_but_not_undecided_ones_nor_the_truth(run: Make) -> None:
    runs = [run("kn", 100.0), run("alike", 100.02), run("less sure", 101.0), run("worse", 120.0)]
    page = sheet(table([*runs, run("true model", 100.01, kind="truth")], margin=0.01))
    verdicts = [cell.text for column in page.columns if column.key == "verdict" for cell in column.cells]
    assert verdicts == ["reference", "tie", "undecided", "worse", "—"]
    for key in ("model", "score"):
        (column,) = [column for column in page.columns if column.key == key]
        assert [cell.bold for cell in column.cells] == [True, True, False, False, False]
    assert dict(page.footer)["best"] == (
        "kn (in bold), chosen on validation; in bold too, since the difference lies within the margin of a tie: alike"
    )
    for text in (markdown.render([page]), latex.render([page])):
        assert len(re.findall(r"\*\*(?:kn|alike)\*\*|textbf\{(?:kn|alike)\}", text)) == 2


@pytest.mark.parametrize("format", [markdown, latex, html])
def test_chosen_columns_stand_in_their_order_in_every_format(made: Table, format: Any) -> None:
    page = sheet(made, View.of(" fit , verdict,score"))
    assert [column.key for column in page.columns] == ["model", "fit", "verdict", "score"]
    read = {markdown: read_markdown, html: read_html}
    if format in read:
        assert read[format](format.render([page])) == cells(page)
    else:
        (panel,) = read_latex(latex.render([page]))
        assert [len(row) for row in panel] == [4] * (1 + len(made.rows))


def test_the_wide_table_fits_a_slide_with_four_columns(made: Table) -> None:
    assert len(read_latex(latex.render(sheets([made])))) > 1
    (panel,) = read_latex(latex.render(sheets([made], View.of("score,interval,verdict,fit"))))
    assert [len(row) for row in panel] == [5] * (1 + len(made.rows))


def test_a_metric_without_a_column_can_be_chosen_by_its_name_and_the_first_one_too(made: Table) -> None:
    shown = {column.key for column in sheet(made).columns}
    hidden = [metric for metric in made.metrics if metric.name not in shown][1:]
    assert hidden
    page = sheet(made, View.of(["perplexity", hidden[0].name, "score"]))
    assert [column.key for column in page.columns] == ["model", "score", hidden[0].name]
    assert page.columns[2].says_something


def test_an_unknown_name_is_refused_with_all_that_are_known(made: Table) -> None:
    for view in (View.of("score,fits,speeed"), View.of(sort="nothing")):
        with pytest.raises(ValueError, match=r"'(fits' and 'speeed|nothing)'.*model or name, score or perplexity, "):
            sheets([made], view)


def test_all_names_are_known_before_there_is_a_table_and_no_metric_hides_a_column(made: Table) -> None:
    assert list(names([made.metrics])) == [column.key for _, column in definitions(made)]
    speed = replace(made.metrics[1], name="speed")
    clash = replace(made, metrics=(made.metrics[0], speed))
    assert list(names([clash.metrics])) == [column.key for _, column in definitions(clash)]
    assert [column.title for column in sheet(clash, View.of("speed,speed_score")).columns][1:] == [
        "symbols/s",
        titled(speed),
    ]


def test_a_column_that_only_one_of_two_tasks_has_is_shown_there(run: Make, accuracy_task: None) -> None:
    other = {"identity": {"task": "guess"}, "comparability": {"task": "guess"}}
    right, words = (np.arange(640) % 3 == 0).astype(float), run("kn")
    guess = run("coin", **other)
    pages = sheets(tables([words, (guess[0], {"right": right})]), View.of("bits_per_character,accuracy", "accuracy"))
    assert [[column.key for column in page.columns] for page in pages] == [
        ["model", "bits_per_character"],
        ["model", "score"],
    ]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", "d b a c f t"),
        ("score", "b a c d f t"),  # d broke a law; f has no score
        ("perplexity", "b a c d f t"),
        ("skill", "b c a d f t"),  # a is the reference and has none
        ("verdict", "b a c d f t"),
        ("fit", "c d a b f t"),
        ("speed", "a b d c f t"),
        ("name", "a b c d f t"),
        ("status", "d b a c f t"),
    ],
)
def test_rows_are_sorted_best_or_cheapest_first_and_true_models_stay_last(run: Make, sort: str, order: str) -> None:
    made = table(
        [
            run("d", 2.0, broken={"causal": "peeks"}, costs={"fit_seconds": 2.0, "items_per_second": 2.0}),
            run("b", 90.0, kind="neural", costs={"fit_seconds": 4.0, "items_per_second": 3.0}),
            run("a", 100.0, costs={"fit_seconds": 3.0, "items_per_second": 4.0}),
            run("c", 120.0, costs={"fit_seconds": 1.0, "items_per_second": 1.0}),
            run("f", status="failed", reason="why"),
            run("t", 80.0, kind="truth", costs={"fit_seconds": 0.1, "items_per_second": 9.0}),
        ]
    )
    page = sheet(made, View(sort=sort))
    assert [cell.text for cell in page.columns[0].cells] == order.split()
    assert [entry["model"] for entry in page.entries] == order.split()
    assert page.truth == 5


def test_notes_are_numbered_in_the_order_of_the_rows_that_are_shown(run: Make) -> None:
    made = table([run("a", 120.0, broken={"pure": "first"}), run("b", 90.0, broken={"pure": "second"})])
    assert sheet(made).notes == (("1", "a: first."), ("2", "b: second."))
    page = sheet(made, View(sort="score"))
    assert page.notes == (("1", "b: second."), ("2", "a: first."))
    assert [cell.marks for cell in page.columns[1].cells] == [("1",), ("2",)]


def test_a_mark_moves_to_the_label_if_its_column_is_not_shown_and_notes_on_times_go_with_them(run: Make) -> None:
    costs = {"fit_seconds": 1.0, "predict_seconds": 1.0, "busy": True}
    made = table([run("kn", costs=costs), run("peeker", 3.0, broken={"causal": "peeks"})])
    page = sheet(made, View.of("interval,verdict"))
    assert [cell.marks for cell in page.columns[0].cells] == [(), ("***",)]
    assert [mark for mark, _ in page.notes] == ["***"]
    fit = sheet(made, View.of("fit"))
    assert [mark for mark, _ in fit.notes] == ["***", "1"]
    assert [cell.marks for cell in fit.columns[1].cells] == [("1",), ()]
    assert "\\*\\*\\*" in markdown.render([page]).split("\n- ")[0]


def test_texts_about_columns_that_are_not_shown_are_left_out(made: Table) -> None:
    assert {"interval", "verdict", "best"} <= dict(sheet(made).footer).keys()
    shown = dict(sheet(made, View.of("score,fit")).footer).keys()
    assert not {"interval", "verdict"} & shown
    assert {"best", "data", "versions"} <= shown


def test_json_is_strict_and_holds_the_values_of_the_table_as_they_are(run: Make) -> None:
    def no_constant(name: str) -> None:
        raise AssertionError(f"JSON has no {name}")

    runs = [run("kn"), run("lstm", 90.0, kind="neural"), run("zero", nats=np.full(640, np.inf), valid=np.inf)]
    text = json.render(sheets(tables([*runs, run("failed", status="crashed", reason="no \u202e\x1b[31m \U0001f600")])))
    (found,) = stdlib_json.loads(text, parse_constant=no_constant)
    assert found["kind"] == "table"
    expected = frame.frame(tables(runs))
    assert found["rows"][1]["perplexity"] == expected["perplexity"][1]
    assert found["rows"][2]["perplexity"] == "Infinity"
    assert float(found["rows"][2]["perplexity"]) == np.inf
    assert found["rows"][1]["difference_low"] == expected["difference_low"][1]
    assert found["rows"][0]["skill"] is None
    assert found["rows"][3]["reason"] == "no \u202e\x1b[31m \U0001f600"
    assert found["rows"][3]["notes"] == ["1"]
    assert found["notes"]["1"] == ["failed: crashed (no  😀)."]
    assert found["footer"]["data"].startswith("toy, sha256 3fa2c1d4")
    assert found["command"].startswith("seqbench run --suite lm")
    assert {"key": "score", "title": "test perplexity"} in found["columns"]
    assert all(character.isprintable() for line in text.split("\n") for character in line)


def test_csv_and_json_keep_the_values_of_chosen_columns_and_what_a_row_is(made: Table) -> None:
    page = sheets([made], View.of("score,interval,fit", "fit"))
    names = ["task", "dataset", "model", "perplexity", "perplexity_low", "perplexity_high", "fit_seconds"]
    found = list(csv.DictReader(io.StringIO(frame.render(page))))
    assert list(found[0]) == names
    assert list(stdlib_json.loads(json.render(page))[0]["rows"][0]) == [*names, "notes"]
    assert [row["model"] for row in found][:2] == ["uniform", LABELS[3]]


FORMATS: dict[str, Callable[[Sequence[Sheet]], str]] = {
    "terminal": lambda found: terminal.render(found, width=110, color=False),
    "markdown": markdown.render,
    "latex": latex.render,
    "html": html.render,
    "csv": frame.render,
    "json": json.render,
}


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_runs_give_the_same_bytes(run: Make, format: str) -> None:
    def written() -> str:
        return FORMATS[format](sheets(tables([run("kn"), run("lstm", 90.0, kind="neural")])))

    assert written() == written()


@pytest.mark.parametrize("format", FORMATS)
def test_no_tables_are_no_error(format: str) -> None:
    assert isinstance(FORMATS[format]([]), str)


HOSTILE = [
    "[bold red]x[/bold red] [/] [link=file:///]y[/link] :bug:",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J bell\x07 back\x08 over\rwritten",
    "line\nend\u2028and\x85others\x00",
    "\u202egnp.exe\u2066 \u200fright\u200b to left\ufeff",
    "a | b ` c `` d * e ** f _g_ ~~h~~ [i](javascript:j) ![k](l) <!-- m \\| n \\",
    "<script>alert(1)</script> &lt; \"'><img src=x onerror=y> </table></pre>",
    "\\input{/etc/passwd} $x$ 5% #1 a_b ^ ~ & { } }{ \\end{table} [o] `` '' -- <<",
    "{{ 7 * 7 }} {% include 'x' %}",
    "# heading",
    "- item",
    "1. item",
    "=cmd()",
]
"""Names and messages that a terminal, Markdown, TeX, HTML or a template would take for more than text."""


def _page(run: Make, text: str) -> list[Table]:
    """Tables with the text in each place that is filled from outside: labels, notes, data, licence, machine, command;
    three data sets, so that ranks are shown too."""

    def runs(i: int) -> list[Run]:
        shared: dict[str, Any] = {
            "identity": {"dataset": f"{text}{i}"},
            "comparability": {"unit": text, "convention": text},
            "notes": {"licence": text},
            "machine": {"cpu": text, "gpu": text},
        }
        return [
            run(text, 90.0, broken={"causal": text, "other": text}, **shared),
            run(f"{text} again", 80.0, **shared),
            run("b", 95.0, **shared),
            run("c", 99.0, **shared),
            run(f"failed {text}", status="failed", reason=text, **shared),
        ]

    made = tables([one for i in range(3) for one in runs(i)], command=f"seqbench run --data {text}")
    assert len(made) == 3
    return made


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("color", [False, True])
def test_a_terminal_gets_text_and_no_control_character_but_those_of_styles(run: Make, text: str, color: bool) -> None:
    shown = terminal.render(sheets(_page(run, text)), width=400, color=color)
    bare = re.sub(r"\x1b\[[\d;]*m", "", shown) if color else shown
    assert all(character.isprintable() for line in bare.split("\n") for character in line)
    assert plain(text) in bare
    assert "\x1b[31mred" not in shown
    assert "ranks over 3 data sets" in bare


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_gets_text_and_no_syntax(run: Make, text: str) -> None:
    made = _page(run, text)
    pages = sheets(made)
    blocks = re.split(r"^### ", markdown.render(sheets(made)), flags=re.MULTILINE)[1:]
    assert [read_markdown(block) for block in blocks] == [cells(page) for page in pages]
    for page, block in zip(pages, blocks, strict=True):
        lines = block.splitlines()
        assert re.sub(r"\\([^a-z0-9\s])", r"\1", lines[0]) == page.title
        prose, _, fenced = block.partition("\n```")
        assert fenced.count(page.command) == 1
        for line in prose.splitlines()[1:]:
            bare = re.sub(r"\\[^a-z0-9\s]", "", line)
            assert re.match(r"\||- |[^\W\d]|$", bare)  # a row, an item, words, or nothing
            assert not re.search(r"[`_<>\[\]#~]", bare)


@pytest.mark.parametrize("text", HOSTILE)
def test_html_gets_text_and_no_tag(run: Make, text: str) -> None:
    made = _page(run, text)
    assert read_html(html.render(sheets(made))) == [row for page in sheets(made) for row in cells(page)]
    known = set(re.findall(r"<(\w+)", html.render(sheets(_page(run, "name")))))
    assert set(re.findall(r"<(\w+)", html.render(sheets(made)))) == known
    assert all(c.isprintable() or c == "\n" for c in html.render(sheets(made)))


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_gets_text_and_no_command(run: Make, text: str) -> None:
    text_of = latex.render(sheets(_page(run, text)))
    for panel in read_latex(text_of):
        assert {len(row) for row in panel} == {len(panel[0])}
    commands = set(re.findall(r"\\([a-zA-Z]+)", latex.render(sheets(_page(run, "a name's")))))
    escapes = set(re.findall(r"\\([a-zA-Z]+)", "".join(latex.ESCAPES.values())))
    assert set(re.findall(r"\\([a-zA-Z]+)", text_of)) <= commands | escapes


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_gets_text_of_one_line_and_the_frame_gets_it_unchanged(run: Make, text: str) -> None:
    made = _page(run, text)
    written, kept = list(csv.DictReader(io.StringIO(frame.render(sheets(made)), newline=""))), frame.frame(made)
    assert [row["model"] for row in written] == [plain(label) for label in kept["model"]]
    assert (written[4]["reason"], kept["reason"][4]) == (plain(text), text)


cell = st.fixed_dictionaries(
    {
        "status": st.sampled_from(get_args(Status)),
        "kind": st.sampled_from(["classic", "neural", "truth"]),
        "stochastic": st.booleans(),
        "items": st.booleans(),
        "read": st.booleans(),
        "reason": st.text(max_size=30),
        "broken": st.dictionaries(st.sampled_from(["causal", "normalised", "repeatable"]), st.text(max_size=20)),
        "perplexity": st.sampled_from([1.0, 5.432, 98.2, 33_278.0, 1e9]),
    }
)


@example(fields=[{"status": "ok", "kind": "classic", "items": False, "read": False, "perplexity": 1.0}], tail=" 0")
@given(fields=st.lists(cell, min_size=1, max_size=5), tail=st.text(max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_became_of_the_cells_every_row_stands_in_every_format(
    run: Make, fields: list[dict[str, Any]], tail: str
) -> None:
    runs = [run(f"m{i}{tail}", **{**one, "read": one["read"] or one["status"] == "ok"}) for i, one in enumerate(fields)]
    made = tables(runs)
    assert sum(len(one.rows) for one in made) == len(runs)
    expected = [row for one in made for row in cells(sheet(one))]
    assert read_html(html.render(sheets(made))) == expected
    for one in made:
        stripped = [[text.strip() for text in row] for row in cells(sheet(one))]
        assert read_markdown(markdown.render(sheets([one]))) == stripped
        assert len(stdlib_json.loads(json.render([sheet(one)]))[0]["rows"]) == len(one.rows)
        for panel in read_latex(latex.render(sheets([one]))):
            assert len(panel) == 1 + len(one.rows)
            assert {len(row) for row in panel} == {len(panel[0])}
    shown = terminal.render(sheets(made), width=110, color=False)
    assert all(plain(f"m{i}{tail}")[:12] in shown for i in range(len(runs)))
    assert len(frame.frame(made)) == len(runs)
