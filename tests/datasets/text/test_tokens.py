"""Text into ids and back: nothing is lost between them, and every character is counted once."""

import re
import unicodedata
from collections import Counter
from typing import Any, ClassVar

import numpy as np
import pytest
import regex
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from seqbench.data import DataError
from seqbench.datasets.text.base import Parts, TextDataset, by_position
from seqbench.datasets.text.tokens import words_and_marks
from seqbench.tasks.language.data import TextData
from seqbench.tasks.language.vocab import EOS, UNK

SPLITS = ("train", "valid", "test")
lines_of_text = (
    st.text(st.one_of(st.sampled_from("ab,. \n\t"), st.characters(exclude_categories=["Cs"])))
    .map(lambda text: text.replace("\r", "\n"))
    .filter(lambda text: EOS not in text and UNK not in text)
)


class Given(TextDataset):
    """Text that a test hands in."""

    name: ClassVar[str] = "given"

    train: str
    valid: str
    test: str

    def fingerprint(self) -> str:
        return ""

    def parts(self) -> Parts:
        return Parts(self.train, self.valid, self.test)


def given_text(train: str, valid: str | None = None, test: str | None = None, **options: Any) -> Given:
    """The training text stands in where no other is given."""
    return Given(train=train, valid=train if valid is None else valid, test=train if test is None else test, **options)


def load(train: str, **options: Any) -> TextData:
    return given_text(train, **options).load()


def words(data: TextData, split: str = "train") -> list[str]:
    return [word for document in getattr(data, split).documents for word in data.vocab.decode(document)]


@given(lines_of_text)
def test_decoded_words_are_the_lines_split_at_white_space(text: str) -> None:
    assume(text.split())
    expected = [w for line in text.removesuffix("\n").split("\n") for w in [*line.split(), EOS]]
    assert words(load(text)) == expected


@given(lines_of_text)
def test_sentences_are_the_lines_that_hold_a_word(text: str) -> None:
    assume(text.split())
    data = load(text, convention="sentence")
    expected = [[*line.split(), EOS] for line in text.split("\n") if line.split()]
    assert [data.vocab.decode(d) for d in data.train.documents] == expected
    blank = len(text.removesuffix("\n").split("\n")) - len(expected)
    assert data.notes["blank_lines_dropped_train"] == blank


@given(lines_of_text)
def test_decoded_characters_are_the_text(text: str) -> None:
    assume(text)
    data = load(text, unit="character")
    assert "".join(words(data)) == text
    assert data.vocab.eos is None
    assert data.vocab.unk == len(set(text))  # the last, since it never occurs


@given(lines_of_text, st.sampled_from(["joined", "apart"]))
def test_characters_of_a_stream_sum_to_the_text(text: str, punctuation: str) -> None:
    assume(text.split())
    data = load(text, punctuation=punctuation)
    (characters,) = data.train.characters
    assert characters.sum() == len(text)
    assert characters.min() >= 0
    assert len(characters) == data.train.tokens


@given(lines_of_text)
def test_with_punctuation_apart_only_white_space_is_lost(text: str) -> None:
    assume(text.split())
    apart = [w for w in words(load(text, punctuation="apart")) if w != EOS]
    assert "".join(apart) == "".join(text.split())


def test_a_word_counts_the_white_space_before_it_and_the_line_end_itself() -> None:
    data = load("a  bcd \n\nef")
    assert words(data) == ["a", "bcd", EOS, EOS, "ef", EOS]
    assert data.train.characters[0].tolist() == [1, 5, 2, 1, 2, 0]


def test_an_unknown_word_keeps_its_own_length() -> None:
    data = load("a a elephant\n", min_count=2)
    assert words(data) == ["a", "a", UNK, EOS]
    assert data.train.characters[0].tolist() == [1, 2, 9, 1]


def test_punctuation_apart_keeps_runs_of_a_mark_and_the_unknown_word_whole() -> None:
    assert words(load("f(**x), ... it's <unk>!\n", punctuation="apart"))[:-1] == [
        *("f", "(", "**", "x", ")", ",", "...", "it's", UNK, "!")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("हिन्दी में।", ["हिन्दी", "में", "।"]),
        ("مُحَمَّد", ["مُحَمَّد"]),
        ("ภาษาไทย", list("ภาษาไทย")),
        ("春眠", ["春", "眠"]),
        ("カタカナ", ["カタカナ"]),
        ("don't I\u2019m 3.14 1,000; x_y", ["don't", "I\u2019m", "3.14", "1,000", ";", "x_y"]),
        ("a..b e.g. f-g", ["a", "..", "b", "e.g", ".", "f", "-", "g"]),
        ("👩\u200d👩\u200d👧👍🏽!!", ["👩\u200d👩\u200d👧", "👍🏽", "!!"]),
        ("😀😀 🇷🇺🇩🇪", ["😀😀", "🇷🇺", "🇩🇪"]),
        ("!!!\u0301 \u0301x", ["!!", "!\u0301", "\u0301x"]),
        ("x<unk>y", ["x", UNK, "y"]),
    ],
)
def test_words_end_at_the_word_boundaries_of_unicode(text: str, expected: list[str]) -> None:
    assert words_and_marks(text) == expected


LETTERS_AND_MARKS = st.sampled_from("aé\u0301\u200d\u0939\u094d!.',_1 \n👩🏽🇷")


@given(st.text(st.one_of(LETTERS_AND_MARKS, st.characters(exclude_categories=["Cs"]))))
def test_a_word_is_a_run_of_one_mark_or_has_no_word_boundary_inside(text: str) -> None:
    assume(UNK not in text)
    found = words_and_marks(text)
    assert "".join(found) == "".join(text.split())
    for word in found:
        inner = [piece for piece in regex.split(r"\b", word, flags=regex.WORD | regex.VERSION1) if piece]
        assert len(inner) == 1 or (len(set(word)) == 1 and not word[0].isalnum())


def test_composed_and_decomposed_letters_are_divided_in_the_same_way() -> None:
    text = "Été à l\u2019œuvre, naïve: हिन्दी क़लम Ελλάς, Việt Nam."
    composed, decomposed = (words_and_marks(unicodedata.normalize(form, text)) for form in ("NFC", "NFD"))
    assert [unicodedata.normalize("NFC", word) for word in decomposed] == composed


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1), st.integers(1, 4))
def test_min_count_keeps_what_is_frequent_enough_in_the_training_part_alone(text: list[str], least: int) -> None:
    counts = Counter(text)
    assume(max(counts.values()) >= least)
    kept = {w for w, n in counts.items() if n >= least}
    everywhere = " ".join(text)
    data = load(everywhere, valid=f"{everywhere} x x x x {min(kept)}", min_count=least)
    assert set(data.vocab.symbols) == kept | {EOS, UNK}
    assert words(data, "valid") == [*(w if w in kept else UNK for w in [*text, *"xxxx", min(kept)]), EOS]
    assert data.notes["unknown_valid"] == words(data, "valid").count(UNK)
    assert data.notes["symbols_in_training"] == len(counts) + 1


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1), st.integers(3, 12))
def test_vocab_size_keeps_the_most_frequent_and_on_ties_the_first(text: list[str], size: int) -> None:
    kept = [w for w, _ in Counter(text).most_common(size - 2)]  # most_common keeps the order of first occurrence
    data = load(" ".join(text), vocab_size=size)
    assert [s for s in data.vocab.symbols if s not in (EOS, UNK)] == kept
    assert data.vocab.size <= size
    frequencies = np.bincount(data.train.documents[0], minlength=data.vocab.size)
    assert (np.diff(frequencies) <= 0).all()


@pytest.mark.parametrize(("options", "symbols"), [({"vocab_size": 3}, ["c", "a", UNK]), ({"min_count": 3}, ["c", UNK])])
def test_rare_characters_become_unknown(options: dict[str, Any], symbols: list[str]) -> None:
    data = load("caacccbd", unit="character", **options)
    assert sorted(data.vocab.symbols) == sorted(symbols)
    assert data.train.tokens == data.train.characters[0].sum() == 8


@pytest.mark.parametrize("unit", ["word", "character"])
def test_the_vocabulary_does_not_depend_on_what_other_parts_hold(unit: str) -> None:
    others = [{}, {"test": "a é"}, {"valid": "a é ï"}]
    assert len({load("a a b", unit=unit, min_count=1, **other).vocab for other in others}) == 1


def test_a_character_that_only_the_test_part_holds_is_unknown_there() -> None:
    data = load("aab", test="aé", unit="character")
    assert words(data, "test") == ["a", UNK]
    assert data.notes["unknown_train"] == 0
    assert data.notes["unknown_test"] == 1


def test_a_character_is_a_code_point() -> None:
    data = load("e\u0301😀", unit="character")
    assert words(data) == ["e", "\u0301", "😀"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train": "a b\nc <eos> d\n"}, "given: train part, line 2 holds the word <eos>"),
        ({"train": "a b\n", "min_count": 2}, "min_count=2 leaves no word; the most frequent one occurs 1 times"),
        ({"train": "<unk> <unk>\n", "min_count": 2}, "no word but <unk>; give a text that still has its words"),
        ({"train": "a b\n", "test": "x y\n"}, "every word of the test part is <unk>"),
        ({"train": "a b\n", "valid": "x\n"}, "every word of the valid part is <unk>"),
        ({"train": "ab", "test": "xy", "unit": "character"}, "every character of the test part is <unk>"),
        ({"train": "a b\n", "valid": "\n \n"}, "nothing but blank lines is left for the valid part"),
        ({"train": "a b\n", "valid": "\n", "convention": "sentence"}, "nothing but blank lines is left"),
        ({"train": "ab", "valid": "", "unit": "character"}, "nothing but blank lines is left for the valid part"),
    ],
)
def test_text_that_cannot_be_used_is_refused_with_its_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=f"^given: .*{re.escape(message.removeprefix('given: '))}"):
        load(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unit": "character", "convention": "sentence"}, "characters form a stream"),
        ({"vocab_size": 10, "min_count": 2}, "give vocab_size or min_count, not both"),
        ({"vocab_size": 2}, "greater than or equal to 3"),
        ({"unit": "syllable"}, "'word' or 'character'"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        given_text("a", **options)


@given(lines_of_text, st.sampled_from(["word", "character"]))
def test_parts_by_position_joined_are_the_text(text: str, unit: str) -> None:
    parts = by_position(text, train=0.8, valid=0.1, unit=unit)
    assert parts.train + parts.valid + parts.test == text


@given(st.lists(st.integers(0, 30), min_size=30, max_size=60))
def test_words_are_split_at_the_line_end_nearest_to_the_shares(lengths: list[int]) -> None:
    lines = ["x" * n + "\n" for n in lengths]
    text = "".join(lines)
    parts = by_position(text, train=0.8, valid=0.1, unit="word")
    assume("split" not in parts.notes)
    ends = np.cumsum([len(line) for line in lines])
    for cut, share in [(len(parts.train), 0.8), (len(parts.train) + len(parts.valid), 0.9)]:
        assert cut in ends
        assert abs(cut - int(share * len(text))) == np.abs(ends - int(share * len(text))).min()


def test_a_text_of_one_long_line_is_split_between_words_and_says_so() -> None:
    parts = by_position("word " * 100, train=0.8, valid=0.1, unit="word")
    assert [len(p.split()) for p in (parts.train, parts.valid, parts.test)] == [81, 10, 9]
    assert parts.notes == {"split": "between words, since the lines are too long"}


def test_characters_are_split_at_the_very_shares() -> None:
    parts = by_position("ab\n" * 100, train=0.9, valid=0.05, unit="character")
    assert [len(p) for p in (parts.train, parts.valid, parts.test)] == [270, 15, 15]
