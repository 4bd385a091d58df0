"""The problems of long-range dependence: what they hold, what chance gives, and that their true models are right."""

import itertools
import re
from collections import Counter

import numpy as np
import pytest
import torch

from seqbench.datasets.synthetic import adding, copying, reber, temporal_order
from seqbench.datasets.synthetic.adding import Adding
from seqbench.datasets.synthetic.copying import CopyingProcess, CopyMemory
from seqbench.datasets.synthetic.reber import LETTERS, Reber
from seqbench.datasets.synthetic.temporal_order import OrderOfKeys, TemporalOrder
from seqbench.learning.columns import Windows
from seqbench.tasks.language.scoring import score_documents


def test_the_target_of_adding_is_the_sum_of_the_two_marked_values_one_of_each_half() -> None:
    data = Adding(length=7, train_sequences=400, valid_sequences=3, test_sequences=2).load()
    for sequence, (target,) in zip(data.train.sequences, data.train.targets, strict=True):
        (marked,) = np.nonzero(sequence[:, 1])
        assert len(marked) == 2
        assert marked[0] < 3 <= marked[1]
        assert target == pytest.approx(sequence[marked, 0].sum())
    places = {tuple(np.nonzero(sequence[:, 1])[0]) for sequence in data.train.sequences}
    assert places == set(itertools.product(range(3), range(3, 7)))


def test_the_chance_of_adding_is_the_variance_of_the_sum_of_two_uniform_values() -> None:
    targets = Adding(length=4, train_sequences=200_000, valid_sequences=1, test_sequences=1).load().train.targets
    assert ((targets - 1) ** 2).mean() == pytest.approx(adding.CHANCE, rel=0.01)


@pytest.mark.parametrize("source", [Adding(length=6), TemporalOrder(shortest=20, longest=22)])
def test_a_longer_training_part_changes_no_other_part(source: Adding | TemporalOrder) -> None:
    field = "train_sequences" if isinstance(source, Adding) else "train_documents"
    short = source.model_copy(update={field: 10}).load()
    long = source.model_copy(update={field: 20}).load()
    if isinstance(source, Adding):
        assert all(np.array_equal(a, b) for a, b in zip(short.test.sequences, long.test.sequences, strict=True))
    else:
        assert all(np.array_equal(a, b) for a, b in zip(short.test.texts.ids, long.test.texts.ids, strict=True))


def test_a_document_of_copy_memory_is_symbols_blanks_a_delimiter_and_the_symbols_again() -> None:
    data = CopyMemory(delay=5, train_documents=20, valid_documents=2, test_documents=2).load()
    for ids in data.train.documents:
        text = "".join(data.vocab.decode(ids))
        assert re.fullmatch(r"([a-h]{10})____:\1", text)


def test_the_true_model_of_copying_sums_to_one_and_costs_ten_times_ln_8_per_document() -> None:
    process, rng = CopyingProcess(delay=4), np.random.default_rng(0)
    documents = process.draw(3, rng)
    nats = -process.predict(documents)[0]
    assert nats.sum(axis=1) == pytest.approx(10 * np.log(8), abs=1e-6)
    assert nats.sum() + 3 * 10 * np.log(8) == pytest.approx(3 * 24 * copying.memoryless(4), abs=1e-6)
    state = None
    for t in range(24):
        p = process.next(state, batch=3)
        assert p.sum(axis=1) == pytest.approx(1)
        scores, state = process.predict(documents[:, t : t + 1], state)
        assert scores[:, 0] == pytest.approx(-nats[:, t])


def test_a_model_that_knows_the_form_of_copying_but_no_symbol_pays_what_memoryless_says() -> None:
    delay, documents = 3, CopyingProcess(3).draw(4, np.random.default_rng(1))
    by_place = [Counter(column.tolist()) for column in CopyingProcess(delay).draw(50_000, np.random.default_rng(2)).T]
    nats = [
        -np.log(counted[symbol] / 50_000)
        for counted, column in zip(by_place, documents.T, strict=True)
        for symbol in column
    ]
    assert np.mean(nats) == pytest.approx(copying.memoryless(delay), rel=0.01)


@pytest.mark.parametrize("keys", [2, 3])
def test_the_class_is_the_order_of_the_keys(keys: int) -> None:
    source = TemporalOrder(keys=keys, shortest=30, longest=40, train_documents=300)  # type: ignore[arg-type]
    data = source.load()
    lengths = [len(words) for words in data.train.texts.words]
    assert (min(lengths), max(lengths)) == (30, 40)
    for words, label in zip(data.train.texts.words, data.train.labels, strict=True):
        assert (words[0], words[-1]) == ("E", "B")
        assert "".join(word for word in words if word in "XY") == data.classes[label]
    assert list(data.classes) == sorted(data.classes)
    assert np.bincount(data.train.labels).min() > 0


def test_the_true_posterior_of_temporal_order_is_right_and_knows_nothing_of_other_documents() -> None:
    process = OrderOfKeys(2, 20, 25)
    rng = np.random.default_rng(0)
    for _ in range(50):
        label, ids = process.draw(rng)
        assert process.log_likelihoods(ids).argmax() == label
    assert not process.log_likelihoods(np.array([1, 3, 4, 2])).any()


@pytest.mark.parametrize("keys", [2, 3])
def test_counting_keys_is_right_as_often_as_memoryless_says(keys: int) -> None:
    orders = list(itertools.product((0, 1), repeat=keys))
    guessed = {sum(order): order for order in orders}  # one order for each count
    assert np.mean([guessed[sum(order)] == order for order in orders]) == temporal_order.memoryless(keys)


def test_reber_strings_follow_the_grammar_and_repeat_their_second_letter() -> None:
    rng = np.random.default_rng(0)
    rest = "(XT*VP)*(S|XT*VV)"  # from the state after T S* X
    grammar = re.compile(rf"B([TP])B(TS*X{rest}|PT*V(V|P{rest}))E\1E")
    seen = {"".join(LETTERS[i] for i in reber.string(rng)) for _ in range(500)}
    assert all(grammar.fullmatch(text) for text in seen)
    assert len(seen) > 100


def test_the_true_model_of_reber_gives_a_string_one_half_for_each_choice() -> None:
    process = reber.grammar()
    for text, choices in (("BTBTXSETE", 4), ("BPBPVVEPE", 4), ("BTBTSSXXTVVETE", 9)):
        ids = np.array([LETTERS.index(letter) for letter in text])
        (nats,) = score_documents(process, [ids])
        assert nats.sum() == pytest.approx(choices * np.log(2), abs=1e-4)


def test_the_true_model_expects_the_second_letter_again_and_nothing_else() -> None:
    process = reber.grammar()
    for outer in "TP":
        ids = np.array([[LETTERS.index(letter) for letter in f"B{outer}BTSXSE"]])
        following = process.next(process.predict(ids)[1])[0]
        assert LETTERS[following.argmax()] == outer
        assert following.max() > 1 - 1e-4


def test_the_continual_stream_holds_the_strings_of_the_reset_one() -> None:
    options = {"train_strings": 30, "valid_strings": 2, "test_strings": 2}
    apart, stream = Reber(**options).load(), Reber(continual=True, **options).load()  # type: ignore[arg-type]
    assert len(stream.train.documents) == 1
    assert np.array_equal(np.concatenate(list(apart.train.documents)), stream.train.documents[0])


def test_whole_documents_of_copying_are_columns_that_no_window_cuts() -> None:
    data = CopyMemory(delay=5, train_documents=50, valid_documents=1, test_documents=1).load()
    windows = Windows(data.train.documents, start=10, batch_size=8, steps=25, device=torch.device("cpu"), shuffle=True)
    seen = []
    for inputs, targets, mask, fresh in windows:
        assert fresh
        assert mask is None
        assert (inputs[0] == 10).all()
        seen += targets.T.tolist()
    assert sorted(seen) == sorted(ids.tolist() for ids in data.train.documents)
