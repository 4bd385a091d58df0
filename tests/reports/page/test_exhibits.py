"""Each kind of exhibit in its form, with every number and name of it, and hostile texts as text."""

import re
from collections.abc import Callable, Sequence
from html import unescape

import numpy as np
import pytest

from seqbench.evidence.exhibits import Bars, Curves, Exhibit, Fan, Images, Line, Listing, Matrix, Passage
from seqbench.reports.formatting import plain
from seqbench.reports.page.bars import NAMES as MOST_BARS
from seqbench.reports.page.curves import height_of
from seqbench.reports.page.exhibits import ROWS, shown
from seqbench.reports.page.figure import LEVELS, Figure
from seqbench.reports.page.matrix import NAMES as MOST_NAMES
from seqbench.reports.page.passage import scales
from seqbench.reports.page.svg import Pen, drawing


def draw(exhibit: Exhibit) -> Figure:
    with drawing():
        (figure,) = shown([exhibit], Pen())
    return figure


def texts(figure: Figure) -> list[str]:
    """What a reader sees, in order."""
    body = re.sub(r"<(title|desc)[^>]*>[^<]*</\1>", "", figure.body)
    return [unescape(text).strip() for text in re.findall(r">([^<]+)<", body) if text.strip()]


def test_every_kind_is_drawn_with_hostile_texts_as_text(
    every_exhibit: Callable[[str], Sequence[Exhibit]], hostile: str
) -> None:
    known: set[str] = set()
    for exhibit in every_exhibit("name"):
        known |= set(re.findall(r"<(\w+)", draw(exhibit).body))
    assert "script" not in known
    for exhibit in every_exhibit(hostile):
        figure = draw(exhibit)
        assert set(re.findall(r"<(\w+)", figure.body)) <= known
        assert all(c.isprintable() or c == "\n" for c in figure.title + figure.body)
        whole = re.sub(r"\s", "", unescape(re.sub("<[^>]*>", "", figure.body)) + unescape(figure.body) + figure.title)
        assert plain(exhibit.title).replace(" ", "") in whole


def test_a_matrix_has_each_count_and_a_shade_by_its_share_of_the_row() -> None:
    figure = draw(Matrix("m", "true", "said", ["a", "b"], [[3, 1], [0, 2000]]))
    assert [int(n.replace(",", "")) for n in texts(figure) if n[0].isdigit()] == [3, 1, 0, 2000]
    assert re.findall(r'<td class="h(\d)"', figure.body) == ["6", "2", "0", str(LEVELS)]
    assert figure.body.count('scope="row"') == 2


def test_a_large_matrix_is_a_picture_with_its_largest_confusions() -> None:
    size = MOST_NAMES + 1
    counts = np.eye(size, dtype=int) * 50
    counts[3, 7], counts[7, 3] = 9, 5
    figure = draw(Matrix("m", "true", "said", [f"c{i}" for i in range(size)], counts.tolist()))
    assert texts(figure)[-6:] == ["c3", "c7", "9", "c7", "c3", "5"]
    assert 'src="data:image/png;base64,' in figure.body
    assert "98% of the counts are on the diagonal" in figure.body


def test_a_passage_keeps_its_text_and_colours_symbols_by_weight() -> None:
    figure = draw(Passage("p", ["a", "<b>", "c\x07", "d\n"], [0.0, 2.0, float("nan"), 4.0], "bits"))
    levels = re.findall(r'<span class="h(\d)" title="([^"]*)">([^<]*)</span>', figure.body)
    assert [(int(level), told, unescape(symbol)) for level, told, symbol in levels] == [
        (0, "0 bits", "a"),
        (5, "2 bits", "<b>"),
        (0, "— bits", "c<U+0007>"),
        (LEVELS, "4 bits", "d↵"),
    ]


def test_symbols_of_letters_stand_without_gaps() -> None:
    body = draw(Passage("p", list("ab c"), [1, 1, 1, 1], "bits", gap="")).body
    passage = body.partition("</p>")[0]
    assert re.sub("<[^>]*>", "", passage) == "ab c"


def test_a_listing_is_a_table_with_heads() -> None:
    figure = draw(Listing("worst", ["text", "p"], [["one\ntwo", "0.9"]]))
    assert texts(figure) == ["worst", "text", "p", "one two", "0.9"]
    assert figure.body.count('<th scope="col"') == 2
    assert re.findall(r'<td( class="number")?>', figure.body) == ["", ' class="number"']


def test_bars_tell_each_value(every_exhibit: Callable[[str], Sequence[Exhibit]]) -> None:
    figure = draw(Bars("b", "F1", ["x", "y"], {"m": [0.5, float("nan")], "n": [0.25, -1.0]}))
    assert re.findall(r"<g><title>([^<]*)</title>", figure.body) == ["x, m: 0.5", "y, m: —", "x, n: 0.25", "y, n: −1"]
    assert [name for name, _ in figure.legend] == ["m", "n"]


def test_what_is_too_much_is_left_out_and_said() -> None:
    many = [f"n{i}" for i in range(MOST_BARS + 5)]
    assert draw(Bars("b", "F1", many, {"m": list(range(len(many)))})).caption == "The first 60 of 65 names."
    rows = [["x"]] * (ROWS + 1)
    assert draw(Listing("l", ["c"], rows)).caption == "The first 200 of 201 rows."


def test_pictures_go_from_white_to_black() -> None:
    from base64 import b64decode
    from io import BytesIO

    from matplotlib.image import imread

    figure = draw(Images("i", {"r": [np.array([[-1.0, 1.0, 0.0]])]}, ["n"]))
    data = re.search(r"base64,([^\"]+)", figure.body)
    assert data is not None
    pixels = imread(BytesIO(b64decode(data[1])))
    assert pixels.shape[:2] == (1, 3)
    np.testing.assert_allclose(pixels[0, :, 0], [1, 0, 0.5], atol=0.01)
    assert 'alt="r, n"' in figure.body


def test_a_fan_tells_how_forecast_and_truth_end_and_what_its_bands_hold() -> None:
    figure = draw(Fan("f", [1, 2], [5, 7], [4, 6], {0.95: ([1, 2], [7, 9]), 0.8: ([2, 3], [6, 8])}))
    assert "the forecast ends at 6 and the truth ends at 7" in figure.body
    assert figure.caption == "Shaded: where 80 % and 95 % of the values should lie."
    assert re.findall(r"<g><title>([^<]*)</title>", figure.body) == ["95 % interval", "80 % interval"]


@pytest.mark.parametrize("empty", [Curves("c", "x", "y", []), Bars("b", "y", [], {}), Passage("p", [], [], "bits")])
def test_an_exhibit_without_data_is_no_error(empty: Exhibit) -> None:
    assert draw(empty).title == empty.title


def test_a_shade_means_the_same_in_all_passages_of_a_unit() -> None:
    calm, wild = (Passage("p", ["a", "b"], weights, "bits") for weights in ([0.0, 1.0], [0.0, 8.0]))
    other = Passage("p", ["a"], [2.0], "nats")
    assert scales([calm, wild, other]) == {"bits": pytest.approx(8.0, rel=0.06), "nats": 2.0}
    with drawing():
        figures = shown([calm, wild, other], Pen())
    levels = [re.findall(r'<span class="h(\d)" title', figure.body) for figure in figures]
    assert levels == [["0", "2"], ["0", "8"], ["8"]]


def test_names_of_bars_are_broken_between_words() -> None:
    figure = draw(Bars("b", "F1", ["another stored pattern", ""], {"m": [1, 2]}))
    assert [text for text in texts(figure) if text[0] in "ap"] == ["another stored", "pattern"]


def test_many_series_of_bars_become_points_on_a_line_per_name() -> None:
    figure = draw(Bars("b", "F1", ["x", "y"], {f"m{i}": [i, 2 * i] for i in range(6)}))
    tips = re.findall(r"<g><title>([^<]*)</title>", figure.body)
    assert tips[:4] == ["x, m0: 0", "y, m0: 0", "x, m1: 1", "y, m1: 2"]
    heights = re.findall(r'viewBox="0 0 400 (\d+)"', figure.body)
    assert int(heights[0]) < 100


def test_a_line_far_from_the_others_does_not_press_them_together() -> None:
    near = [Line(f"l{i}", [1, 2, 3], [i, i + 1, i]) for i in range(4)]
    assert draw(Curves("c", "x", "y", near)).caption == ""
    assert height_of([*near, Line("far", [1, 2, 3], [900, 1000, 900])]).high < 20
    assert "go on beyond" in draw(Curves("c", "x", "y", [*near, Line("far", [1, 2, 3], [900, 1000, 900])])).caption
    assert height_of([Line("a", [1, 2], [0.0, 1.0]), Line("b", [1, 2], [0.0, 1000.0])]).high > 1000


def test_many_curves_are_told_apart_by_colour_and_marker_or_dash() -> None:
    figure = draw(Curves("c", "x", "y", [Line(f"l{i}", [1, 2], [i, i + 1]) for i in range(16)]))
    assert len({style for _, style in figure.legend}) == 16
