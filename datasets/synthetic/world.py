"""A made world: who is where, and who holds what.

Persons move between places, take things, drop them, give them to each other, and die. What is true follows from the
sentences alone, so that questions have one right answer, and the sentences that it follows from are known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal["move", "take", "drop", "give", "die"]


class Event(NamedTuple):
    kind: Kind
    person: str
    place: str = ""
    """Where the person moves to."""
    thing: str = ""
    """What is taken, dropped or given."""
    other: str = ""
    """Who is given it."""


class Known(NamedTuple):
    """A place, and the numbers of the events that it follows from, in the order of the reasoning."""

    place: str
    facts: tuple[int, ...]


@dataclass
class World:
    """What is known after some events."""

    events: int = 0
    persons: dict[str, Known] = field(default_factory=dict)
    """The place of each person who has moved."""
    held: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Who holds each thing that is held, and the number of the event by which they got it."""
    things: dict[str, list[Known]] = field(default_factory=dict)
    """The places of each thing so far whose place is known, one after another."""
    dead: set[str] = field(default_factory=set)

    def happen(self, event: Event) -> None:
        """Take in the next event."""
        number = self.events
        self.events += 1
        if event.kind == "move":
            self.persons[event.person] = Known(event.place, (number,))
            for thing, (holder, got) in self.held.items():
                if holder == event.person:
                    self._place(thing, Known(event.place, (got, number)))
        elif event.kind == "die":
            self.dead.add(event.person)
        else:
            near = event.other or event.person
            if event.kind == "drop":
                self.held.pop(event.thing, None)
            else:
                self.held[event.thing] = (near, number)
            if near in self.persons:
                here = self.persons[near]
                self._place(event.thing, Known(here.place, (number, *here.facts)))

    def where_person(self, person: str) -> Known | None:
        return self.persons.get(person)

    def where_thing(self, thing: str) -> Known | None:
        return self.things[thing][-1] if thing in self.things else None

    def where_before(self, thing: str) -> tuple[Known, str] | None:
        """Return where a thing was before its present place, and this place."""
        known = self.things.get(thing, [])
        if len(known) < 2:
            return None
        then, now = known[-2:]
        return Known(then.place, tuple(dict.fromkeys([*then.facts, *now.facts]))), now.place

    def _place(self, thing: str, known: Known) -> None:
        before = self.things.setdefault(thing, [])
        if before and before[-1].place == known.place:
            before.pop()
        before.append(known)


class Person(NamedTuple):
    name: str
    dative: str
    feminine: bool = False


class Place(NamedTuple):
    name: str
    """As it stands in a sentence and in an answer."""
    genitive: str
    """As it stands after `before`."""


class Thing(NamedTuple):
    name: str
    accusative: str
    was: str = ""
    """The form of `was` that agrees with it."""


@dataclass(frozen=True)
class Language:
    """The names of a made world, and sentences about it.

    Slots: `{p}` a person, `{q}` a person who is given something, `{l}` a place, `{t}` a thing. Of a
    word written `взял|взяла`, the second form is used if the person is feminine.
    """

    persons: Sequence[Person]
    places: Sequence[Place]
    things: Sequence[Thing]
    sentences: dict[Kind, Sequence[str]]
    back: str
    """A move to a place where the person has been before."""
    where_person: str
    where_thing: str
    where_before: str

    def words(self, template: str, event: Event) -> list[str]:
        """Return a sentence about an event."""
        said = []
        for word in template.split():
            masculine, _, feminine = word.partition("|")
            said.append(feminine if feminine and self._person(event.person).feminine else masculine)
        return (
            " ".join(said)
            .format(
                p=event.person,
                q=self._person(event.other).dative if event.other else "",
                l=event.place,
                t=self._thing(event.thing).accusative if event.thing else "",
            )
            .split()
        )

    def before(self, thing: str, place: str) -> list[str]:
        """Return the question where a thing was before a place."""
        there = next(own for own in self.places if own.name == place)
        return self.where_before.format(t=thing, was=self._thing(thing).was, l=there.genitive).split()

    def _person(self, name: str) -> Person:
        return next(person for person in self.persons if person.name == name)

    def _thing(self, name: str) -> Thing:
        return next(thing for thing in self.things if thing.name == name)


def _alike(*names: str) -> list[Person]:
    return [Person(name, name) for name in names]


ENGLISH = Language(
    persons=_alike(
        *("mary", "john", "daniel", "sandra", "bilbo", "frodo", "gollum", "sauron"),
        *("emma", "peter", "julius", "wendy", "merry", "pippin", "boromir", "arwen"),
    ),
    places=[
        Place(name, name)
        for name in ("kitchen", "garden", "cellar", "attic", "forest", "school", "bridge", "tower", "shire", "cave")
    ],
    things=[Thing(name, name) for name in ("ring", "apple", "book", "lamp", "key", "milk")],
    sentences={
        "move": ("{p} went to the {l}", "{p} moved to the {l}", "{p} travelled to the {l}", "{p} journeyed to the {l}"),
        "take": ("{p} took the {t} there", "{p} got the {t}", "{p} picked up the {t}"),
        "drop": ("{p} dropped the {t} there", "{p} left the {t} there", "{p} put down the {t}"),
        "give": ("{p} gave the {t} to {q}", "{p} handed the {t} to {q}"),
        "die": ("{p} died",),
    },
    back="{p} went back to the {l}",
    where_person="where is {p}",
    where_thing="where is the {t}",
    where_before="where was the {t} before the {l}",
)

RUSSIAN = Language(
    persons=[
        *(Person("мария", "марии", True), Person("иван", "ивану"), Person("анна", "анне", True)),
        *(Person("пётр", "петру"), Person("бильбо", "бильбо"), Person("фродо", "фродо")),
        *(Person("голлум", "голлуму"), Person("саурон", "саурону"), Person("ольга", "ольге", True)),
        *(Person("сергей", "сергею"), Person("вера", "вере", True), Person("антон", "антону")),
        *(Person("мерри", "мерри"), Person("пиппин", "пиппину"), Person("боромир", "боромиру")),
        Person("арвен", "арвен", True),
    ],
    places=[
        *(Place("на кухне", "кухни"), Place("в саду", "сада"), Place("в подвале", "подвала")),
        *(Place("на чердаке", "чердака"), Place("в лесу", "леса"), Place("в школе", "школы")),
        *(Place("на мосту", "моста"), Place("в башне", "башни"), Place("в шире", "шира"), Place("в пещере", "пещеры")),
    ],
    things=[
        *(Thing("кольцо", "кольцо", "было"), Thing("яблоко", "яблоко", "было"), Thing("книга", "книгу", "была")),
        *(Thing("лампа", "лампу", "была"), Thing("ключ", "ключ", "был"), Thing("молоко", "молоко", "было")),
    ],
    sentences={
        "move": ("{p} теперь {l}", "{p} уже {l}", "{p} оказался|оказалась {l}"),
        "take": ("{p} взял|взяла {t}", "{p} поднял|подняла {t} там", "{p} забрал|забрала {t}"),
        "drop": ("{p} оставил|оставила {t} там", "{p} положил|положила {t}", "{p} бросил|бросила {t} там"),
        "give": ("{p} отдал|отдала {t} {q}", "{p} передал|передала {t} {q}"),
        "die": ("{p} умер|умерла",),
    },
    back="{p} снова {l}",
    where_person="где {p}",
    where_thing="где {t}",
    where_before="где {was} {t} до {l}",
)

LANGUAGES = {"en": ENGLISH, "ru": RUSSIAN}
