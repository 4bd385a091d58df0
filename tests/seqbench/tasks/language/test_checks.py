"""Each fault is told by the laws that it breaks and by no other; honest models break none."""

from collections.abc import Iterator
from typing import Any

import misbehaving
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench import registry
from seqbench.evidence.laws import difference, law
from seqbench.evidence.records import Check
from seqbench.interface import Arrays, Budget, Documents, Floats, Ids
from seqbench.spec import Spec
from seqbench.tasks.language.checks import check_class, check_fitted, probe
from seqbench.tasks.language.laws import windows
from seqbench.tasks.language.model import LanguageContext, LanguageModel
from seqbench.tasks.language.normalisation import GUIDED
from seqbench.tasks.language.scoring import PIECE, Witness, score_documents
from seqbench.tasks.language.task import LanguageModelling
from seqbench.tasks.language.vocab import Vocab


def _broken(checks: list[Check]) -> set[str]:
    return {check.name for check in checks if not check.passed}


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """The networks here are so small that threads only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class TorchLSTM(LanguageModel[Any]):
    """A small LSTM in float32, trained a little; with `bidirectional`, the lectures' model that reads both ways."""

    bidirectional = False

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        torch.manual_seed(ctx.seed)
        self.vocab_size = ctx.vocab.size
        self._build()
        optimiser = torch.optim.Adam(self.net.parameters(), 1e-2)
        for ids in [d for d in train if len(d) > 1][:30]:
            x = torch.as_tensor(ids)[None]
            optimiser.zero_grad()
            self._log_p(x, None)[0].gather(-1, x[..., None]).mean().neg().backward()
            optimiser.step()

    def _build(self) -> None:
        size, directions = 16, 2 if self.bidirectional else 1
        self.net = torch.nn.ModuleDict(
            {
                "embed": torch.nn.Embedding(self.vocab_size + 1, size),
                "lstm": torch.nn.LSTM(size, size, 2, batch_first=True, bidirectional=self.bidirectional),
                "out": torch.nn.Linear(directions * size, self.vocab_size),
            }
        )

    def _log_p(self, ids: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        last, hidden = (torch.full((len(ids), 1), self.vocab_size), None) if state is None else state
        seen = torch.cat([last, ids], 1)
        if not ids.shape[1]:
            return torch.empty(*ids.shape, self.vocab_size), (last, hidden)
        out, hidden = self.net["lstm"](self.net["embed"](seen[:, :-1]), hidden)
        return torch.log_softmax(self.net["out"](out), -1), (seen[:, -1:], hidden)

    @torch.no_grad()
    def predict(self, ids: Ids, state: Any = None) -> tuple[Floats, Any]:
        x = torch.as_tensor(ids)
        log_p, state = self._log_p(x, state)
        return log_p.gather(-1, x[..., None])[..., 0].double().numpy(), state

    @torch.no_grad()
    def next(self, state: Any = None, batch: int = 1) -> Floats:
        rows = batch if state is None else len(state[0])
        return self._log_p(torch.zeros(rows, 1, dtype=torch.int64), state)[0][:, 0].double().exp().numpy()

    def arrays(self) -> Arrays:
        return {name: value.numpy() for name, value in self.net.state_dict().items()}

    def restore(self, arrays: Arrays) -> None:
        self.vocab_size = len(arrays["out.bias"])
        self._build()
        self.net.load_state_dict({name: torch.as_tensor(value) for name, value in arrays.items()})


class BidirectionalLSTM(TorchLSTM):
    """Its backward half has read the symbol that it helps to predict."""

    bidirectional = True


class CarefulBidirectionalLSTM(TorchLSTM):
    """Reads all but the symbol itself: a distribution over each symbol, yet none over texts."""

    def _build(self) -> None:
        super()._build()
        self.net["back"] = torch.nn.LSTM(16, self.vocab_size, batch_first=True)

    def _log_p(self, ids: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        log_p, state = super()._log_p(ids, state)
        if ids.shape[1] > 1:
            later, _ = self.net["back"](self.net["embed"](ids[:, 1:].flip(1)))
            log_p = torch.cat([torch.log_softmax(log_p[:, :-1] + later.flip(1), -1), log_p[:, -1:]], 1)
        return log_p, state


class Zipf(LanguageModel[Ids]):
    """A large vocabulary: half of Zipf's law, and half of the same law turned round by the last symbol."""

    def __init__(self, vocab_size: int = 33_278, inflation: float = 0.0) -> None:
        super().__init__()
        self.vocab_size, self.inflation = vocab_size, inflation
        self.law = 1 / np.arange(1, vocab_size + 1)
        self.law /= self.law.sum()
        self.calls = self.asked = 0

    def fit(self, train: Documents, ctx: LanguageContext) -> None: ...

    def predict(self, ids: Ids, state: Ids | None = None) -> tuple[Floats, Ids]:
        self.calls, self.asked = self.calls + 1, self.asked + ids.size
        seen = np.concatenate([np.zeros((len(ids), 1), np.int64) if state is None else state, ids], axis=1)
        turned = (ids + 7919 * seen[:, :-1]) % self.vocab_size
        return np.log((0.5 * self.law[ids] + 0.5 * self.law[turned]) * (1 + self.inflation)), seen[:, -1:]

    def texts(self, length: int, rng: np.random.Generator) -> Documents:
        return [rng.choice(self.vocab_size, size=length, p=self.law)]


class ZipfWithNext(Zipf):
    def next(self, state: Ids | None = None, batch: int = 1) -> Floats:
        last = np.zeros((batch, 1), np.int64) if state is None else state
        symbols = np.arange(self.vocab_size)
        return 0.5 * self.law + 0.5 * self.law[(symbols + 7919 * last) % self.vocab_size]


class PeeksAhead(LanguageModel[None]):
    """Coins that lean by the symbol that comes `distance` later."""

    vocab_size = 2

    def __init__(self, distance: int) -> None:
        super().__init__()
        self.distance = distance

    def fit(self, train: Documents, ctx: LanguageContext) -> None: ...

    def predict(self, ids: Ids, state: None = None) -> tuple[Floats, None]:
        lean = np.zeros(ids.shape)
        lean[:, : -self.distance] = np.where(ids[:, : -self.distance] == ids[:, self.distance :], 0.1, -0.1)
        return np.log(0.5 + lean), None


@pytest.mark.parametrize(
    "model", [misbehaving.Honest, misbehaving.HonestWithNext, misbehaving.OwnsUpToItsSeed, TorchLSTM]
)
def test_an_honest_class_breaks_no_law(model: type[LanguageModel[Any]]) -> None:
    assert _broken(check_class(model)) == set()


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("Peeks", {"causal"}),
        ("PeeksFar", {"causal", "normalised"}),  # at the last symbol it sees the very symbol that it predicts
        ("Unnormalised", {"normalised"}),
        ("Logits", {"scores"}),
        ("InflatesScores", {"normalised"}),
        ("InflatesBehindAnHonestNext", {"normalised", "consistent"}),
        ("InflatesInside", {"normalised", "chunked"}),  # a cut makes another symbol the last
        ("NextDisagrees", {"consistent"}),
        ("LearnsFromTest", {"frozen", "repeatable"}),
        ("LearnsFromLongTexts", {"frozen", "repeatable"}),
        ("ReturnsNaN", {"scores"}),
        ("WrongShape", {"scores"}),
        ("ScoresOnly", {"scores"}),
        ("MiscountsSymbols", {"scores"}),
        ("MutatesIds", {"pure"}),
        ("MutatesState", {"pure", "normalised"}),  # sums are measured after a state that must stay as it is
        ("ReusesItsAnswer", {"pure"}),
        ("MixesTheBatch", {"batched"}),
        ("ForgetsState", {"chunked"}),
        ("KeepsHiddenState", {"repeatable"}),
        ("Noisy", {"repeatable", "normalised"}),  # noise in every score, so they sum to anything
        ("FailsOnEmpty", {"empty"}),
        ("LosesTheStateOnEmpty", {"empty"}),
        ("SavesTooLittle", {"saved"}),
        ("SavesObjects", {"saved"}),
        ("MutatesTraining", {"untouched"}),
        ("DrawsFromTheClock", {"deterministic"}),
        ("DeniesItsSeed", {"seedless"}),
        ("LeavesNothingForTheUnseen", {"unseen"}),
        ("NeedsThreeSymbols", {"binary"}),
        ("NeedsLongDocuments", {"short"}),
        ("Raises", {"fit"}),
    ],
)
def test_a_fault_breaks_the_law_that_names_it_and_no_other(name: str, broken: set[str]) -> None:
    checks = check_class(getattr(misbehaving, name))
    assert _broken(checks) == broken
    assert all(check.message and "\n" not in check.message for check in checks)


def test_a_bidirectional_lstm_is_found_out_by_what_it_does() -> None:
    assert _broken(check_class(BidirectionalLSTM)) >= {"causal", "normalised"}
    assert _broken(check_class(CarefulBidirectionalLSTM)) == {"causal"}


@pytest.mark.parametrize("name", [name for name, entry in registry.MODELS.items() if "lm" in entry.targets])
def test_the_models_of_the_house_break_no_law_save_the_one_that_reads_both_ways(name: str) -> None:
    model = registry.find_model(Spec(name), "lm").attribute
    assert _broken(check_class(model)) == ({"causal"} if name == "bilstm" else set())


def test_marks_name_laws_that_are_measured() -> None:
    laws = {check.name for check in check_class(misbehaving.HonestWithNext)}
    assert set(LanguageModelling.marks) <= laws


@pytest.mark.parametrize("distance", [1, 2, 10, 40, 300, 900])
def test_a_peek_is_found_at_any_distance(distance: int) -> None:
    text = [np.random.default_rng(distance).integers(2, size=5000)]
    assert "causal" in _broken(check_fitted(PeeksAhead(distance), text, text, 2, None, seed=0))


def test_laws_are_measured_the_same_whatever_a_model_says_of_itself() -> None:
    class Boastful(misbehaving.Peeks):  # type: ignore[misc, name-defined]
        kind = "neural"
        stochastic = False
        causal = normalised = bidirectional = True

    plain, boastful = check_class(misbehaving.Peeks), check_class(Boastful)
    assert [c for c in boastful if c.name != "seedless"] == plain


def test_the_same_seed_measures_the_same_twice() -> None:
    model, rng = Zipf(inflation=0.01), np.random.default_rng(1)
    text = model.texts(10_000, rng)
    once, again = (check_fitted(model, text, text, model.vocab_size, model.law, seed=5) for _ in range(2))
    assert once == again


def test_a_text_of_hardly_any_symbols_can_be_checked() -> None:
    for text in ([], [np.empty(0, np.int64)], [np.array([1])]):
        assert _broken(check_fitted(Zipf(2), text, [], 2, None, seed=0)) == set()


def test_a_large_vocabulary_costs_a_bounded_number_of_symbols() -> None:
    rng = np.random.default_rng(0)
    guided, blind = ZipfWithNext(), Zipf()
    small = guided.texts(1_000, rng)
    for model in (guided, blind):
        assert _broken(check_fitted(model, small, small, model.vocab_size, model.law, seed=0)) == set()
    assert guided.calls < 100 + 2 * sum(GUIDED)  # each symbol after a carried state is a call
    assert blind.calls < 140
    assert guided.asked < 20_000
    assert blind.asked < 32_000
    large = blind.texts(4 * blind.vocab_size, rng)  # so long that asking for each symbol once is little beside it
    witness = Witness([len(large[0])], seed=0)
    score_documents(blind, large, witness)
    blind.asked = 0
    check_fitted(blind, large, small, blind.vocab_size, blind.law, 0, witness)
    calls = 2 * 4 * PIECE  # each kept call in pieces, and once redrawn
    assert blind.vocab_size < blind.asked - calls < blind.vocab_size + 24_000


@pytest.mark.parametrize("inflation", [0.005, 0.01, 0.02, 0.05])
def test_inflated_scores_over_a_large_vocabulary_are_found_behind_an_honest_next(inflation: float) -> None:
    model, rng = ZipfWithNext(inflation=inflation), np.random.default_rng(0)
    text = model.texts(5_000, rng)
    for seed in range(5):
        checks = {c.name: c for c in check_fitted(model, text, text, model.vocab_size, model.law, seed)}
        assert {name for name, c in checks.items() if not c.passed} == {"normalised", "consistent"}
        assert checks["normalised"].value == pytest.approx(1 + inflation, rel=0.1 * inflation)


def test_inflated_scores_over_a_large_vocabulary_are_found_without_a_next_where_the_text_is_long() -> None:
    model = Zipf(inflation=0.01)
    text = model.texts(4 * model.vocab_size, np.random.default_rng(0))
    checks = check_fitted(model, text, text[:1], model.vocab_size, model.law, seed=0)
    assert _broken(checks) == {"normalised"}


@pytest.mark.parametrize(
    ("name", "learns"), [("KeepsHiddenState", False), ("Noisy", False), ("LearnsFromLongTexts", True)]
)
def test_a_probe_tells_learning_from_chance_and_from_what_is_carried_over(name: str, learns: bool) -> None:
    text = [np.random.default_rng(0).integers(24, size=1500)]
    model = getattr(misbehaving, name)()
    model.fit(text, LanguageContext(seed=0, budget=Budget(), valid=text, vocab=Vocab(tuple(map(str, range(24))))))
    unchanged = probe(model, text)
    model.predict(text[0][None])
    assert unchanged.check().passed is not learns


def test_a_law_that_cannot_be_measured_is_broken_and_says_why() -> None:
    def measure() -> Check:
        raise KeyError("a missing table\nof counts")

    check = law("chunked", measure)
    assert (check.name, check.passed) == ("chunked", False)
    assert check.message == r"measuring this ended in KeyError: 'a missing table\nof counts'"


def test_probability_zero_equals_itself_and_differs_from_all_else() -> None:
    zero = np.array([-np.inf, -1.0])
    assert difference(zero, zero) == 0
    assert difference(zero, np.array([-50.0, -1.0])) == np.inf


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=6), st.integers(1, 30), st.integers(0, 99))
def test_windows_are_read_on_from_document_to_document_and_round(lengths: list[int], length: int, seed: int) -> None:
    ends = np.cumsum(lengths)
    text = [np.arange(end - size, end) for end, size in zip(ends, lengths, strict=True)]
    block = windows(text, 3, length, np.random.default_rng(seed))
    total = max(1, int(ends[-1]))
    np.testing.assert_array_equal(block, (block[:, :1] + np.arange(length)) % total)
    assert block[0, 0] == 0
