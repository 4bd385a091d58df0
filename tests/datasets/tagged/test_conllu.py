"""What the reader of CoNLL-U keeps, what it skips, and what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqbench.data import DataError
from seqbench.datasets.tagged.conllu import parse


def row(name: object, form: str, upos: str = "X") -> str:
    return "\t".join([str(name), form, form.lower(), upos, "_", "_", "0", "root", "_", "_"])


SENTENCE = "\n".join(
    [
        "# sent_id = 1",
        "# text = Don't go",
        row("1-2", "Don't", "_"),
        row(1, "Do", "AUX"),
        row(2, "n't", "PART"),
        row("2.1", "you", "PRON"),
        row(3, "go", "VERB"),
    ]
)


def test_parts_of_a_multiword_token_are_words_and_the_token_and_empty_nodes_are_not() -> None:
    found = parse("f", f"{SENTENCE}\n\n")
    assert found.sentences == [["Do", "n't", "go"]]
    assert found.tags == [["AUX", "PART", "VERB"]]
    assert found.notes == {"multiword_ranges_skipped": 1, "empty_nodes_skipped": 1}


def test_an_empty_node_may_stand_before_the_first_word_and_a_word_may_be_a_hash_or_hold_a_space() -> None:
    text = "\n".join([row("0.1", "we"), row(1, "#", "SYM"), row(2, "10 000", "NUM")])
    assert parse("f", text).sentences == [["#", "10 000"]]


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n\n# the end\n", "\n \n\n\n"])
def test_the_end_of_the_file_and_blank_lines_change_nothing(end: str) -> None:
    assert len(parse("f", f"\n\n{SENTENCE}\n\n\n{SENTENCE}{end}").sentences) == 2


def test_sentences_to_be_tagged_need_no_tags() -> None:
    text = "\n".join([row(1, "a", "_"), row(2, "b", "NOUN")])
    found = parse("f", text, tagged=False)
    assert (found.sentences, found.tags) == ([["a", "b"]], [])


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([row(1, "a"), "2\tb\tb\tX"], r"f, line 2: 4 columns, not 10; separate the columns by single tabs"),
        ([row(1, "a").replace("\t", " ")], r"f, line 1: 1 columns, not 10"),
        ([row(1, "a"), row(3, "b")], r"f, line 2: word 3 stands where word 2 is expected; separate sentences by blank"),
        ([row(1, "a"), row(1, "b")], r"f, line 2: word 1 stands where word 2 is expected"),
        ([row("one", "a")], r"f, line 1: 'one' is no number of a word, range such as 1-2 or empty node such as 8.1"),
        ([row("01", "a")], r"f, line 1: '01' is no number of a word"),
        ([row(1, "")], r"f, line 1: word 1 is empty; write it in column 2"),
        ([row(1, "a"), row(2, "b", "_")], r"f, line 2: the word 'b' has no part of speech; write it in column 4, UPOS"),
        ([row(1, "a", "")], r"f, line 1: the word 'a' has no part of speech"),
        ([row("2-3", "ab"), row(1, "a")], r"f, line 1: the range 2-3 does not begin at the next word, 1"),
        (
            [row("1-1", "ab"), row(1, "a")],
            r"f, line 1: the range 1-1 does not begin at the next word, 1, and end after",
        ),
        (
            [row("1-3", "abc"), row(1, "a"), row("2-3", "bc"), row(2, "b"), row(3, "c")],
            r"f, line 3: the range 2-3 does not begin at the next word",
        ),
        ([row("1-3", "abc"), row(1, "a")], r"f, line 2: the sentence ends at word 1, inside a range that ends at 3"),
        ([row(1, "a"), row("3.1", "b")], r"f, line 2: the empty node 3.1 does not follow the word 1"),
        ([row(1, "a"), "# late", row(2, "b")], r"f, line 2: a comment stands inside a sentence; move it before"),
        ([row("0.1", "a")], r"f, line 1: the sentence has no word"),
        (["# only a comment"], r"f holds no sentence; a sentence is lines of 10 columns"),
    ],
)
def test_what_is_no_conllu_is_refused_with_its_line(lines: list[str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        parse("f", "\n".join(lines))


@given(
    st.lists(
        st.lists(
            st.tuples(st.text("ab#-1.é_", min_size=1, max_size=4), st.sampled_from(["NOUN", "VERB", "X"])),
            min_size=1,
            max_size=6,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_written_is_read(sentences: list[list[tuple[str, str]]]) -> None:
    text = "\n\n".join("\n".join(row(i, w, t) for i, (w, t) in enumerate(own, start=1)) for own in sentences)
    found = parse("f", text)
    assert found.sentences == [[w for w, _ in own] for own in sentences]
    assert found.tags == [[t for _, t in own] for own in sentences]
