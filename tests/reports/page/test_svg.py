"""Figures inside a page: text is text, colours are the page's, nothing is needed from elsewhere."""

import re
from xml.etree import ElementTree

import pytest

from seqbench.reports.formatting import plain
from seqbench.reports.page.axes import canvas, figure_of
from seqbench.reports.page.svg import COLOURS, TIP, Pen, drawing


def drawn(pen: Pen, text: str = "a", tip: str = "b") -> str:
    with drawing():
        axes = canvas(200, 100, 20)
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, text, color=COLOURS["ink"])
        (mark,) = axes.plot([0.2], [0.3], "o", color=COLOURS["neural"])
        mark.set_gid(f"{TIP}{tip}")
        return pen.svg(figure_of(axes), f"title {text}", f"description {text}")


def test_colours_become_variables_and_no_other_colour_is_left() -> None:
    svg = drawn(Pen())
    assert set(re.findall(r' (?:fill|stroke)="([^"]+)"', svg)) <= {f"var(--{name})" for name in COLOURS} | {"none"}
    assert 'fill="var(--neural)"' in svg
    assert 'fill="var(--ink)"' in svg


def test_nothing_that_a_strict_policy_forbids_is_left() -> None:
    root = ElementTree.fromstring(drawn(Pen()))
    for node in root.iter():
        assert node.tag in {"svg", "title", "desc", "g", "defs", "path", "use", "text", "clipPath", "rect"}
        assert not {"style", "onclick"} & set(node.attrib)
        assert node.get("href", "#").startswith("#")


def test_identifiers_are_unique_within_a_page_and_each_reference_has_its_target() -> None:
    pen = Pen()
    page = drawn(pen) + drawn(pen)
    identifiers = re.findall(r' id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))
    used = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page)
    assert used
    assert {one or other for one, other in used} <= set(identifiers)


@pytest.mark.parametrize("text", ["$\\frac{x$ a_b", "<b>&\"'</svg>", "bell\x07 \u202ebidi", "שלום 中文"])
def test_names_are_text_in_labels_tips_and_descriptions(text: str) -> None:
    root = ElementTree.fromstring(drawn(Pen(), plain(text), plain(text)))
    said = {node.tag: node.text for node in root}
    assert (said["title"], said["desc"]) == (f"title {plain(text)}", f"description {plain(text)}")
    assert [node.text for node in root.iter("text")] == [plain(text)]
    assert [node.text for node in root.iter("title")][1:] == [plain(text)]


def test_a_figure_is_an_image_with_a_name_and_a_description() -> None:
    root = ElementTree.fromstring(drawn(Pen()))
    assert root.get("role") == "img"
    names = {node.get("id") for node in root if node.tag in {"title", "desc"}}
    assert set(root.get("aria-labelledby", "").split()) == names


def test_the_same_figure_is_drawn_the_same_way() -> None:
    assert drawn(Pen()) == drawn(Pen())
