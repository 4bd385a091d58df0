"""What exhibits share: texts are cut at their end, weights become grey points."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqbench.evidence.exhibits import WORD, grid, shortened


@given(st.text(max_size=60))
def test_a_shortened_text_is_its_beginning(text: str) -> None:
    short = shortened(text, WORD)
    assert len(short) <= WORD
    assert short == text or (len(text) > WORD and text.startswith(short[:-1]) and short[-1] == "…")


def test_a_grid_has_a_row_per_name_though_names_repeat_and_weights_lie_between_white_and_black() -> None:
    found = grid(["the", "cat", "the"], [[0.0, 1.0], [0.5, 0.25], [-0.1, 1.2]])
    assert list(found) == ["1 the", "2 cat", "3 the"]
    shades = [[float(picture.item()) for picture in row] for row in found.values()]
    np.testing.assert_allclose(shades, [[-1, 1], [0, -0.5], [-1, 1]])
