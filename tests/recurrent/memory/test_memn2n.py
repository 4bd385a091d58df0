"""End-to-end memory networks against plain NumPy, their gradients, and what neither order nor company may change."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from seqbench.datasets.synthetic.stories import MadeWorld
from seqbench.interface import Budget, Floats
from seqbench.recurrent.memory.memn2n import MemN2N, MemN2NConfig, MemN2NNetwork, gapped, position_weights
from seqbench.recurrent.memory.stories import PaddedStories
from seqbench.tasks.answers.model import AnsweringContext, Asked
from seqbench.tasks.language.vocab import UNK, Vocab

CPU = torch.device("cpu")
VOCAB = Vocab((UNK, "ann", "ben", "went", "to", "attic", "barn", "where", "is"))
ASKED = Asked(
    [
        [["ann", "went", "to", "attic"], ["ben", "went"], ["ann", "went", "to", "barn"]],
        [["ben", "went", "to", "barn", "barn"]],
    ],
    [["where", "is", "ann"], ["ben"]],
)
KINDS = [
    {"encoding": encoding, "tying": tying, "linear_start": linear}
    for encoding in ("position", "bag")
    for tying in ("adjacent", "layer-wise")
    for linear in (False, True)
]


def network(**settings: Any) -> MemN2NNetwork:
    torch.manual_seed(0)
    config = MemN2NConfig.model_validate({"embedding_size": 3, "hops": 2, "memory": 4, **settings})
    built = MemN2NNetwork(VOCAB.size, [5, 6, VOCAB.size + 1], config, config.linear_start).double().eval()
    for parameter in built.parameters():  # larger than at the start, so that differences show
        parameter.data *= 8
    return built


def by_hand(built: MemN2NNetwork, story: list[list[str]], question: list[str]) -> Floats:
    """The logits of the answers from the equations of Sukhbaatar et al. 2015, one word after another."""
    c = built.config
    tables = [table.weight.detach().numpy() for table in built.words]
    times = [time.detach().numpy() for time in built.times]
    d = c.embedding_size

    def read(table: Floats, words: list[str]) -> Floats:
        total, n = np.zeros(d), len(words)
        for j, word in enumerate(words, start=1):
            weight: Any = 1.0
            if c.encoding == "position":
                weight = [(1 - j / n) - (k / d) * (1 - 2 * j / n) for k in range(1, d + 1)]
            total = total + np.multiply(weight, table[VOCAB.index[word]])
        return total

    adjacent = c.tying == "adjacent"
    u = read(tables[0] if adjacent else tables[2], question)
    latest = story[::-1][: c.memory]
    for hop in range(c.hops):
        a, b = (hop, hop + 1) if adjacent else (0, 1)
        m = np.stack([read(tables[a], words) + times[a][i] for i, words in enumerate(latest)])
        o = np.stack([read(tables[b], words) + times[b][i] for i, words in enumerate(latest)])
        p = m @ u
        if not c.linear_start:
            p = np.exp(p) / np.exp(p).sum()
        u = (u if adjacent else built.between.weight.detach().numpy() @ u) + p @ o
    w = tables[-1][built.forms.numpy()] if adjacent else built.output.weight.detach().numpy()
    logits: Floats = w @ u
    return logits


@pytest.mark.parametrize("settings", KINDS)
def test_the_network_is_its_equations(settings: dict[str, Any]) -> None:
    built = network(**settings)
    batch = PaddedStories(ASKED, VOCAB, built.config.memory, CPU).take(np.array([0, 1]))
    logits = built(batch)[0].detach().numpy()
    for row, (story, question) in enumerate(zip(ASKED.stories, ASKED.questions, strict=True)):
        expected = by_hand(built, [list(words) for words in story], list(question))
        np.testing.assert_allclose(logits[row], expected, rtol=0, atol=1e-12)


def test_reading_the_story_backwards_is_another_story() -> None:
    """The temporal encoding counts from the latest sentence."""
    built = network()
    turned = Asked([story[::-1] for story in ASKED.stories], ASKED.questions)
    one, two = (built(PaddedStories(a, VOCAB, 4, CPU).take(np.array([0])))[0] for a in (ASKED, turned))
    assert (one - two).abs().max() > 0.1
    np.testing.assert_allclose(
        two[0].detach().numpy(), by_hand(built, [list(w) for w in ASKED.stories[0]][::-1], ["where", "is", "ann"])
    )


@pytest.mark.parametrize("settings", KINDS)
def test_gradients_are_those_of_finite_differences(settings: dict[str, Any]) -> None:
    built = network(**settings)
    batch = PaddedStories(ASKED, VOCAB, 4, CPU).take(np.array([0, 1]))
    names = [name for name, _ in built.named_parameters()]

    def logits(*values: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(built, dict(zip(names, values, strict=True)), (batch,))[0]

    values = [p.detach().clone().requires_grad_() for p in built.parameters()]
    loss = logits(*values).square().sum()
    found = torch.autograd.grad(loss, values)
    with torch.no_grad():
        for name, value, gradient in zip(names, values, found, strict=True):
            direction = torch.randn_like(value)
            if name.startswith("words"):
                direction[VOCAB.size] = 0  # padding has no gradient, whatever it does
            step = 1e-6
            value += step * direction
            high = logits(*values).square().sum()
            value -= 2 * step * direction
            low = logits(*values).square().sum()
            value += step * direction
            assert float((gradient * direction).sum()) == pytest.approx(
                float(high - low) / (2 * step), rel=1e-5, abs=1e-7
            )


@pytest.mark.parametrize("linear", [False, True])
def test_neither_company_nor_the_order_of_the_batch_changes_an_answer(linear: bool) -> None:
    built = network(linear_start=linear)
    padded = PaddedStories(ASKED, VOCAB, 4, CPU)
    together = built(padded.take(np.array([1, 0])))[0]
    for place, row in enumerate((1, 0)):
        alone = built(padded.take(np.array([row])))[0][0]
        torch.testing.assert_close(together[place], alone, rtol=0, atol=1e-12)


def test_sentences_before_the_memory_change_nothing() -> None:
    model = fitted(memory=3)
    asked = MadeWorld(train_stories=1, valid_stories=1, test_stories=5).load().test.asked
    longer = Asked([[["nobody", "knows"], *story] for story in asked.stories], asked.questions)
    np.testing.assert_allclose(model.predict(asked), model.predict(longer), rtol=0, atol=1e-6)
    assert all((weights[:, 0] == 0).all() for weights in model.attention(longer))


def test_weights_of_positions_are_the_papers() -> None:
    found = position_weights(torch.tensor([4, 2]), 4, 2)
    assert found.shape == (2, 4, 2)
    for row, words in enumerate((4, 2)):
        for j, k in itertools.product(range(1, words + 1), (1, 2)):
            expected = (1 - j / words) - k / 2 * (1 - 2 * j / words)
            assert float(found[row, j - 1, k - 1]) == pytest.approx(expected, abs=1e-15)


def test_gaps_leave_the_order_and_as_many_numbers_out_as_asked() -> None:
    torch.manual_seed(0)
    lengths = torch.tensor([10, 3, 1])
    drawn = [gapped(lengths, 10, 0.3) for _ in range(300)]
    for places in drawn[:20]:
        for row, length in enumerate(lengths.tolist()):
            own = places[row, :length]
            assert (own.diff() > 0).all()
            assert own.max() < length + int(np.ceil(0.3 * length))
    used = {tuple(places[1, :3].tolist()) for places in drawn}
    assert used == {(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)}
    assert (gapped(lengths, 10, 0.0)[0] == torch.arange(10)).all()


def test_the_softmax_comes_in_when_validation_stops_improving() -> None:
    built = network(linear_start=True)
    for loss, linear in ((2.0, True), (1.5, True), (1.6, False), (1.0, False)):
        built.validated(loss)
        assert bool(built.linear) is linear


def fitted(epochs: int = 1, validated: bool = True, **settings: Any) -> MemN2N:
    data = MadeWorld(train_stories=200, valid_stories=50, test_stories=1).load()
    model = MemN2N(MemN2NConfig.model_validate(settings))
    valid = data.valid if validated else data.valid.take(np.arange(0))
    ctx = AnsweringContext(seed=0, budget=Budget(epochs=epochs), valid=valid, vocab=data.vocab, answers=data.answers)
    model.fit(data.train, ctx)
    return model


def test_without_validation_there_is_no_linear_start_that_would_never_end() -> None:
    alone, plain = fitted(2, False).arrays(), fitted(2, False, linear_start=False).arrays()
    assert all(np.array_equal(alone[name], plain[name]) for name in alone)
    assert not alone["network.linear"]
    assert fitted(1).arrays()["network.linear"]


def test_where_a_person_is_can_be_learned_and_the_right_sentence_is_looked_at() -> None:
    data = MadeWorld(train_stories=1000, valid_stories=100, test_stories=200).load()
    model = MemN2N(MemN2NConfig(hops=1))
    ctx = AnsweringContext(seed=0, budget=Budget(epochs=40), valid=data.valid, vocab=data.vocab, answers=data.answers)
    model.fit(data.train, ctx)
    right = model.predict(data.test.asked).argmax(axis=1) == data.test.answers
    assert right.mean() > 0.9
    looked = [int(weights[0].argmax()) for weights in model.attention(data.test.asked)]
    facts = [int(own[0]) for own in data.test.facts if own is not None]
    assert np.mean(np.array(looked) == np.array(facts)) > 0.8


def test_an_answer_of_several_words_or_of_no_word_of_the_stories_can_be_learned() -> None:
    story = [[["it", "is", "red"]], [["it", "is", "blue"]]] * 30
    from seqbench.tasks.answers.model import Answered

    train = Answered(
        Asked(story, [["what", "is", "it"]] * 60), np.tile([0, 1], 30), [None] * 60, np.arange(60, dtype=np.int64)
    )
    model = MemN2N(MemN2NConfig(hops=1, batch_size=4))
    vocab = Vocab((UNK, "it", "is", "red", "blue", "what"))
    ctx = AnsweringContext(seed=0, budget=Budget(epochs=30), valid=train, vocab=vocab, answers=("a rose", "sky"))
    model.fit(train, ctx)
    assert (model.predict(train.asked).argmax(axis=1) == train.answers).all()
