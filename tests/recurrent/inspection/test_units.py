"""What single units do: their values against the network's own, and a page that text cannot break."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch

from seqbench.recurrent.inspection.page import render
from seqbench.recurrent.inspection.units import Activity, activity
from seqbench.recurrent.language.elman import ElmanLanguageModel
from seqbench.recurrent.language.gru import GRULanguageModel
from seqbench.recurrent.language.lstm import LSTMLanguageModel
from seqbench.recurrent.language.network import RecurrentLanguageModel, RecurrentNetwork
from seqbench.reports.formatting import visible

IDS = np.array([3, 0, 5, 5, 1, 2])


def network(kind: type[RecurrentLanguageModel], **settings: object) -> RecurrentNetwork:
    torch.manual_seed(0)
    config = kind.config_class.model_validate({"embedding_size": 4, "hidden_size": 5, "dropout": 0.5} | settings)
    return kind(config).build(np.ones(6, np.int64))


@pytest.mark.parametrize("layers", [1, 2])
def test_the_memory_of_an_lstm_is_that_of_the_last_layer_after_each_symbol(layers: int) -> None:
    made = network(LSTMLanguageModel, layers=layers)
    found = activity(made, IDS, list("dafffc"))
    assert found.quantity == "tanh(c)"
    body = made.double().eval().body
    for t in range(len(IDS)):
        _, state = body(made.embedding(torch.tensor([6, *IDS[: t + 1]]))[:, None], None)
        np.testing.assert_allclose(found.values[t], torch.tanh(state[-1][0, 0]).detach().numpy(), atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (ElmanLanguageModel, {}),
        (GRULanguageModel, {"layers": 2}),
        (LSTMLanguageModel, {"dilation": 2}),  # its memory is spread over interleaved sequences
    ],
)
def test_cells_without_a_memory_show_their_output(
    kind: type[RecurrentLanguageModel], settings: dict[str, object]
) -> None:
    made = network(kind, **settings)
    found = activity(made, IDS, list("dafffc"))
    assert found.quantity == "h"
    outputs, _ = made.double().eval().body(made.embedding(torch.tensor([6, *IDS]))[:, None], None)
    np.testing.assert_allclose(found.values, outputs[1:, 0].detach().numpy(), atol=1e-12)


@pytest.mark.parametrize(("norm", "quantity"), [("layer", "tanh(c)"), ("batch", "tanh(c)")])
def test_normalised_layers_have_a_memory_too(norm: str, quantity: str) -> None:
    found = activity(network(LSTMLanguageModel, layers=2, norm=norm), IDS, list("dafffc"))
    assert found.quantity == quantity
    assert np.abs(found.values).max() < 1


def test_units_are_chosen_by_how_much_they_vary_or_by_number() -> None:
    values = np.array([[0.0, 0.5, -1.0, 0.1], [0.0, -0.5, 1.0, 0.2], [0.0, 0.5, -1.0, 0.3]])
    found = Activity(values, "h", ["a", "b", "a"])
    assert found.liveliest(2) == [2, 1]
    assert found.liveliest(9) == [2, 1, 3, 0]
    assert found.chosen([3, 0]) == [3, 0]
    assert found.extremes(2, 1) == (["b"], ["a"])
    with pytest.raises(ValueError, match="no unit 4, -1: units are 0 to 3"):
        found.chosen([4, 0, -1])


class Page(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_no_symbol_and_no_title_becomes_markup() -> None:
    symbols = ["<script>alert(1)</script>", '"', "' onmouseover='x", "&amp;", "\x00", "\x1b[31m", "</td>", "{{ 7*7 }}"]
    values = np.linspace(-1, 1, 8)[:, None]
    text = render(Activity(values, "h", symbols), [0], "<b>title</b>\x1b[0m\n")
    page = Page(text)
    assert not {"script", "b"} & set(page.tags)
    assert page.tags.count("td") == 8
    assert not {"onmouseover", "x"} & {name for one in page.attributes for name in one}
    assert [word for word in page.words if "title" in word] == [
        f"{w} of <b>title</b>" for w in ("seqbench: units", "Units")
    ]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text)
    shown = ["<script>alert(1)</script>", '"', "'␣onmouseover='x", "&amp;", "<U+0000>", "<U+001B>[31m", "</td>"]
    cells = [word for tag, word in _cells(text) if tag == "td"]
    assert cells == [*shown, "{{␣7*7␣}}"]


def _cells(text: str) -> list[tuple[str, str]]:
    """The first word of each cell of a table, with its tag."""
    found: list[tuple[str, str]] = []

    class Cells(HTMLParser):
        within = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.within = tag

        def handle_data(self, data: str) -> None:
            if self.within in ("td", "th"):
                found.append((self.within, data))
                self.within = ""

    Cells().feed(text)
    return found


def test_each_field_tells_its_symbol_and_number_and_its_colour_follows() -> None:
    values = np.array([[0.5, -1.0], [0.0, 0.25], [-0.5, 1.0]])
    text = render(Activity(values, "tanh(c)", ["a", " ", "\n"]), [1, 0], "lstm")
    fields = [one for tag, one in zip(Page(text).tags, Page(text).attributes, strict=True) if tag == "td"]
    assert [one["title"] for one in fields] == [
        "unit 1, after a: −1.00",
        "unit 1, after ␣: +0.25",
        "unit 1, after ↵: +1.00",
        "unit 0, after a: +0.50",
        "unit 0, after ␣: +0.00",
        "unit 0, after ↵: −0.50",
    ]
    assert [one["class"] for one in fields] == ["fall", "rise", "rise", "rise", "fall", "fall"]
    assert [one["style"] for one in fields] == ["--s:0.8", "--s:0.2", "--s:0.8", "--s:0.4", "--s:0.0", "--s:0.4"]
    assert [word for tag, word in _cells(text) if tag == "th"] == ["unit", "a", "␣", "↵", "1", "0"]


def test_values_beyond_one_are_scaled_by_the_largest() -> None:
    text = render(Activity(np.array([[4.0], [-2.0]]), "h", ["a", "b"]), [0], "elman(nonlinearity=relu)")
    styles = [one["style"] for tag, one in zip(Page(text).tags, Page(text).attributes, strict=True) if tag == "td"]
    assert styles == ["--s:0.8", "--s:0.4"]
    assert "+4" in text


def test_a_long_text_stands_in_tables_of_whole_symbols() -> None:
    symbols = ["word" * 5] * 23
    text = render(Activity(np.zeros((23, 1)), "h", symbols), [0], "lstm")
    captions = re.findall(r"<caption>Symbols (\d+) to (\d+) of 23</caption>", text)
    assert captions[0][0] == "1"
    assert captions[-1][1] == "23"
    assert [int(end) + 1 for _, end in captions[:-1]] == [int(start) for start, _ in captions[1:]]
    assert all(4 <= int(end) - int(start) + 1 <= 5 for start, end in captions[:-1])
    assert len([tag for tag, _ in _cells(text) if tag == "td"]) == 23


@pytest.mark.parametrize(
    ("symbol", "seen"),
    [
        ("\n", "↵"),
        ("ab c", "ab␣c"),
        ("\u200b", "<U+200B>"),
        ("e\u0301", "e\u0301"),
        ("\u0301", "◌\u0301"),
        ("\u202e", "<U+202E>"),
        ("ж", "ж"),
    ],
)
def test_what_cannot_be_seen_has_a_sign_or_a_number(symbol: str, seen: str) -> None:
    assert visible(symbol) == seen
