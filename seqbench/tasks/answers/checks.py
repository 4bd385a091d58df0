"""What the laws of a class of answerers are measured on: generated tales of persons who move from place to place."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from seqbench.evidence.laws import Fits, law
from seqbench.evidence.records import Check
from seqbench.interface import Context, Ids
from seqbench.tasks.answers.laws import copied, log_probabilities, questions
from seqbench.tasks.answers.model import Answered, AnsweringContext, Asked
from seqbench.tasks.items import Answers, Kind
from seqbench.tasks.language.vocab import UNK, Vocab
from seqbench.tasks.trials import Corpus, Trial

PERSONS, PLACES = ("ann", "ben", "carl"), ("attic", "barn", "cellar")
OTHERS = ("ada", "bob", "cleo"), ("xanadu", "yukon", "zion")
"""Persons and places of another source."""


class Answering(Trial[Answered, Asked]):
    context: ClassVar[type[Context[Any]]] = AnsweringContext

    def corpus(self, rng: np.random.Generator) -> Corpus[Answered]:
        train, valid, test = (_tales(count, 12, PERSONS, PLACES, PLACES, rng) for count in (60, 16, 24))
        return Corpus(train, valid, test, _lent([PERSONS, PLACES], PLACES))

    def sources(self, rng: np.random.Generator) -> tuple[Corpus[Answered], Answered, Answered, Answered]:
        answers = (*PLACES, *OTHERS[1])

        def part(persons: Sequence[str], places: Sequence[str]) -> Answered:
            return _tales(240, 4, persons, places, answers, rng)

        own, same = part(PERSONS, PLACES), part(PERSONS, PLACES)
        corpus = Corpus(own, own, own, _lent([PERSONS, PLACES, *OTHERS], answers))
        return corpus, same, part(*OTHERS), part(*OTHERS)

    def kind(self, corpus: Corpus[Answered]) -> Kind[Asked]:
        return questions(len(corpus.lent["answers"]))

    def items(self, part: Answered) -> Asked:
        return part.asked

    def same(self, a: Answered, b: Answered) -> bool:
        facts = [[None if own is None else own.tolist() for own in part.facts] for part in (a, b)]
        return copied(a.asked) == copied(b.asked) and np.array_equal(a.answers, b.answers) and facts[0] == facts[1]

    def losses(self, model: Any, corpus: Corpus[Answered], part: Answered) -> Sequence[float]:
        log_p = log_probabilities(model, part.asked, len(corpus.lent["answers"]))
        return (-float(log_p[np.arange(len(part)), part.answers].mean()),)

    def ignorant(self, part: Answered) -> float:
        """Return the loss of a model that knows only that an answer is of one of the two sources."""
        return float(np.log(len(PLACES) + len(OTHERS[1])))

    def unseen(self, corpus: Corpus[Answered], rng: np.random.Generator) -> dict[str, tuple[Answered, str]]:
        strange = Asked([[["never", "met"]], [["ann", "flew", "to", "né"]]], [["who"], ["where", "is", "né"]])
        long = _tales(8, 80, PERSONS, PLACES, PLACES, rng)
        unknown = Answered(strange, np.zeros(len(strange), np.int64), [None] * len(strange), np.arange(len(strange)))
        return {
            "unseen": (unknown, "questions of unknown words have some answer"),
            "longer": (long, "stories longer than those of the fit get answers"),
        }

    def possible(self, said: Answers) -> bool:
        return bool(np.isfinite(said).any(axis=1).all())

    def unusual(self, corpus: Corpus[Answered], rng: np.random.Generator) -> dict[str, tuple[Corpus[Answered], str]]:
        train = corpus.train
        without = train.take(np.flatnonzero(train.answers != 1))
        alike = replace(train, answers=np.zeros_like(train.answers))
        single = {**corpus.lent, "answers": PLACES[:1]}
        return {
            "lone": (replace(corpus, train=train.take(np.arange(1))), "a single question can be learned"),
            "missing": (replace(corpus, train=without), "an answer without training questions still has its column"),
            "single": (Corpus(alike, alike, alike, single), "questions that all have one answer can be learned"),
        }

    def further(
        self, make: Callable[[], Any], model: Any, corpus: Corpus[Answered], fits: Fits, first: Any, seed: int
    ) -> Iterator[Check]:
        def unsupported() -> Check:
            facts: list[Ids | None] = [None] * len(corpus.train)
            try:
                own = self.fitted(make(), replace(corpus, train=replace(corpus.train, facts=facts)), seed)
            except ValueError as error:
                return Check(name="unsupported", passed=True, message=f"unknown facts are refused: {error}")
            fits.said(own)
            return Check(name="unsupported", passed=True, message="questions without known facts can be learned")

        yield law("unsupported", unsupported)


def _lent(words: Sequence[Sequence[str]], answers: Sequence[str]) -> dict[str, Any]:
    known = sorted({"went", "to", "the", "where", "is", *(word for some in words for word in some)})
    return {"vocab": Vocab((UNK, *known)), "answers": tuple(answers)}


def _tales(
    count: int,
    longest: int,
    persons: Sequence[str],
    places: Sequence[str],
    answers: Sequence[str],
    rng: np.random.Generator,
) -> Answered:
    """Generate tales of 1 to `longest` moves, with a question each about where somebody is who has moved."""
    stories, asked, right, facts = [], [], [], []
    for _ in range(count):
        moves = [(str(rng.choice(persons)), str(rng.choice(places))) for _ in range(int(rng.integers(1, longest + 1)))]
        who = moves[int(rng.integers(len(moves)))][0]
        last = max(i for i, (person, _) in enumerate(moves) if person == who)
        stories.append([[person, "went", "to", "the", place] for person, place in moves])
        asked.append(["where", "is", who])
        right.append(answers.index(moves[last][1]))
        facts.append(np.array([last]))
    return Answered(Asked(stories, asked), np.array(right, dtype=np.int64), facts, np.arange(count))
