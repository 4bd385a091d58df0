"""Machines as translators: bits as words, padding, laws, and a copy that is learned."""

import itertools

import numpy as np
import pytest
import torch

from seqbench import registry
from seqbench.datasets.synthetic.algorithms import BitCopy
from seqbench.interface import Budget
from seqbench.recurrent.memory.bits import BitOutput, bits_of
from seqbench.recurrent.memory.machine import (
    DifferentiableNeuralComputer,
    DNCConfig,
    LSTMTransducer,
    MachineTranslator,
    MemoryTranslator,
    NeuralTuringMachine,
    PlainConfig,
    PlainLSTM,
    TuringConfig,
)
from seqbench.spec import parse
from seqbench.tasks import task
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.data import TranslationData
from seqbench.tasks.translations.model import TranslationContext

EVERY = ["".join(bits) for bits in itertools.product("01", repeat=3)]
MACHINES = [
    NeuralTuringMachine(TuringConfig(hidden_size=8, rows=6, width=4)),
    NeuralTuringMachine(TuringConfig(hidden_size=8, rows=6, width=4, controller="feed-forward", heads=2)),
    DifferentiableNeuralComputer(DNCConfig(hidden_size=8, rows=6, width=4, heads=2)),
    LSTMTransducer(PlainConfig(hidden_size=8, layers=2)),
]


def fitted(model: MachineTranslator, data: TranslationData, epochs: int = 1) -> MachineTranslator:
    ctx = TranslationContext(
        seed=0,
        budget=Budget(epochs=epochs),
        valid=data.valid,
        source_vocab=data.source_vocab,
        target_vocab=data.target_vocab,
    )
    model.fit(data.train, ctx)
    return model


@pytest.mark.parametrize("known", [EVERY, EVERY[:5]])
def test_the_probabilities_of_all_words_and_of_the_end_sum_to_one_and_are_those_of_the_bits(known: list[str]) -> None:
    torch.manual_seed(0)
    vocab = Vocab((UNK, EOS, *known))
    bits = bits_of(vocab)
    assert bits is not None
    output, hidden = BitOutput(5, vocab, bits).double(), torch.randn(4, 5, dtype=torch.float64)
    log_p = output.distribution(hidden)
    torch.testing.assert_close(log_p.exp().sum(1), torch.ones(4, dtype=torch.float64), rtol=0, atol=1e-12)
    said = output.linear(hidden)
    p, end = said[:, :-1].sigmoid(), said[:, -1].sigmoid()
    for i, word in enumerate(known, start=2):
        each = [p[:, b] if bit == "1" else 1 - p[:, b] for b, bit in enumerate(word)]
        torch.testing.assert_close(log_p[:, i].exp(), (1 - end) * each[0] * each[1] * each[2], rtol=1e-10, atol=0)
    torch.testing.assert_close(log_p[:, 1].exp(), end, rtol=1e-12, atol=0)
    for word in range(vocab.size):
        targets = torch.full((4,), word)
        torch.testing.assert_close(output(hidden, targets), log_p[:, word], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("words", [["0", "10"], ["01", "0x"], []])
def test_words_that_are_not_all_as_many_bits_are_read_as_words(words: list[str]) -> None:
    assert bits_of(Vocab((UNK, EOS, *words))) is None


def test_a_plain_machine_is_torchs_lstm() -> None:
    torch.manual_seed(0)
    ours, theirs = PlainLSTM(3, 4, 2).double(), torch.nn.LSTM(3, 4, 2).double()
    for layer, cell in enumerate(ours.cells):
        cell.load_state_dict(
            {n.removesuffix(f"_l{layer}"): p for n, p in theirs.state_dict().items() if n.endswith(f"_l{layer}")}
        )
    x, state, said = torch.randn(5, 2, 3, dtype=torch.float64), ours.initial(2), []
    for one in x:
        output, state = ours.step(one, state)
        said.append(output)
    torch.testing.assert_close(torch.stack(said), theirs(x)[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("model", MACHINES, ids=lambda model: f"{type(model).__name__}")
def test_neither_padding_nor_company_changes_what_is_written(model: MachineTranslator) -> None:
    data = BitCopy(bits=3, longest=4, train_pairs=60, valid_pairs=10, test_pairs=20).load()
    fitted(model, data)
    together = model.log_p(data.test.sources, data.test.targets)
    for i in range(5):
        alone = model.log_p(data.test.sources[i : i + 1], data.test.targets[i : i + 1])[0]
        np.testing.assert_allclose(alone, together[i], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (MACHINES[0], ["read head 1", "write head 1"]),
        (MACHINES[1], ["read head 1", "read head 2", "write head 1", "write head 2"]),
        (MACHINES[2], ["read head 1", "read head 2", "write head"]),
    ],
    ids=lambda of: type(of).__name__,
)
def test_heads_are_shown_where_they_are_at_each_step(model: MemoryTranslator, names: list[str]) -> None:
    data = BitCopy(bits=3, longest=4, train_pairs=60, valid_pairs=10, test_pairs=20).load()
    fitted(model, data)
    source, target = data.test.sources[0], data.test.targets[0]
    heads = model.memory(source, target)
    assert list(heads) == names
    steps = len(source) + 1 + len(target) + 1
    assert {weights.shape for weights in heads.values()} == {(steps, 6)}
    network, ids = model.network, torch.tensor(data.source_vocab.encode(source))[None]
    with torch.inference_mode():
        memory, state = network.encode(ids, torch.tensor([len(source)]))
        written = network.decode(torch.zeros(1, len(target) + 1, dtype=torch.long), memory, state).state
        for here, after in ((len(source), state), (steps - 1, written)):
            for name, weights in network.machine.head_weights(network.machine.state(*after)).items():
                np.testing.assert_allclose(heads[name][here], weights[0].numpy(), rtol=0, atol=1e-6)
    if isinstance(model, NeuralTuringMachine):
        for weights in heads.values():
            np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["ntm(hidden_size=8, rows=6, width=4)", "dnc(hidden_size=8, rows=6, width=4)"])
def test_machines_keep_the_laws(name: str) -> None:
    spec = parse(name)
    kind = registry.find_model(spec, "translate").attribute
    found = task("translate").check_class(
        lambda: kind(registry.configured(kind.config_class, spec, "translate")), seed=3
    )
    assert not [check.message for check in found if not check.passed]


def test_the_number_of_weights_does_not_depend_on_the_rows_of_a_neural_computer() -> None:
    counts = {
        fitted(
            DifferentiableNeuralComputer(DNCConfig(hidden_size=8, rows=rows, width=4)),
            BitCopy(bits=3, longest=3, train_pairs=16, valid_pairs=4, test_pairs=4).load(),
        ).parameter_count()
        for rows in (4, 9)
    }
    assert len(counts) == 1


def test_short_copies_are_learned_by_a_machine_with_a_memory() -> None:
    data = BitCopy(bits=3, longest=3, train_pairs=400, valid_pairs=40, test_pairs=40, seed=1).load()
    model = NeuralTuringMachine(TuringConfig(hidden_size=32, rows=8, width=8, learning_rate=0.01))
    fitted(model, data, epochs=30)
    nats = np.concatenate(model.log_p(data.test.sources, data.test.targets))
    assert -nats.mean() < 0.2
