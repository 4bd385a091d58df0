"""The text format of bAbI: numbered sentences, and questions with a tab before the answer.

    1 Mary moved to the bathroom.
    2 John went to the hallway.
    3 Where is Mary?    bathroom    1

The columns of a question, separated by tabs: the question, its answer, and the numbers of the sentences that the answer
follows from, which may be missing. A tale begins with the number 1 (Weston et al. 2015, "Towards AI-complete question
answering").
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from seqbench.data import DataError, shown
from seqbench.datasets.files import Line

MOST_WORDS = 1000
"""The most words of a sentence; a longer one is a whole text in one line."""
WORD = re.compile(r"\w+(?:[-'’.]\w+)*|[^\w\s]+")
"""A word, which may have a hyphen, an apostrophe or a full stop inside, or a run of marks."""
ENDS = frozenset(".?!")
"""Marks that end a sentence or question; they are left out."""


@dataclass(frozen=True)
class Question:
    words: Sequence[str]
    written: str
    sentences: int
    """How many sentences of the tale stand before it."""
    answer: str
    """Empty if the file does not tell it."""
    facts: Sequence[int] | None
    """Numbers of the sentences, from 0, that the answer follows from; None: not known."""


@dataclass
class Tale:
    """Sentences in their order, and the questions among them."""

    sentences: list[list[str]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def parse(source: str, text: str, answered: bool = True) -> list[Tale]:
    """Read tales.

    Args:
        source: the name of the file, for messages.
        text: with the line ends of Unix.
        answered: whether each question must have an answer; otherwise it may lack it, and ends in a question mark.

    Raises:
        DataError: the text is not in the format; the message names the file and the line.
    """
    tales: list[Tale] = []
    numbers: dict[int, int] = {}
    last = 0
    for line in (Line(source, number, own) for number, own in enumerate(text.split("\n"), start=1)):
        if not line.text.strip():
            continue
        number, rest = _numbered(line)
        if number == 1:
            tales.append(Tale())
            numbers = {}
        elif number != last + 1 or not tales:
            expected = f"{last + 1}, or 1 for a new tale" if tales else "1, the first of a tale"
            raise line.fault(f"the number {number} stands where {expected} is expected; number the lines of a tale")
        last, tale = number, tales[-1]
        if "\t" in rest or (not answered and rest.rstrip().endswith("?")):
            tale.questions.append(_question(line, rest, len(tale.sentences), numbers, answered))
        else:
            numbers[number] = len(tale.sentences)
            tale.sentences.append(words_of(line, rest, "sentence"))
    if not any(tale.questions for tale in tales):
        how = "a tab and the answer after it" if answered else "a question mark at its end"
        raise DataError(f"{source} holds no question; write one as a numbered line with {how}")
    return [tale for tale in tales if tale.questions]


def _numbered(line: Line) -> tuple[int, str]:
    """Return the number of a line, and the rest."""
    said, _, rest = line.text.lstrip().partition(" ")
    if not (said.isascii() and said.isdecimal() and len(said) < 10):
        raise line.fault(f"{shown(said)} is no number; begin each line with its number in the tale, and a space")
    return int(said), rest.strip(" ")


def _question(line: Line, rest: str, sentences: int, numbers: dict[int, int], answered: bool) -> Question:
    cells = [cell.strip() for cell in rest.split("\t")]
    if len(cells) > 3:
        raise line.fault(
            f"{len(cells)} columns, at most 3: question, answer, numbers of sentences; of several right answers, write "
            "one, with commas between its parts"
        )
    words = words_of(line, cells[0], "question")
    if not sentences:
        raise line.fault("the question stands before any sentence of its tale; write what it is about first")
    answer = " ".join(cells[1].lower().split()) if len(cells) > 1 else ""
    if answered and not answer:
        raise line.fault("the answer is empty; write it after the question and a tab")
    facts = _facts(line, cells[2], numbers) if len(cells) > 2 and cells[2] else None
    return Question(words, cells[0], sentences, answer, facts)


def _facts(line: Line, cell: str, numbers: dict[int, int]) -> list[int]:
    """Return which sentences a cell names; numbers: those of the sentences so far, by the number of their line."""
    found = []
    for said in cell.split():
        number = int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 0
        if number not in numbers:
            raise line.fault(
                f"the answer is said to follow from {shown(said)}; give numbers of earlier sentences of the same tale"
            )
        found.append(numbers[number])
    return found


def words_of(line: Line, text: str, what: str) -> list[str]:
    """Return the words of a sentence or question, in lower case, without the marks that end it.

    Raises:
        DataError: there are none, or too many.
    """
    words = WORD.findall(text.lower())
    while words and set(words[-1]) <= ENDS:
        words.pop()
    if not words:
        raise line.fault(f"the {what} is empty; write it, or remove the line and number the others again")
    if len(words) > MOST_WORDS:
        raise line.fault(f"the {what} has {len(words):,} words; it may have {MOST_WORDS:,}; divide it")
    return words
