"""Sentences survive being arrays."""

from hypothesis import given
from hypothesis import strategies as st

from seqbench.baselines.translation.sentences import packed_sentences, unpacked_sentences


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=3))))
def test_sentences_are_read_as_they_were_written(sentences: list[list[str]]) -> None:
    assert unpacked_sentences(packed_sentences(sentences)) == sentences
