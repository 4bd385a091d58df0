"""Memory networks with strong supervision: scores, time features and losses by hand, and what is learned."""

import numpy as np
import pytest
import torch

from seqbench.datasets.synthetic.stories import MadeWorld
from seqbench.interface import Budget, Floats
from seqbench.recurrent.memory.stories import PaddedStories
from seqbench.recurrent.memory.supervised import (
    NOTHING,
    MemoryNetwork,
    MemoryNetworkConfig,
    SupervisedMemory,
    _log_p,
    _temperature,
    places_of,
)
from seqbench.tasks.answers.model import Answered, AnsweringContext, Asked
from seqbench.tasks.language.vocab import UNK, Vocab

CPU = torch.device("cpu")
VOCAB = Vocab((UNK, "ann", "ben", "went", "to", "attic", "barn", "where", "is"))
ASKED = Asked(
    [
        [["ann", "went", "to", "attic"], ["ben", "went"], ["ann", "went", "to", "barn"]],
        [["ben", "went", "to", "barn"]],
    ],
    [["where", "is", "ann"], ["ben"]],
)
GAMMA = 0.3


def network(hops: int = 2) -> SupervisedMemory:
    torch.manual_seed(1)
    return SupervisedMemory(VOCAB.size, answers=3, hops=hops, size=4).double()


def bag(table: torch.nn.Embedding, words: list[str]) -> Floats:
    found: Floats = table.weight.detach().numpy()[[VOCAB.index[word] for word in words]].sum(axis=0)
    return found


def by_hand(
    built: SupervisedMemory, story: list[list[str]], question: list[str], facts: list[int] | None
) -> tuple[list[int], Floats, float]:
    """The places of the facts, the scores of the answers, and the loss, from the equations, pair by pair."""
    latest = story[::-1]
    candidates = [built.nothing.detach().numpy(), *(bag(built.candidate, words) for words in latest)]
    times = built.times.detach().numpy()
    x, x_last, age = bag(built.asked, question), bag(built.asked_last, question), 0
    places, loss = [], 0.0

    def score(y: int, other: int) -> float:
        total = x @ (candidates[y] - candidates[other])
        if y != NOTHING and other != NOTHING:
            features = np.array([age > y, age > other, y > other, y < other], dtype=float)
            total += x @ (features @ times)
        return float(total)

    for hop in range(built.hops):
        allowed = [p for p in range(len(candidates)) if hop or p != NOTHING]
        if facts is None:
            place = allowed[-1]
            for rival in reversed(allowed[:-1]):
                place = rival if score(rival, place) > 0 else place
        else:
            place = facts[hop]
            wrong = [p for p in allowed if p != place]
            loss += sum(max(0, GAMMA - score(place, p)) + max(0, GAMMA + score(p, place)) for p in wrong)
        if place != NOTHING:
            x, age = x + bag(built.chosen, latest[place - 1]), place
            x_last = x_last + bag(built.chosen_last, latest[place - 1])
        places.append(place)
    return places, built.answer.detach().numpy() @ x_last, loss


@pytest.mark.parametrize("facts", [None, [[3, 1], [1, NOTHING]]])
def test_the_network_is_its_equations(facts: list[list[int]] | None) -> None:
    built = network()
    batch = PaddedStories(ASKED, VOCAB, 50, CPU).take(np.array([0, 1]))
    found, loss = built(batch, None if facts is None else torch.tensor(facts), GAMMA)
    for row, (story, question) in enumerate(zip(ASKED.stories, ASKED.questions, strict=True)):
        own = None if facts is None else facts[row]
        places, scores, expected = by_hand(built, [list(words) for words in story], list(question), own)
        assert found.places[row].tolist() == places
        np.testing.assert_allclose(found.scores[row].detach().numpy(), scores, rtol=0, atol=1e-12)
        assert float(loss[row].detach()) == pytest.approx(expected, abs=1e-12)


def test_the_gradient_of_the_loss_is_that_of_finite_differences() -> None:
    built = network()
    batch = PaddedStories(ASKED, VOCAB, 50, CPU).take(np.array([0, 1]))
    names = [name for name, _ in built.named_parameters()]
    facts = torch.tensor([[3, 1], [1, NOTHING]])

    def loss(*values: torch.Tensor) -> torch.Tensor:
        own = dict(zip(names, values, strict=True))
        total: torch.Tensor = torch.func.functional_call(built, own, (batch, facts, 10.0))[1].sum()
        return total

    values = [p.detach().clone().requires_grad_() for p in built.parameters()]
    found = torch.autograd.grad(loss(*values), values, allow_unused=True)
    with torch.no_grad():
        for name, value, gradient in zip(names, values, found, strict=True):
            direction = torch.randn_like(value)
            if value.shape[0] == VOCAB.size + 1:
                direction[VOCAB.size] = 0  # padding has no gradient
            high, low = loss(*values), None
            value += 1e-6 * direction
            high = loss(*values)
            value -= 2e-6 * direction
            low = loss(*values)
            value += 1e-6 * direction
            slope = 0.0 if gradient is None else float((gradient * direction).sum())
            assert slope == pytest.approx(float(high - low) / 2e-6, rel=1e-5, abs=1e-6), name


def test_neither_company_nor_padding_changes_what_is_found() -> None:
    built = network()
    padded = PaddedStories(ASKED, VOCAB, 50, CPU)
    together = built(padded.take(np.array([1, 0])))[0]
    for place, row in enumerate((1, 0)):
        alone = built(padded.take(np.array([row])))[0]
        assert together.places[place].tolist() == alone.places[0].tolist()
        torch.testing.assert_close(together.scores[place], alone.scores[0], rtol=0, atol=1e-12)


def test_facts_are_counted_from_the_latest_sentence_and_forgotten_before_the_memory() -> None:
    story = [[str(i)] for i in range(6)]
    asked = Asked([story, story], [["?"]] * 2)
    part = Answered(asked, np.array([0, 0]), [np.array([5, 0]), np.array([3])], np.array([0, 1]))
    assert places_of(part, 2, 6).tolist() == [[1, 6], [3, NOTHING]]
    assert places_of(part, 2, 5).tolist() == [[1, NOTHING], [3, NOTHING]]


def test_where_a_thing_is_is_learned_from_a_thousand_stories_with_their_facts() -> None:
    data = MadeWorld(facts=2, train_stories=1000, valid_stories=100, test_stories=200).load()
    model = MemoryNetwork(MemoryNetworkConfig())
    ctx = AnsweringContext(seed=0, budget=Budget(epochs=20), valid=data.valid, vocab=data.vocab, answers=data.answers)
    model.fit(data.train, ctx)
    log_p = model.predict(data.test.asked)
    assert (log_p.argmax(axis=1) == data.test.answers).mean() > 0.9
    assert -log_p[np.arange(len(data.test)), data.test.answers].mean() < 0.6
    looked = [[int(row.argmax()) for row in weights] for weights in model.attention(data.test.asked)]
    facts = [own.tolist() for own in data.test.facts if own is not None]
    assert np.mean([a == b for a, b in zip(looked, facts, strict=True)]) > 0.9


def test_no_answer_is_impossible_after_validation_without_an_error() -> None:
    scores = np.array([[50.0, 0.0], [0.0, 50.0]] * 5)
    temperature = _temperature(scores, np.array([0, 1] * 5), spread=1 / 12)
    log_p = _log_p(scores / temperature, 1 / 12)
    assert np.exp(log_p).sum(axis=1) == pytest.approx(1)
    assert np.exp(log_p.min()) == pytest.approx(1 / 24, rel=0.01)


def test_questions_without_facts_are_refused() -> None:
    data = MadeWorld(train_stories=5, valid_stories=5, test_stories=5).load()
    train = Answered(data.train.asked, data.train.answers, [None] * 5, data.train.tales)
    ctx = AnsweringContext(seed=0, budget=Budget(), valid=data.valid, vocab=data.vocab, answers=data.answers)
    with pytest.raises(ValueError, match="needs the facts that each training answer follows from; use memn2n"):
        MemoryNetwork().fit(train, ctx)
