"""Stories of one's own: the split, what is refused, and what the table warns of."""

from pathlib import Path

import numpy as np
import pytest

from seqbench.data import DataError
from seqbench.datasets.stories.own import StoryFile
from seqbench.tasks.answers.model import Answered


def tales(count: int = 40, first: int = 0, place: str = "p") -> str:
    return "".join(
        f"1 N{i} went to {place}{i % 3}.\n2 Where is N{i}?\t{place}{i % 3}\t1\n" for i in range(first, first + count)
    )


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def named(part: Answered) -> set[str]:
    return {story[0][0] for story in part.asked.stories}


def test_one_file_is_split_by_tales_whatever_their_order(tmp_path: Path) -> None:
    each = [tales(1, first) for first in range(40)]
    one = StoryFile(path=write(tmp_path / "a.txt", "".join(each))).load()
    two = StoryFile(path=write(tmp_path / "b.txt", "".join(reversed(each)).replace("\n", "\r\n"))).load()
    assert [len(part) for part in (one.train, one.valid, one.test)] == [32, 4, 4]
    for part in ("train", "valid", "test"):
        assert named(getattr(one, part)) == named(getattr(two, part))
    assert one.answers == ("p0", "p1", "p2")
    assert one.test.facts[0] is not None
    assert one.test.facts[0].tolist() == [0]


def test_a_test_file_leaves_a_tenth_for_validation(tmp_path: Path) -> None:
    path, test = write(tmp_path / "a.txt", tales()), write(tmp_path / "b.txt", tales(7, first=50))
    data = StoryFile(path=path, test=test).load()
    assert [len(part) for part in (data.train, data.valid, data.test)] == [36, 4, 7]
    assert not named(data.train) & named(data.test)
    # Tales are numbered through all parts.
    assert len(np.unique(np.concatenate([data.train.tales, data.valid.tales, data.test.tales]))) == 47


def test_what_no_model_can_learn_and_what_it_has_read_is_told(tmp_path: Path) -> None:
    path, valid, test = (
        write(tmp_path / name, text)
        for name, text in (("a", tales()), ("b", tales(5)), ("c", tales(3) + tales(2, 90, "q")))
    )
    data = StoryFile(path=path, valid=valid, test=test).load()
    assert data.notes["warnings"] == [
        "no training question has the answer 'q0', 'q1', so no model can learn to give it",
        "3 of 5 test tales stand in training too, so the scores are too high",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"a\.txt is empty"),
        ("\n \n", r"a\.txt holds only blank lines"),
        (b"1 caf\xe9.\n", r"a\.txt is not UTF-8: line 1"),
        ("1 A\0 b.\n", r"holds NUL characters"),
        (tales(2), r"holds 2 different tales, fewer than the 3 parts of the split"),
        (
            "".join(f"1 N{i} ran.\n2 Who?\tme\n" for i in range(9)),
            r"all answers are 'me', so there is nothing",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        StoryFile(path=write(tmp_path / "a.txt", text)).load()


def test_equal_files_and_validation_without_a_test_part_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", tales())
    with pytest.raises(DataError, match="hold the same tales; give different files"):
        StoryFile(path=path, test=write(tmp_path / "b.txt", tales())).load()
    with pytest.raises(ValueError, match="give test too, or leave out valid"):
        StoryFile(path=path, valid=write(tmp_path / "b.txt", tales(3)))


def test_a_story_and_a_question_are_read_from_a_file_and_a_line(tmp_path: Path) -> None:
    data = StoryFile(path=write(tmp_path / "a.txt", tales()))
    story = write(tmp_path / "ring.txt", "Bilbo travelled to the cave.\n\n2 Gollum dropped the ring there.\n")
    asked = data.asked(story, "Where is the ring?")
    assert [" ".join(words) for words in asked.stories[0]] == [
        "bilbo travelled to the cave",
        "gollum dropped the ring there",
    ]
    assert asked.questions == [["where", "is", "the", "ring"]]
    with pytest.raises(DataError, match="the question has no words; write one"):
        data.asked(story, " ? ")
