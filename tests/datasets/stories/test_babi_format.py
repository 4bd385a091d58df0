"""The format of bAbI: what is read, and what is refused with which words."""

import pytest

from seqbench.data import DataError
from seqbench.datasets.stories.babi_format import parse

TEXT = """1 Mary got the Milk there.
2 John moved to the bedroom .
3 Where is John? \tBedroom\t2
4 Mary travelled to the hallway!
5 Where is the milk?\thallway\t1 4
1 Anna died
2 Where is Anna?\tnowhere
"""


def test_tales_sentences_questions_and_facts_are_read() -> None:
    first, second = parse("a.txt", TEXT)
    assert first.sentences == [
        ["mary", "got", "the", "milk", "there"],
        ["john", "moved", "to", "the", "bedroom"],
        ["mary", "travelled", "to", "the", "hallway"],
    ]
    asked = [(q.words, q.sentences, q.answer, q.facts) for q in first.questions]
    # Facts are numbers of lines, among which questions are; ours are numbers of sentences.
    assert asked == [
        (["where", "is", "john"], 2, "bedroom", [1]),
        (["where", "is", "the", "milk"], 3, "hallway", [0, 2]),
    ]
    assert [(q.answer, q.facts) for q in second.questions] == [("nowhere", None)]


def test_marks_within_a_sentence_are_words() -> None:
    (tale,) = parse("a.txt", "1 Yes, Mount-Doom, he said?! \n2 Who's there?\tHe\n")
    assert tale.sentences == [["yes", ",", "mount-doom", ",", "he", "said"]]
    assert tale.questions[0].words == ["who's", "there"]


def test_a_tale_without_a_question_is_left_out() -> None:
    assert len(parse("a.txt", "1 A b.\n" + TEXT)) == 2


def test_new_questions_need_no_answer() -> None:
    (tale,) = parse("a.txt", "1 Anna went home.\n2 Where is Anna?\n3 Where is Ben?\thome\n", answered=False)
    assert [q.written for q in tale.questions] == ["Where is Anna?", "Where is Ben?"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mary moved.\n", r"line 1: 'Mary' is no number; begin each line with its number in the tale"),
        ("1. Mary moved.\n", r"line 1: '1\.' is no number"),
        ("², Mary moved.\n", r"line 1: '²,' is no number"),
        ("2 Mary moved.\n", r"line 1: the number 2 stands where 1, the first of a tale is expected"),
        ("1 A b.\n3 C d.\n", r"line 2: the number 3 stands where 2, or 1 for a new tale is expected"),
        ("1 A b.\n2 C d.\n2 E f.\n", r"line 3: the number 2 stands where 3, or 1"),
        ("0 A b.\n", r"line 1: the number 0 stands"),
        ("1 Where is A?\tb\n", r"line 1: the question stands before any sentence of its tale"),
        ("1 A b.\n2 Where?\t\t1\n", r"line 2: the answer is empty; write it after the question and a tab"),
        ("1 A b.\n2 \tb\n", r"line 2: the question is empty"),
        ("1 A b.\n2 ?\tb\n", r"line 2: the question is empty"),
        ("1 ...\n", r"line 1: the sentence is empty"),
        ("1\n", r"line 1: the sentence is empty"),
        ("1 A b.\n2 Where?\tb\t1\tc\n", r"line 2: 4 columns, at most 3: question, answer, numbers of sentences"),
        ("1 A b.\n2 Where?\tb\tx\n", r"line 2: the answer is said to follow from 'x'; give numbers of earlier"),
        ("1 A b.\n2 Where?\tb\t2\n", r"line 2: the answer is said to follow from '2'"),
        ("1 A b.\n2 Where?\tb\t1\n3 Where?\tb\t2\n", r"line 3: the answer is said to follow from '2'"),
        ("1 A b.\n2 C d.\n", r"a\.txt holds no question; write one as a numbered line with a tab and the answer"),
        ("1 " + "a " * 1001 + "\n", r"line 1: the sentence has 1,001 words; it may have 1,000; divide it"),
        ("1 A b.\n1234567890 C\n", r"line 2: '1234567890' is no number"),
    ],
)
def test_what_is_not_in_the_format_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        parse("a.txt", text)
