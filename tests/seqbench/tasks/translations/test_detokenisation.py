"""Words and marks become the text that people write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.tasks.translations.detokenisation import detokenised


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("a man , who rides a bike .", "a man, who rides a bike."),
        ("wait ... what ?!", "wait... what?!"),
        ('he says " no " ( twice ) .', 'he says "no" (twice).'),
        ("er sagt „ nein “ und geht", "er sagt „nein“ und geht"),
        ("she says “ no ” and goes", "she says “no” and goes"),
        ("a t - shirt and / or a hat", "a t-shirt and/or a hat"),
        ("the girls ' team don't play", "the girls' team don't play"),
        ("it costs $ 5 , or 5 % ;", "it costs $5, or 5%;"),
        ("black & white – new", "black & white – new"),
        (". first", ". first"),
        ("", ""),
    ],
)
def test_marks_stand_where_people_write_them(words: str, text: str) -> None:
    assert detokenised(words.split()) == text


@given(st.lists(st.sampled_from(["a", "bc", ",", '"', "(", ")", "-", "'", "„", "“", "”", "..."])))
def test_no_letter_is_lost_and_no_space_is_doubled(words: list[str]) -> None:
    text = detokenised(words)
    assert text.replace(" ", "") == "".join(words)
    assert "  " not in text
    assert text == text.strip()
