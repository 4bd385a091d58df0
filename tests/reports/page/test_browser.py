"""The page in a browser: alone, sorted and filtered by mouse and keyboard, on a phone, in the dark, in print."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqbench.reports.formatting import plain
from seqbench.reports.page.document import render
from seqbench.reports.ranks import sheets
from seqbench.reports.table import Table

sync_api = pytest.importorskip("playwright.sync_api", reason="the page is not driven: pip install playwright")
ROOT = Path(__file__).parents[3]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FETCH = "npm install --no-save --prefix .browser axe-core"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"the page is not driven: there is none of {', '.join(BROWSERS)}")
    root = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
    with sync_api.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=path, args=root)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def file(
    rich: Callable[[str], list[Table]], exhibiting: None, hostile: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render(sheets(rich(hostile))), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Any, file: Path) -> Iterator[Callable[..., Any]]:
    """Opens the page with the network off; whatever it complains of, asks for or pops up fails the test."""
    contexts, wrong = [], list[str]()

    def open_page(width: int = 1280, mode: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=mode, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request", lambda asked: None if asked.url == file.as_uri() else wrong.append(f"request: {asked.url[:99]}")
        )
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [one for one in wrong if not one.startswith("request: data:")] == []


def column(page: Any, number: int) -> list[str]:
    """The texts of a column of the first table, without marks, in the rows that are shown; true models left out."""
    texts: list[str] = page.eval_on_selector_all(
        f"#table-1-scores tbody:first-of-type tr:not([hidden]) > :nth-child({number})",
        """(cells) => cells.map((cell) => [...cell.childNodes].filter((node) => node.nodeName !== "SUP")
        .map((node) => node.textContent).join("").trim())""",
    )
    return texts


def head(page: Any, title: str) -> Any:
    return page.locator("#table-1-scores thead th").filter(has_text=re.compile(f"^{title}"))


def test_every_figure_is_there_and_has_a_size(opened: Callable[..., Any]) -> None:
    page = opened()
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    figures = page.locator("figure").all()
    assert len(figures) > 20
    for figure in figures:
        box = figure.bounding_box()
        assert box["width"] > 60
        assert box["height"] > 30
        assert figure.locator("svg[role=img], img, table, .passage").count() > 0
    for drawn in page.locator("svg[role=img]").all():
        box = drawn.bounding_box()
        assert box["width"] > 100
        assert box["height"] > 50
        assert drawn.locator("path, text").count() > 3
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")


def test_rows_are_sorted_by_mouse_and_return_to_their_order(opened: Callable[..., Any]) -> None:
    page = opened()
    before, title = column(page, 1), head(page, "test perplexity")
    title.locator("button").click()
    assert title.get_attribute("aria-sort") == "ascending"
    assert column(page, 2) == ["3.20", "90.50", "110.00", "130.00", "3,000", "—"]
    title.locator("button").click()
    assert title.get_attribute("aria-sort") == "descending"
    assert column(page, 2) == ["3,000", "130.00", "110.00", "90.50", "3.20", "—"]
    title.locator("button").click()
    assert title.get_attribute("aria-sort") is None
    assert column(page, 1) == before


def test_true_models_stay_below_the_others(opened: Callable[..., Any]) -> None:
    page = opened()
    head(page, "test perplexity").locator("button").click()
    rows = page.locator("#table-1-scores tbody tr > th").all_inner_texts()
    assert rows[-1] == "true model"


def test_rows_are_sorted_by_keyboard(opened: Callable[..., Any]) -> None:
    page = opened()
    page.locator("#table-1-filter").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('th')?.textContent.startsWith('fit')"):
            break
    page.keyboard.press("Enter")
    assert head(page, "fit").get_attribute("aria-sort") == "ascending"
    assert column(page, 1)[0] == "uniform"
    page.keyboard.press("Space")
    assert head(page, "fit").get_attribute("aria-sort") == "descending"
    assert column(page, 1)[0].startswith("lstm")
    assert page.locator("#said").inner_text() == "Sorted by fit, descending."


def test_rows_are_filtered_by_what_is_written(opened: Callable[..., Any]) -> None:
    page = opened()
    field = page.get_by_label("Filter rows").first
    field.click()
    page.keyboard.type("neural ok")
    assert [name.partition(" ")[0].partition("(")[0] for name in column(page, 1)] == ["lstm", "peeks"]
    assert page.locator("#said").inner_text() == "2 of 7 rows."
    field.fill("")
    assert len(column(page, 1)) == 6


def test_columns_are_chosen_by_keyboard(opened: Callable[..., Any]) -> None:
    page = opened()
    form = page.locator("form.controls").first
    form.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert head(page, "test perplexity").is_hidden()
    assert page.locator("#table-1-scores tbody tr:first-child td").first.is_hidden()
    page.keyboard.press("Space")
    assert head(page, "test perplexity").is_visible()
    page.keyboard.press("Escape")
    assert not form.locator("details").evaluate("(part) => part.open")


def test_names_are_shown_as_they_are(opened: Callable[..., Any], hostile: str) -> None:
    page = opened()
    assert column(page, 1)[2] == f"classic {plain(hostile)}"
    assert page.locator("script").count() == 1
    labels = page.locator("svg[role=img] text").all_text_contents()
    assert any("<script>" in label for label in labels)


def test_the_first_key_leads_past_the_head_of_the_page(opened: Callable[..., Any]) -> None:
    page = opened()
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert skip.evaluate("(link) => link === document.activeElement")
    assert skip.bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")


def test_colours_of_text_and_figures_follow_the_screen(opened: Callable[..., Any]) -> None:
    def colours(mode: str) -> list[str]:
        return opened(mode=mode).evaluate(
            """() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color,
            getComputedStyle(document.querySelector("svg[role=img] text")).fill,
            getComputedStyle(document.querySelector("svg[role=img] [stroke='var(--neural)']")).stroke]"""
        )

    light, dark = colours("light"), colours("dark")
    assert all(a != b for a, b in zip(light, dark, strict=True))
    assert all(colour.startswith("rgb") for colour in light + dark)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_no_wider_than_the_screen(opened: Callable[..., Any], width: int) -> None:
    page = opened(width)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_its_script_the_page_shows_everything(browser: Any, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("#table-1-scores tbody tr").count() == 7
    assert page.locator("form.controls").first.is_hidden()
    assert page.locator("svg[role=img]").first.is_visible()
    context.close()


def test_print_shows_what_is_folded_and_no_controls(opened: Callable[..., Any], tmp_path: Path) -> None:
    page = opened()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("form.controls").first.is_hidden()
    assert page.locator("details.fold > :not(summary)").first.is_visible()
    assert page.locator("#table-1-scores thead button").count() == 0
    width = page.evaluate("document.querySelector('#table-1-scores').getBoundingClientRect().width")
    assert width <= page.evaluate("document.body.getBoundingClientRect().width") + 1
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#table-1-scores thead button").count() > 5
    page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    written = (tmp_path / "report.pdf").read_bytes()
    assert written.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", written)) > 3


def axe() -> str:
    """The source of axe-core, which is not ours to keep."""
    folders = [os.environ.get("AXE"), ROOT / ".browser/node_modules/axe-core", ROOT / "node_modules/axe-core"]
    found = [path for folder in folders if folder and (path := Path(folder) / "axe.min.js").is_file()]
    if not found:
        pytest.skip(f"accessibility is not measured: there is no axe.min.js; get it with: {FETCH}")
    return found[0].read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing_serious(opened: Callable[..., Any], width: int, mode: str) -> None:
    source, page = axe(), opened(width, mode)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.evaluate(source)
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 20
    serious = [one for one in found["violations"] if one["impact"] in {"serious", "critical"}]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in serious] == []
