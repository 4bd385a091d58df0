"""A rule: the answer is the place that was last named with what is asked about, following who holds what."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from seqbench.interface import Arrays, Floats, Ids
from seqbench.packing import packed, unpacked
from seqbench.tasks.answers.model import Answered, Answerer, AnsweringContext, Asked, Story, Words

Action = Literal["skip", "first", "last", "first then", "last then"]
"""What a sentence without a place tells about one of its names: nothing; that it goes where the first or the last of
the other names goes; or that it stays where that one was at the time of the sentence."""
ACTIONS: tuple[Action, ...] = ("skip", "first", "last", "first then", "last then")
COMMON = 0.5
"""A word in more than this share of the sentences is no name."""
DEPTH = 5
"""How many names are followed at most."""
KINDS = 60
"""Number of kinds of sentences, the most frequent ones, whose actions are learned."""
TALES = 100
"""Number of tales on which actions are tried; a few tales tell what `dropped` means."""
PASSES = 2
"""How often the action of each kind is chosen anew."""


class Kind(NamedTuple):
    """A kind of sentence, as one of its names sees it."""

    words: tuple[str, ...]
    """The words that are no names."""
    subject: bool
    """Whether the name is the first of the sentence."""


class Sentence(NamedTuple):
    place: int | None
    """The last answer that it holds."""
    names: tuple[str, ...]
    rest: tuple[str, ...]
    """The words that are no names."""


class Episode(NamedTuple):
    """A story, and the questions that stand in it."""

    sentences: Sequence[Sentence]
    asked: Mapping[int, Sequence[tuple[str, int | None]]]
    """After so many sentences: the name that each question is about, and the place that it names too."""
    answers: Sequence[int]
    """In the order of the questions."""


class LastNamed(Answerer):
    """The place that was last named with what is asked about.

    If a sentence with the name holds an answer, such as a place, the name is there. Otherwise the sentence may tell
    that a thing goes where its holder goes, or stays where it is left. What is true of a kind of sentence (`took`,
    `dropped`, `gave … to`) is what gives the most right answers in the first tales of training; one kind after another
    is tried. If the question names a place too (`before the kitchen`), the answer is the place before the last stay
    there.

    Names are words of questions that occur in stories too, words that begin a sentence with an answer, and words that
    training lacks. Inflected words are different words, so the rule fails where a name changes its form.
    """

    stochastic: ClassVar[bool] = False

    def fit(self, train: Answered, ctx: AnsweringContext) -> None:
        """Choose what each kind of sentence tells; count how often the rule is right on validation, if it has data."""
        self.answers = ctx.answers
        self._index()
        sentences = list(chain.from_iterable(story for story, _ in _tales(train.asked, train.tales)))
        self.names = {*chain.from_iterable(train.asked.questions)} & {*chain.from_iterable(sentences)}
        self.names |= {words[0] for words in sentences if self._last_answer(words) is not None}
        self.names &= _rare(sentences)
        self.known = {*chain.from_iterable(sentences), *chain.from_iterable(train.asked.questions)}
        self.actions: dict[Kind, Action] = {}
        episodes = self._episodes(train)[:TALES]
        for _ in range(PASSES):
            for kind in self._kinds(sentences):
                self.actions[kind] = max(ACTIONS, key=lambda a: _right(episodes, {**self.actions, kind: a}))
        judged = ctx.valid if len(ctx.valid) else train
        self.right = (_right(self._episodes(judged), self.actions) + 1) / (len(judged) + 2)
        counts = np.bincount(train.answers, minlength=len(self.answers)) + 1
        self.prior = counts / counts.sum()

    def predict(self, asked: Asked) -> Floats:
        """The answer of the rule has the share of right ones as its probability; without one, frequencies count."""
        p = np.tile(self.prior, (len(asked), 1))
        for row, (story, question) in enumerate(zip(asked.stories, asked.questions, strict=True)):
            sentences, asked_at_end = list(map(self._parse, story)), {len(story): [self._about(question)]}
            found = _answers(Episode(sentences, asked_at_end, ()), self.actions)[0]
            if found is not None and len(self.answers) > 1:
                p[row] = (1 - self.right) * self.prior / (1 - self.prior[found])
                p[row, found] = self.right
        log_p: Floats = np.log(p)
        return log_p

    def arrays(self) -> Arrays:
        return {
            "answers": packed(self.answers),
            "names": packed(sorted(self.names) or [""]),
            "known": packed(sorted(self.known)),
            "kinds": packed([f"{kind.subject:d} {' '.join(kind.words)}" for kind in self.actions] or [""]),
            "actions": np.array([ACTIONS.index(action) for action in self.actions.values()], dtype=np.int64),
            "prior": self.prior,
            "right": np.array(self.right),
        }

    def restore(self, arrays: Arrays) -> None:
        self.answers, self.known = unpacked(arrays["answers"]), set(unpacked(arrays["known"]))
        self.names = set(unpacked(arrays["names"])) - {""}
        self._index()
        told = [kind.split() for kind in unpacked(arrays["kinds"]) if kind]
        kinds = [Kind(tuple(words), subject == "1") for subject, *words in told]
        actions = [ACTIONS[number] for number in arrays["actions"].tolist()]
        self.actions = dict(zip(kinds, actions, strict=True))
        self.prior, self.right = arrays["prior"], float(arrays["right"])

    def parameter_count(self) -> int:
        """Return the number of kinds of sentences and of answers, of each of which one number is learned."""
        return len(self.actions) + len(self.answers)

    def _index(self) -> None:
        """Index the answers by their first word, the longest first."""
        self.forms: dict[str, list[tuple[list[str], int]]] = {}
        for number, answer in sorted(enumerate(self.answers), key=lambda pair: -len(pair[1].split())):
            words = answer.split()
            self.forms.setdefault(words[0], []).append((words, number))
        self._parsed: dict[tuple[str, ...], Sentence] = {}

    def _kinds(self, sentences: Iterable[Words]) -> list[Kind]:
        """Return the kinds of sentences without a place that have two names, the most frequent first."""
        counts: Counter[Kind] = Counter()
        for found in map(self._parse, sentences):
            if found.place is None and len(found.names) > 1:
                counts.update(Kind(found.rest, subject) for subject in (True, False))
        return [kind for kind, _ in counts.most_common(KINDS)]

    def _episodes(self, part: Answered) -> list[Episode]:
        """Return each tale with its questions."""
        episodes = []
        for story, rows in _tales(part.asked, part.tales):
            asked: dict[int, list[tuple[str, int | None]]] = {}
            for row in rows:
                question = self._about(part.asked.questions[row])
                asked.setdefault(len(part.asked.stories[row]), []).append(question)
            episodes.append(Episode(list(map(self._parse, story)), asked, part.answers[rows].tolist()))
        return episodes

    def _about(self, question: Words) -> tuple[str, int | None]:
        """Return the name that a question is about, empty if there is none, and the place that it names too."""
        places = list(self._all_answers(question))
        named = {word for place in places for word in self.answers[place].split()}
        names = [word for word in question if self._is_name(word) and word not in named]
        return names[-1] if names else "", places[0] if places else None

    def _parse(self, words: Words) -> Sentence:
        key = tuple(words)
        if key not in self._parsed:
            names = tuple(word for word in words if self._is_name(word))
            rest = tuple(word for word in words if not self._is_name(word))
            self._parsed[key] = Sentence(self._last_answer(words), names, rest)
        return self._parsed[key]

    def _is_name(self, word: str) -> bool:
        return word in self.names or word not in self.known

    def _last_answer(self, words: Words) -> int | None:
        return next(self._all_answers(words), None)

    def _all_answers(self, words: Words) -> Iterator[int]:
        """Yield the answers that a sentence holds, the last first."""
        for start in reversed(range(len(words))):
            for form, number in self.forms.get(words[start], ()):
                if list(words[start : start + len(form)]) == form:
                    yield number
                    break


def _right(episodes: Sequence[Episode], actions: Mapping[Kind, Action]) -> int:
    """Return the number of right answers."""
    return sum(
        said == answer
        for episode in episodes
        for said, answer in zip(_answers(episode, actions), episode.answers, strict=True)
    )


def _answers(episode: Episode, actions: Mapping[Kind, Action]) -> list[int | None]:
    """Return the answers to the questions of an episode; None: the rule has none."""
    where: dict[str, int | str] = {}  # the place of each name, or the name that it goes with
    stays = {name: list[int]() for asked in episode.asked.values() for name, place in asked if place is not None}
    found: list[int | None] = []
    for number, said in enumerate(episode.sentences, start=1):
        _hear(said, where, actions)
        for name, visited in stays.items():
            place = _followed(name, where)
            if place is not None and (not visited or visited[-1] != place):
                visited.append(place)
        for name, present in episode.asked.get(number, ()):
            found.append(_followed(name, where) if present is None else _before(present, stays[name]))
    return found


def _hear(said: Sentence, where: dict[str, int | str], actions: Mapping[Kind, Action]) -> None:
    """Take in a sentence: change where its names are, or which names they go with."""
    if said.place is not None:
        where.update(dict.fromkeys(said.names, said.place))
        return
    moves: dict[str, int | str] = {}
    for number, name in enumerate(said.names if len(said.names) > 1 else ()):
        action = actions.get(Kind(said.rest, number == 0), "skip" if number == 0 else "first")
        if action == "skip":
            continue
        others = [other for other in said.names if other != name] or [name]
        other = others[0] if action.startswith("first") else others[-1]
        there = _followed(other, where) if action.endswith("then") else other
        if there is not None and there != name:
            moves[name] = there
    where.update(moves)


def _followed(name: str, where: Mapping[str, int | str]) -> int | None:
    """Return the place of a name; None: it is not known."""
    found: int | str | None = name
    for _ in range(DEPTH + 1):
        found = where.get(found) if isinstance(found, str) else found
    return found if isinstance(found, int) else None


def _before(present: int, visited: Sequence[int]) -> int | None:
    """Return the place before the last stay at a place."""
    stays = [i for i, place in enumerate(visited) if place == present and i > 0]
    return visited[stays[-1] - 1] if stays else None


def _tales(asked: Asked, tales: Ids) -> Iterator[tuple[Story, list[int]]]:
    """Yield the longest story of each tale and its questions, in the order of the lengths of their stories."""
    own: dict[int, list[int]] = {}
    for row in sorted(range(len(asked)), key=lambda row: len(asked.stories[row])):
        own.setdefault(int(tales[row]), []).append(row)
    for rows in own.values():
        yield asked.stories[rows[-1]], rows


def _rare(sentences: Sequence[Words]) -> set[str]:
    """Return the words that are in at most the share `COMMON` of sentences."""
    counts = Counter(word for words in sentences for word in set(words))
    return {word for word, count in counts.items() if count <= max(1, COMMON * len(sentences))}
