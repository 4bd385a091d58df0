"""The page as a document: its parts in order, each named; nothing from elsewhere; no more than the records hold."""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from seqbench.evidence.exhibits import Exhibit
from seqbench.reports.formatting import plain
from seqbench.reports.groups import Run
from seqbench.reports.page.document import OPEN, render
from seqbench.reports.ranks import sheets
from seqbench.reports.summary import QUESTION
from seqbench.reports.table import Table, tables
from seqbench.tasks.language.task import LanguageModelling

Make = Callable[..., Run]
Rich = Callable[[str], list[Table]]


class Outline(HTMLParser):
    """Elements with their attributes and their texts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self.texts:
            self.texts[-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def page(rich: Rich, exhibiting: None, hostile: str) -> str:
    return render(sheets(rich(hostile)))


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def test_headings_go_down_one_step_at_a_time_and_the_question_is_the_first(outline: Outline) -> None:
    levels = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    first = next(text for (tag, _), text in zip(outline.elements, outline.texts, strict=True) if tag == "h1")
    assert first.strip() == QUESTION


def test_the_verdict_comes_before_the_table_and_the_figures_after_it(page: str) -> None:
    section = page[page.index('<section id="table-1"') :]
    order = ['<p class="lead">', 'class="scores"', "Quality and cost", "Models side by side", "Training: perplexity"]
    places = [section.index(part) for part in [*order, "<h3>Failures</h3>", "<h3>How to reproduce</h3>"]]
    assert places == sorted(places)


def test_identifiers_are_unique_and_references_lead_to_them(outline: Outline) -> None:
    identifiers = Counter(a["id"] for _, a in outline.elements if a.get("id"))
    assert max(identifiers.values()) == 1
    for _, attributes in outline.elements:
        named = [
            *(attributes.get("aria-labelledby") or "").split(),
            *(attributes.get("aria-describedby") or "").split(),
            attributes.get("for"),
            (attributes.get("href") or "").removeprefix("#"),
            *re.findall(r"url\(#([^)]+)\)", attributes.get("clip-path") or ""),
        ]
        assert {name for name in named if name} <= set(identifiers)


def test_tables_have_captions_and_heads_with_a_scope(page: str, outline: Outline) -> None:
    for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
        assert re.match(r"<table[^>]*>\s*<caption", table)
    assert all(attributes.get("scope") in {"row", "col", "colgroup"} for attributes in outline.all("th"))
    groups = [a for _, a in outline.elements if a.get("role") == "group"]
    assert groups
    assert all((a.get("aria-label") or a.get("aria-labelledby")) and a.get("tabindex") == "0" for a in groups)


def test_pictures_have_texts_in_their_place(outline: Outline) -> None:
    assert all(attributes.get("alt") for attributes in outline.all("img"))
    for attributes in outline.all("svg"):
        assert attributes.get("aria-hidden") == "true" or attributes.get("role") == "img"


def test_the_policy_allows_this_style_and_this_script_alone(page: str, outline: Outline) -> None:
    (policy,) = (a["content"] for a in outline.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert f"{tag}-src 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_names_are_text_wherever_they_stand(page: str, rich: Rich, hostile: str) -> None:
    known = {tag for tag, _ in Outline(render(sheets(rich("name")))).elements}
    found = Outline(page)
    assert {tag for tag, _ in found.elements} <= known | {"img", "br"}
    assert all(c.isprintable() or c == "\n" for c in page)
    assert "".join(found.texts).count(plain(hostile)) > 20


def test_failures_are_told_in_full_with_the_ends_of_their_tracebacks(page: str, hostile: str) -> None:
    told = "".join(Outline(page).texts)
    assert f"out of luck: {plain(hostile)}" in told
    traceback = told[told.index("Traceback:") :]
    assert re.match(r"Traceback:\n  line 0 [^\n]*\n(.*\n)*… 22 lines …\n(.*\n)*ValueError: no", traceback)


def test_what_makes_a_table_again_is_told_in_full(page: str, rich: Rich) -> None:
    told = "".join(Outline(page).texts)
    for table in rich("x"):
        assert table.basis.data_sha256 in told
    assert "9b" * 32 in told
    assert "7a5aca3f" * 5 in told
    assert "hidden_size" in told
    assert "scipy" in told


def test_one_table_has_no_contents_and_several_have(rich: Rich, page: str) -> None:
    first, _ = rich("x")
    assert "<nav" not in render(sheets([first]))
    contents = page[page.index("<nav") : page.index("</nav>")]
    assert re.findall(r'href="#([^"]+)"', contents) == ["table-1", "table-2"]


def test_many_tables_fold_their_figures(run: Make) -> None:
    def runs(count: int) -> list[Run]:
        return [
            run(label, score, identity={"dataset": f"d{i}"}, kind=kind, costs={"fit_seconds": score})
            for i in range(count)
            for label, score, kind in (("a", 100.0, "classic"), ("b", 90.0, "neural"), ("c", 80.0, "neural"))
        ]

    assert "<summary><h3>Figures</h3></summary>" not in render(sheets(tables(runs(OPEN))))
    many = render(sheets(tables(runs(OPEN + 1))))
    assert many.count("<summary><h3>Figures</h3></summary>") == OPEN + 1
    assert 'id="ranks-1"' in many


def test_the_exhibits_of_other_models_are_folded_and_come_last(page: str) -> None:
    section = page[page.index('<section id="table-1"') : page.index('<section id="table-2"')]
    others = section[section.index("<h3>Other models</h3>") :]
    names = [name.partition(" ")[0] for name in re.findall(r"<summary>([^<]*)</summary>", others)]
    assert names[:4] == ["uniform", "classic", "peeks", "true"]
    assert section.index("<h3>lstm(hidden_size=400, dropout=0.5)</h3>") < section.index("<h3>Other models</h3>")


def test_a_task_gets_the_record_and_the_stored_columns_of_the_first_fit(
    run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [run("lstm", 90.0 + seed, seed=seed, kind="neural", stochastic=True) for seed in (1, 0)]
    alone: list[Run] = []
    together: list[dict[str, Run]] = []

    def exhibits(self: object, *fit: Any) -> list[Exhibit]:
        alone.append(fit)
        return []

    def comparisons(self: object, fits: dict[str, Run]) -> list[Exhibit]:
        together.append(fits)
        return []

    monkeypatch.setattr(LanguageModelling, "exhibits", exhibits)
    monkeypatch.setattr(LanguageModelling, "comparisons", comparisons)
    render(sheets(tables([*runs, run("kn"), run("gone", status="failed")])))
    assert [list(fits) for fits in together] == [["lstm", "kn"]]
    assert [record.label for record, _ in alone] == ["lstm", "kn"]
    for record, columns in (together[0]["lstm"], alone[0]):
        assert record is runs[1][0]
        assert columns is runs[1][1]


def test_a_page_as_large_as_a_quick_run_stays_small(run: Make, exhibiting: None) -> None:
    """Four data sets with 18 models each, as in the suite of language modelling, and many exhibits."""
    curves = {"train_nats": [5.0, 4.0, 3.0], "valid_perplexity": [99.0, 80.0, 70.0]}
    runs = [
        run(
            f"{'neural' if m % 2 else 'classic'}-{m}(order={m})",
            100.0 + m,
            identity={"dataset": f"d{d}"},
            kind="neural" if m % 2 else "classic",
            curves=curves if m % 2 else {},
            costs={
                "fit_seconds": 1.5**m,
                "predict_seconds": 1.2**m,
                "parameters": 10 * m,
                "peak_memory_bytes": 10**8 + m,
            },
        )
        for d in range(4)
        for m in range(18)
    ]
    assert len(render(sheets(tables(runs))).encode()) < 3_000_000
