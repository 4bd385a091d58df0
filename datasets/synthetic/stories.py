"""Stories of a made world with a question each, whose right answer and supporting facts are known.

Each part is drawn from its own random stream, so that a longer training part does not change the test part. Only
uniform random numbers are used, since NumPy keeps their bit stream the same.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from seqbench.data import DataError
from seqbench.datasets.stories.babi_format import Question, Tale
from seqbench.datasets.stories.base import PARTS, Stories, answer_data
from seqbench.datasets.synthetic.processes import streams
from seqbench.datasets.synthetic.world import LANGUAGES, Event, Kind, Known, Language, World
from seqbench.interface import Floats
from seqbench.tasks.answers.data import AnswerData
from seqbench.tasks.answers.model import Answered, Answerer, AnsweringContext, Asked, Story, Words

NOISE = 1e-6
"""Probability of each wrong answer in the true model, so that every answer has a finite score."""
TRIES = 1000
"""Tales that are begun for one that has a question of the wanted kind."""
DEATH = 0.02
"""Probability that an event is a death, if more than two persons live."""
CARRYING = 0.5
"""Probability that things are taken, dropped or given, where that is possible."""


class _Query(NamedTuple):
    """A question, and what is known about it."""

    words: list[str]
    known: Known
    about: tuple[str, ...]
    """Persons and things that must do nothing more, if the answer is to stay."""


class Tracker(Answerer):
    """The true model: it follows who moves where and who holds what, in the sentences of a made world.

    The right answer has the probability 1 − (C − 1) · `NOISE`. If a question is none of this world, or its answer is
    not known, all answers are equally probable.
    """

    stochastic: ClassVar[bool] = False

    def __init__(self, language: Language, answers: Sequence[str]) -> None:
        super().__init__()
        self.language, self.answers = language, tuple(answers)
        self.events = {tuple(words): event for words, event in _sentences(language)}

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        """Do nothing, since the rule is known."""

    def predict(self, asked: Asked) -> Floats:
        size = len(self.answers)
        log_p = np.full((len(asked), size), -np.log(size))
        for row, (story, question) in enumerate(zip(asked.stories, asked.questions, strict=True)):
            known = self._known(story, question)
            if known is not None and known.place in self.answers:
                log_p[row] = np.log(NOISE)
                log_p[row, self.answers.index(known.place)] = np.log1p(-(size - 1) * NOISE)
        return log_p

    def _known(self, story: Story, question: Words) -> Known | None:
        world = World()
        for sentence in story:
            if event := self.events.get(tuple(sentence)):
                world.happen(event)
        asked = list(question)
        return next((query.known for query in _queries(world, self.language) if query.words == asked), None)


class MadeWorld(Stories):
    """Tales of persons, places and things, in the style of "Where is the ring?", with a question at the end of each.

    A question with one supporting fact asks where a person is, with two where a thing is, with three where a thing was
    before.
    """

    name: ClassVar[str] = "made-world"
    knows_truth: ClassVar[bool] = True

    facts: int = Field(1, ge=1, le=3, description="number of sentences that an answer follows from")
    sentences: int = Field(12, ge=3, le=500, description="the most sentences of a tale; the fewest are half as many")
    distance: int = Field(0, ge=0, description="number of sentences at the end of a tale that the answer is not about")
    persons: int = Field(4, ge=2, le=8, description="persons in a tale")
    places: int = Field(6, ge=2, le=10, description="places of the world")
    things: int = Field(3, ge=1, le=6, description="things of the world")
    language: Literal["en", "ru"] = Field("en", description="English or Russian")
    names: Literal["known", "new"] = Field(
        "known", description="whether the persons of the test part occur in training"
    )
    train_stories: int = Field(1000, ge=1, description="tales of the training part")
    valid_stories: int = Field(200, ge=1, description="tales of the validation part")
    test_stories: int = Field(1000, ge=1, description="tales of the test part")
    seed: int = Field(0, ge=0, description="seed of the tales")

    @model_validator(mode="after")
    def _check_length(self) -> "MadeWorld":
        if self.distance + 2 * self.facts > self.sentences // 2:
            raise ValueError(
                f"distance={self.distance} and facts={self.facts} leave no room for a story: give at least "
                f"sentences={2 * (self.distance + 2 * self.facts)}"
            )
        return self

    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.name} {self.model_dump_json()}".encode()).hexdigest()

    def load(self) -> AnswerData:
        language = LANGUAGES[self.language]
        _, *parts = streams(self.seed)
        names = [person.name for person in language.persons]
        known, new = names[: len(names) // 2], names[len(names) // 2 :]
        tales = []
        for part, rng in zip(PARTS, parts, strict=True):
            persons = new if self.names == "new" and part == "test" else known
            tales.append([self._tale(language, persons, rng) for _ in range(getattr(self, f"{part}_stories"))])
        answers = tuple(sorted({question.answer for part in tales for tale in part for question in tale.questions}))
        return answer_data(self.name, tales, {}, Tracker(language, answers))

    def _tale(self, language: Language, names: Sequence[str], rng: np.random.Generator) -> Tale:
        """Draw a tale with a question; names: of the persons that may occur."""
        for _ in range(TRIES):
            least = max(self.sentences // 2, self.distance + 2 * self.facts)
            length = least + int(rng.random() * (self.sentences - least + 1))
            plot = _Plot(self, language, _chosen(names, self.persons, rng), rng)
            for _ in range(length - self.distance):
                plot.go_on()
            queries = [q for q in _queries(plot.world, language) if len(q.known.facts) == self.facts]
            if self.facts == 1:
                queries = [q for q in queries if q.about[0] in plot.persons]
            if not queries:
                continue
            query = _one(queries, rng)
            for _ in range(self.distance):
                plot.go_on(query.about)
            written = " ".join(query.words)
            question = Question(query.words, written, length, query.known.place, query.known.facts)
            return Tale(plot.told, [question])
        raise DataError(f"{self.name}: no tale with a question of {self.facts} facts was found; give more sentences")


class _Plot:
    """A tale that is being told."""

    def __init__(
        self, options: MadeWorld, language: Language, persons: Sequence[str], rng: np.random.Generator
    ) -> None:
        self.language, self.persons, self.rng = language, persons, rng
        self.places = [place.name for place in language.places[: options.places]]
        self.world, self.told = World(), list[list[str]]()
        self.lying = {thing.name: _one(self.places, rng) for thing in language.things[: options.things]}
        """Where each thing lies that nobody holds, whether a sentence tells it or not."""
        self.been: dict[str, set[str]] = {person: set() for person in persons}

    def go_on(self, without: Sequence[str] = ()) -> None:
        """Tell one more event, which is not about the given persons and things."""
        event = self._event([p for p in self.persons if p not in self.world.dead and p not in without], without)
        template = _one(self.language.sentences[event.kind], self.rng)
        if event.kind == "move":
            if event.place in self.been[event.person]:
                template = self.language.back
            self.been[event.person].add(event.place)
        elif event.kind == "take":
            del self.lying[event.thing]
        elif event.kind == "drop":
            self.lying[event.thing] = self.world.persons[event.person].place
        self.world.happen(event)
        self.told.append(self.language.words(template, event))

    def _event(self, acting: Sequence[str], without: Sequence[str]) -> Event:
        possible = list(self._carrying(acting, without))
        if possible and self.rng.random() < CARRYING:
            kind = _one(sorted({event.kind for event in possible}), self.rng)
            return Event(*_one([event for event in possible if event.kind == kind], self.rng))
        if len(acting) > 2 and self.rng.random() < DEATH:
            return Event("die", _one(acting, self.rng))
        person = _one(acting, self.rng)
        here = self.world.persons.get(person)
        return Event("move", person, _one([p for p in self.places if here is None or p != here.place], self.rng))

    def _carrying(self, acting: Sequence[str], without: Sequence[str]) -> Iterator[Event]:
        """Yield what can be done with things."""
        places = {person: self.world.persons[person].place for person in acting if person in self.world.persons}
        for person, place in places.items():
            for thing, lies in self.lying.items():
                if lies == place and thing not in without:
                    yield Event("take", person, thing=thing)
        for thing, (holder, _) in self.world.held.items():
            if holder in places and thing not in without:
                yield Event("drop", holder, thing=thing)
                for other, place in places.items():
                    if other != holder and place == places[holder]:
                        yield Event("give", holder, thing=thing, other=other)


def _queries(world: World, language: Language) -> Iterator[_Query]:
    """Yield all questions whose answers are known."""
    for person, known in world.persons.items():
        yield _Query(language.where_person.format(p=person).split(), known, (person,))
    for thing in world.things:
        about = (thing, world.held[thing][0]) if thing in world.held else (thing,)
        now, before = world.where_thing(thing), world.where_before(thing)
        if now is not None:
            yield _Query(language.where_thing.format(t=thing).split(), now, about)
        if before is not None:
            known, place = before
            yield _Query(language.before(thing, place), known, about)


def _sentences(language: Language) -> Iterator[tuple[list[str], Event]]:
    """Yield every sentence that a language has, with its event."""
    persons, places, things = (
        [own.name for own in all_] for all_ in (language.persons, language.places, language.things)
    )
    templates: list[tuple[Kind, str]] = [
        *((kind, own) for kind, several in language.sentences.items() for own in several),
        ("move", language.back),
    ]
    for kind, template in templates:
        slots = (
            places if kind == "move" else [""],
            things if kind in ("take", "drop", "give") else [""],
            persons if kind == "give" else [""],
        )
        for person, place, thing, other in product(persons, *slots):
            event = Event(kind, person, place, thing, other)
            yield language.words(template, event), event


def _one(choices: Sequence[Any], rng: np.random.Generator) -> Any:
    return choices[int(rng.random() * len(choices))]


def _chosen(names: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    """Draw so many different names."""
    return [names[i] for i in np.argsort(rng.random(len(names)))[:count]]
