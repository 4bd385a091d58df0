"""The made world, on small cases by hand and on the story of the lecture."""

from seqbench.datasets.synthetic.world import ENGLISH, RUSSIAN, Event, Known, World


def told(*events: Event) -> World:
    world = World()
    for event in events:
        world.happen(event)
    return world


def test_a_thing_goes_with_its_holder_and_stays_where_it_is_left() -> None:
    world = told(
        Event("move", "ann", "attic"),  # 0
        Event("take", "ann", thing="key"),  # 1
        Event("move", "ann", "barn"),  # 2
    )
    assert world.where_thing("key") == Known("barn", (1, 2))
    assert world.where_before("key") == (Known("attic", (1, 0, 2)), "barn")
    world.happen(Event("drop", "ann", thing="key"))  # 3
    world.happen(Event("move", "ann", "cave"))  # 4
    assert world.where_thing("key") == Known("barn", (3, 2))
    assert world.where_person("ann") == Known("cave", (4,))


def test_a_thing_goes_with_whom_it_is_given_to() -> None:
    world = told(
        Event("move", "ann", "attic"),
        Event("move", "ben", "attic"),
        Event("take", "ann", thing="key"),
        Event("give", "ann", thing="key", other="ben"),
        Event("move", "ann", "barn"),
        Event("move", "ben", "cave"),
    )
    assert world.where_thing("key") == Known("cave", (3, 5))


def test_what_is_not_told_is_not_known() -> None:
    world = told(Event("take", "ann", thing="key"), Event("die", "ben"))
    assert world.where_thing("key") is None
    assert world.where_person("ann") is None
    assert world.where_before("key") is None


def test_sentences_agree_with_their_persons_and_things() -> None:
    assert ENGLISH.words("{p} gave the {t} to {q}", Event("give", "mary", thing="ring", other="john")) == [
        *("mary", "gave", "the", "ring", "to", "john")
    ]
    give = "{p} отдал|отдала {t} {q}"
    she, he = Event("give", "мария", thing="книга", other="иван"), Event("give", "иван", thing="ключ", other="анна")
    assert RUSSIAN.words(give, she) == ["мария", "отдала", "книгу", "ивану"]
    assert RUSSIAN.words(give, he) == ["иван", "отдал", "ключ", "анне"]
    assert RUSSIAN.before("лампа", "в саду") == ["где", "была", "лампа", "до", "сада"]


def test_no_sentence_has_two_meanings() -> None:
    from seqbench.datasets.synthetic.stories import _sentences

    for language in (ENGLISH, RUSSIAN):
        meanings: dict[tuple[str, ...], Event] = {}
        for words, event in _sentences(language):
            assert meanings.setdefault(tuple(words), event) == event
