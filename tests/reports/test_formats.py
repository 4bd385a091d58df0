"""Each format, read back by a reader of its own."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from typing import Any, get_args

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from seqbench.evidence.records import Status
from seqbench.reports import frame, html, latex, markdown, terminal
from seqbench.reports.formatting import plain, raised
from seqbench.reports.groups import Run
from seqbench.reports.ranks import sheets
from seqbench.reports.sheet import Sheet, rows, sheet
from seqbench.reports.table import Table, table, tables

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
    """Cells of a page's tables; refuses tags that are not closed in order, and anything fetched from elsewhere."""

    void = frozenset({"meta", "link", "img", "br"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.grid: Grid = []
        self.said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "link", "img"}
        assert not {"src", "href"} & {name for name, _ in attrs}
        if tag not in self.void:
            self.open.append(tag)
        if tag == "tr":
            self.grid.append([])
        if tag in {"td", "th"}:
            self.grid[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data
        if {"td", "th"} & set(self.open):
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
    assert read_markdown(markdown.render([made])) == cells(sheet(made))


def test_html_reads_back_as_the_same_cells_notes_and_command_from_one_file(made: Table) -> None:
    text, page = html.render([made]), sheet(made)
    assert read_html(text) == cells(page)
    reader = TableReader()
    reader.feed(text)
    for said in [page.title, page.summary, page.command, *(text for pair in page.notes + page.footer for text in pair)]:
        assert said in reader.said
    assert "prefers-color-scheme: dark" in text


def test_html_and_markdown_take_several_tables(made: Table) -> None:
    assert read_html(html.render([made, made])) == read_markdown(markdown.render([made])) * 2


def test_latex_has_every_cell_in_panels_of_equal_rows_and_no_stray_syntax(made: Table) -> None:
    page = sheet(made)
    panels = read_latex(latex.render([made]))
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
    text = terminal.render([made], width=width, color=False)
    grid_lines = text.split("interval  ")[0].splitlines()
    assert max(cell_len(line) for line in grid_lines) <= width
    assert "…" not in text
    for row in cells(sheet(made))[1:]:
        assert all(cell in text for cell in row[1:])
    assert text.count("kneser-ney(order=5)") >= (1 if width == 200 else 2)


def test_a_wide_terminal_shows_one_panel_and_a_narrow_one_parts_quality_from_cost(made: Table) -> None:
    heads = [
        [line for line in terminal.render([made], width=width, color=False).splitlines() if line.startswith(" model ")]
        for width in (200, 110)
    ]
    assert [len(found) for found in heads] == [1, 2]
    assert "verdict" in heads[1][0]
    assert heads[1][1].split()[:3] == ["model", "parameters", "fit"]


def test_a_long_label_is_broken_before_its_options(run: Make) -> None:
    runs = [run("autoregression", identity={"options": {"missing": how}}) for how in ("refuse", "zero")]
    text = terminal.render([table(runs)], width=60, color=False)
    assert re.search(r"^ autoregression .*\n   \[missing refuse\]", text, re.MULTILINE)


def test_digits_stand_below_digits_whatever_marks_follow(made: Table) -> None:
    text = terminal.render([made], width=200, color=False)
    found = [re.match(r".{30,}?\s(224\.8|3\.2|120\.5|100\.0)(?=[*¹²³ ]+\d)", line) for line in text.splitlines()]
    ends = [match.end() for match in found if match]
    assert sorted(ends)[:4] == [ends[-1]] * 4


def test_color_is_for_screens_alone(made: Table) -> None:
    assert "\x1b[" not in terminal.render([made], width=100, color=False)


def test_csv_reads_back_as_the_frame_with_nothing_rounded(made: Table) -> None:
    expected = frame.frame([made])
    said = io.StringIO(frame.render([made]))
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


def test_bold_is_the_best_on_validation_alone(made: Table) -> None:
    text = markdown.render([made])
    assert re.findall(r"(?<![\\*])\*\*([^*:]+)\*\*(?!:)", text)[:2] == [markdown.escape(LABELS[3]), "120.5"]
    assert text.count(r"\textbf") == 0
    assert latex.render([made]).count(r"\textbf{120.5}") == 1


FORMATS: dict[str, Callable[[Sequence[Table]], str]] = {
    "terminal": lambda found: terminal.render(found, width=110, color=False),
    "markdown": markdown.render,
    "latex": latex.render,
    "html": html.render,
    "csv": frame.render,
}


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_runs_give_the_same_bytes(run: Make, format: str) -> None:
    def written() -> str:
        return FORMATS[format](tables([run("kn"), run("lstm", 90.0, kind="neural")]))

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
    shown = terminal.render(_page(run, text), width=400, color=color)
    bare = re.sub(r"\x1b\[[\d;]*m", "", shown) if color else shown
    assert all(character.isprintable() for line in bare.split("\n") for character in line)
    assert plain(text) in bare
    assert "\x1b[31mred" not in shown
    assert "ranks over 3 data sets" in bare


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_gets_text_and_no_syntax(run: Make, text: str) -> None:
    made = _page(run, text)
    pages = sheets(made)
    blocks = re.split(r"^### ", markdown.render(made), flags=re.MULTILINE)[1:]
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
    assert read_html(html.render(made)) == [row for page in sheets(made) for row in cells(page)]
    known = set(re.findall(r"<(\w+)", html.render(_page(run, "name"))))
    assert set(re.findall(r"<(\w+)", html.render(made))) == known
    assert all(c.isprintable() or c == "\n" for c in html.render(made))


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_gets_text_and_no_command(run: Make, text: str) -> None:
    text_of = latex.render(_page(run, text))
    for panel in read_latex(text_of):
        assert {len(row) for row in panel} == {len(panel[0])}
    commands = set(re.findall(r"\\([a-zA-Z]+)", latex.render(_page(run, "a name's"))))
    escapes = set(re.findall(r"\\([a-zA-Z]+)", "".join(latex.ESCAPES.values())))
    assert set(re.findall(r"\\([a-zA-Z]+)", text_of)) <= commands | escapes


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_gets_text_of_one_line_and_the_frame_gets_it_unchanged(run: Make, text: str) -> None:
    made = _page(run, text)
    written, kept = list(csv.DictReader(io.StringIO(frame.render(made), newline=""))), frame.frame(made)
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
    assert read_html(html.render(made)) == expected
    for one in made:
        assert read_markdown(markdown.render([one])) == [[text.strip() for text in row] for row in cells(sheet(one))]
        for panel in read_latex(latex.render([one])):
            assert len(panel) == 1 + len(one.rows)
            assert {len(row) for row in panel} == {len(panel[0])}
    shown = terminal.render(made, width=110, color=False)
    assert all(plain(f"m{i}{tail}")[:12] in shown for i in range(len(runs)))
    assert len(frame.frame(made)) == len(runs)
