import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from seqbench.interface import Budget, Context
from seqbench.learning import training
from seqbench.learning.schedules import SCHEDULES
from seqbench.learning.training import (
    DivergenceError,
    Loss,
    TrainingConfig,
    Validation,
    choose_device,
    clip_gradient,
    seeded,
    train,
)

FORMATS = pytest.mark.parametrize("precision", ["float32", "bfloat16"])
"""On every machine: bfloat16 is emulated where the hardware lacks it."""


class Epoch:
    """The same loss, `updates` times an epoch."""

    def __init__(self, loss: Callable[[], Tensor], updates: int) -> None:
        self.loss, self.updates = loss, updates

    def __len__(self) -> int:
        return self.updates

    def __iter__(self) -> Iterator[Loss]:
        for _ in range(self.updates):
            yield Loss(self.loss(), 1)


class Ramp(nn.Module):
    """One weight w, from 0; the loss -w has the gradient -1, so SGD's w is the sum of the learning rates."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(()))

    def loss(self) -> Tensor:
        return -self.w


def lend(epochs: int, updates: int | None = None) -> tuple[Context[object], dict[str, list[float]]]:
    curves: dict[str, list[float]] = defaultdict(list)
    budget = Budget(epochs=epochs, updates=updates)
    return Context(seed=0, budget=budget, valid=None, log=lambda name, value: curves[name].append(value)), curves


def plain(**changes: object) -> TrainingConfig:
    """SGD whose weights are known by heart."""
    settings = {"optimiser": "sgd", "schedule": "constant", "learning_rate": 1.0, "clip": 1e6, "precision": "float32"}
    return TrainingConfig.model_validate(settings | changes)


@FORMATS
def test_the_gradient_of_the_loss_itself_is_clipped(precision: str) -> None:
    # Clipped before `backward`, the first update would be of norm 50.
    module = nn.Linear(2, 1, bias=False)
    before = module.weight.detach().clone()
    ctx, _ = lend(epochs=1)
    train(
        module,
        Epoch(lambda: module(torch.tensor([30.0, 40.0])).sum(), 1),
        None,
        plain(precision=precision, clip=0.5),
        ctx,
    )
    # 30 and 40 and their norm are exact in bfloat16 too.
    torch.testing.assert_close(before - module.weight, torch.tensor([[0.3, 0.4]]))


def test_a_gradient_within_the_limit_stays_as_it_is() -> None:
    parameter = nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([3.0, 4.0])
    assert clip_gradient([parameter], 5.0) == 5.0
    assert parameter.grad.tolist() == [3.0, 4.0]


def test_a_sparse_gradient_is_clipped_as_the_dense_one() -> None:
    symbols, gradients = torch.tensor([1, 1, 2, 1]), []
    for sparse in (True, False):
        table, other = nn.Embedding(4, 3, sparse=sparse), nn.Parameter(torch.ones(2))
        table.weight.data = torch.arange(12.0).reshape(4, 3)
        (table(symbols).pow(2).sum() + other.sum()).backward()
        norm = clip_gradient([table.weight, other], 2.0)
        assert table.weight.grad is not None
        assert other.grad is not None
        gradients.append((torch.tensor(norm), table.weight.grad.to_dense(), other.grad))
    torch.testing.assert_close(gradients[0], gradients[1])
    _, table_gradient, other_gradient = gradients[0]
    torch.testing.assert_close(table_gradient.pow(2).sum() + other_gradient.pow(2).sum(), torch.tensor(4.0))


@FORMATS
def test_training_stops_when_patience_ends_and_the_best_weights_return(precision: str) -> None:
    module, scores = Ramp(), iter([5.0, 3.0, 4.0, 3.0, 1.0])
    ctx, curves = lend(epochs=5)
    train(
        module,
        Epoch(module.loss, 10),
        lambda: next(scores),
        plain(precision=precision, patience=2),
        ctx,
        score_name="score",
    )
    assert curves["score"] == [5.0, 3.0, 4.0, 3.0]
    assert module.w.item() == 20.0
    assert not module.training


@pytest.mark.parametrize(("scores", "discarded"), [([5.0, 4.0, 3.0], 0.0), ([3.0, 4.0, 5.0], 2.0)])
def test_the_epochs_after_the_kept_one_are_told_as_early_stopping(
    scores: list[float], discarded: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(1000))  # each look at the clock is a second later
    monkeypatch.setattr("time.perf_counter", lambda: float(next(ticks)))
    module, spent, said = Ramp(), defaultdict(list), iter(scores)
    ctx = Context(seed=0, budget=Budget(epochs=3), valid=None, spent=lambda what, took: spent[what].append(took))
    train(module, Epoch(module.loss, 10), lambda: next(said), plain(patience=2), ctx)
    assert spent == {"validation": [1.0, 1.0, 1.0], "early stopping": [discarded]}


@FORMATS
def test_a_better_score_restores_patience(precision: str) -> None:
    module, scores = Ramp(), iter([5.0, 6.0, 4.0, 6.0, 3.0])
    ctx, _ = lend(epochs=5)
    train(module, Epoch(module.loss, 10), lambda: next(scores), plain(precision=precision, patience=2), ctx)
    assert module.w.item() == 50.0


@FORMATS
def test_the_score_is_taken_in_evaluation_mode_without_gradients_and_training_goes_on_in_training_mode(
    precision: str,
) -> None:
    module, seen = Ramp(), []

    def loss() -> Tensor:
        seen.append(("train", module.training, torch.is_grad_enabled()))
        return module.loss()

    def validate() -> float:
        seen.append(("validate", module.training, torch.is_grad_enabled()))
        return 1.0

    ctx, _ = lend(epochs=2)
    train(module, Epoch(loss, 1), validate, plain(precision=precision), ctx)
    assert seen == [("train", True, True), ("validate", False, False)] * 2


@FORMATS
def test_the_budget_of_updates_is_kept_within_an_epoch_and_its_end_is_validated(precision: str) -> None:
    module = Ramp()
    ctx, curves = lend(epochs=9, updates=25)
    train(
        module,
        Epoch(module.loss, 10),
        lambda: -module.w.item(),
        plain(precision=precision),
        ctx,
        loss_name="loss",
        score_name="score",
    )
    assert module.w.item() == 25.0
    assert curves["score"] == [-10.0, -20.0, -25.0]
    assert curves["loss"] == [-4.5, -14.5, -22.0]


@FORMATS
def test_without_validation_the_last_weights_stay(precision: str) -> None:
    module = Ramp()
    ctx, curves = lend(epochs=3)
    train(module, Epoch(module.loss, 10), None, plain(precision=precision, patience=1), ctx)
    assert module.w.item() == 30.0
    assert "valid_loss" not in curves


@FORMATS
def test_a_loss_that_is_no_number_names_its_update_and_what_to_do(precision: str) -> None:
    module = Ramp()
    ctx, _ = lend(epochs=4)
    losses = Epoch(lambda: module.loss() * (math.nan if module.w.item() == 12 else 1), 10)
    with pytest.raises(DivergenceError, match=r"loss is nan at update 13 \(epoch 2\): lower learning_rate \(now 1\)"):
        train(module, losses, None, plain(precision=precision), ctx)


@FORMATS
def test_a_gradient_that_is_no_number_is_caught_before_it_reaches_the_weights(precision: str) -> None:
    module = Ramp()
    ctx, _ = lend(epochs=1)
    with pytest.raises(DivergenceError, match="gradient is inf at update 1"):
        train(module, Epoch(lambda: module.w.sqrt(), 1), None, plain(precision=precision), ctx)
    assert module.w.item() == 0.0


@FORMATS
def test_a_score_that_is_no_number_is_an_error(precision: str) -> None:
    module = Ramp()
    ctx, _ = lend(epochs=1)
    with pytest.raises(DivergenceError, match="validation score is inf after update 3"):
        train(module, Epoch(module.loss, 3), lambda: math.inf, plain(precision=precision), ctx)


@FORMATS
def test_an_empty_training_set_is_refused(precision: str) -> None:
    module = Ramp()
    ctx, _ = lend(epochs=1)
    with pytest.raises(ValueError, match="nothing to train on"):
        train(module, Epoch(module.loss, 0), None, plain(precision=precision), ctx)


@given(st.integers(1, 3000))
def test_one_cycle_climbs_once_to_the_full_rate_and_falls_towards_zero(updates: int) -> None:
    schedule = SCHEDULES["one-cycle"](TrainingConfig(), updates, updates)
    factors = [schedule.factor(update) for update in range(1, updates + 1)]
    top = factors.index(max(factors))
    assert all(0 < factor <= 1 for factor in factors)
    assert factors == sorted(factors[: top + 1]) + sorted(factors[top + 1 :], reverse=True)
    assert max(factors) > 0.9
    assert updates < 100 or factors[-1] < 0.001


@FORMATS
def test_the_rate_of_each_update_is_its_schedules(precision: str) -> None:
    course = [("constant", 40.0), ("plateau", 10 + 10 + 2.5 + 2.5), ("step", 20 + 2.5 + 0.625), ("one-cycle", None)]
    for name, expected in course:
        module, scores = Ramp(), iter([2.0, 3.0, 1.0, 0.5])
        ctx, _ = lend(epochs=4)
        config = plain(precision=precision, schedule=name, decay=0.25, decay_after=2)
        train(module, Epoch(module.loss, 10), lambda scores=scores: next(scores), config, ctx)
        if expected is None:
            expected = sum(SCHEDULES[name](config, 40, 10).factor(update) for update in range(1, 41))
        assert module.w.item() == pytest.approx(expected, rel=1e-5)


@FORMATS
def test_adamw_is_torchs_and_spares_embedding_rows_that_are_not_met(precision: str) -> None:
    table, dense = nn.Embedding(5, 2, sparse=True), nn.Linear(2, 1)
    reference = nn.ModuleList([nn.Embedding(5, 2), nn.Linear(2, 1)])
    module = nn.ModuleList([table, dense])
    reference.load_state_dict(module.state_dict())
    before = table.weight.detach().clone()
    symbols = torch.tensor([1, 3])
    ctx, _ = lend(epochs=1)
    config = TrainingConfig(learning_rate=0.1, schedule="constant", weight_decay=0.5, clip=1e6, precision=precision)
    train(module, Epoch(lambda: dense(table(symbols)).pow(2).sum(), 3), None, config, ctx)
    optimiser = torch.optim.AdamW(
        [{"params": reference[0].parameters(), "weight_decay": 0.0}, {"params": reference[1].parameters()}],
        lr=0.1,
        weight_decay=0.5,
    )
    for _ in range(3):
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            loss = reference[1](reference[0](symbols)).pow(2).sum()
        loss.backward()
        optimiser.step()
    # A row that is met in every update moves as under dense Adam; the others must not move at all.
    # In bfloat16 a kernel may round the gradient, a sum of two, by half of 2⁻⁸; Adam's step of 0.1 is the sign of
    # the gradient in the first update, and its ratio to former ones in the next two.
    rounding = {"rtol": 0, "atol": 3 * 0.1 * 2**-8} if precision == "bfloat16" else {}
    torch.testing.assert_close(module.state_dict(), reference.state_dict(), **rounding)
    assert torch.equal(table.weight[[0, 2, 4]], before[[0, 2, 4]])


def test_inside_seeded_numbers_follow_from_the_seed_and_outside_nothing_has_happened() -> None:
    cpu = torch.device("cpu")
    torch.manual_seed(1)
    expected = torch.rand(2).tolist()
    torch.manual_seed(1)
    with seeded(7, cpu):
        first = torch.rand(3).tolist()
    assert torch.rand(2).tolist() == expected
    with seeded(7, cpu):
        assert torch.rand(3).tolist() == first
    with seeded(8, cpu):
        assert torch.rand(3).tolist() != first


@FORMATS
@pytest.mark.parametrize("able", [True, False])
def test_the_products_are_in_the_format_that_is_asked_for_whatever_the_hardware(
    precision: str, able: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, formats = nn.Linear(2, 1), []
    monkeypatch.setattr(training, "_cpu_has_bfloat16", lambda: able)

    def loss() -> Tensor:
        y = module(torch.ones(3, 2))
        formats.append(y.dtype)
        return y.float().pow(2).mean()

    ctx, curves = lend(epochs=1)
    train(module, Epoch(loss, 1), None, plain(precision=precision, learning_rate=0.01), ctx)
    assert formats == [getattr(torch, precision)]
    assert curves["bfloat16"] == [float(precision == "bfloat16")]
    assert ("bfloat16_emulated" in curves) is (precision == "bfloat16" and not able)
    assert module.weight.dtype is torch.float32
    assert torch.backends.mkldnn.enabled


def test_without_a_word_training_multiplies_in_float32() -> None:
    assert TrainingConfig().precision == "float32"


@FORMATS
def test_weights_that_grow_without_bound_are_an_error_though_the_loss_stays_finite(precision: str) -> None:
    module = Ramp()
    ctx, _ = lend(epochs=3)
    config = plain(precision=precision, learning_rate=1e30, clip=1e30)
    with pytest.raises(
        DivergenceError, match=r"norm of the weights is 1e\+31 at update 10 \(epoch 1\): lower learning"
    ):
        train(module, Epoch(module.loss, 10), None, config, ctx)


@pytest.mark.parametrize(
    ("text", "able"),
    [
        ("processor : 0\nflags\t\t: fpu fma avx avx2 avx512f avx512_bf16 sse\n", True),
        ("processor : 0\nflags\t\t: fpu avx512f amx_bf16 amx_tile\n", True),
        ("processor : 0\nFeatures\t: fp asimd bf16 i8mm\n", True),
        ("processor : 0\nflags\t\t: fpu fma avx avx2 avx512f\nbugs\t: bf16\n", False),
        ("", False),
    ],
)
def test_a_processor_says_whether_it_computes_in_bfloat16(text: str, able: bool, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert training._cpu_has_bfloat16(tmp_path / "cpuinfo") is able
    assert training._cpu_has_bfloat16(tmp_path / "missing") is False


def test_a_device_that_is_not_there_is_refused_with_words_that_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == choose_device("cpu").type == "cpu"
    with pytest.raises(ValueError, match="use --device cpu"):
        choose_device("cuda")
    for name in ("gpu", "tpu", "cuda:x", "cpu:0", "mps:1", ""):
        with pytest.raises(ValueError, match=f"no device '{name}'; there are: auto, cpu, cuda, cuda:N"):
            choose_device(name)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match="mps, the GPU of Apple's computers: use --device cpu"):
        choose_device("mps")


def test_a_gpu_is_chosen_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [str(choose_device(name)) for name in ("auto", "cuda", "cuda:1")] == ["cuda", "cuda", "cuda:1"]
    with pytest.raises(ValueError, match="no cuda:2: its CUDA devices are cuda:0, cuda:1"):
        choose_device("cuda:2")


class Parabola(nn.Module):
    """A weight whose loss is (w − 3)²."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(1))


class Noisy:
    """Losses of a `Parabola` with noise from torch's global generator."""

    def __init__(self, module: Parabola, updates: int = 20) -> None:
        self.module, self.updates = module, updates

    def __len__(self) -> int:
        return self.updates

    def __iter__(self) -> Iterator[Loss]:
        for _ in range(self.updates):
            yield Loss((self.module.w - 3 + 0.1 * torch.randn(1)).square().sum(), 1)


def _tried(rates: float | tuple[float, ...], epochs: int = 2, **settings: Any) -> tuple[float, dict[str, list[float]]]:
    curves: dict[str, list[float]] = {}
    ctx: Context[Any] = Context(
        seed=0,
        budget=Budget(epochs=epochs),
        valid=None,
        log=lambda name, value: curves.setdefault(name, []).append(value),
    )
    config = TrainingConfig(
        **{"learning_rate": rates, "optimiser": "sgd", "schedule": "constant", "clip": 1e9, "patience": 99} | settings
    )
    with seeded(0, torch.device("cpu")):
        module = Parabola()
        train(module, Noisy(module), lambda: float((module.w - 3).square()), config, ctx)
    return float(module.w.detach()), curves


def test_of_several_learning_rates_each_is_tried_as_if_alone_and_the_best_is_kept() -> None:
    rates = (0.001, 0.05, 0.3)
    kept, curves = _tried(rates)
    alone = {rate: _tried(rate) for rate in rates}
    for rate, (_, of_rate) in alone.items():
        for name in ("train_loss", "valid_loss", "updates"):
            assert curves[f"{name}, learning rate {rate:g}"] == of_rate[name]
    scores = {rate: min(of_rate["valid_loss"]) for rate, (_, of_rate) in alone.items()}
    best = min(scores, key=lambda rate: scores[rate])
    assert curves["learning_rate"] == [best]
    assert kept == alone[best][0]


def test_a_learning_rate_that_diverges_is_left_out_unless_all_do() -> None:
    kept, curves = _tried((5.0, 0.05))
    assert curves["learning_rate"] == [0.05]
    assert kept == _tried(0.05)[0]
    with pytest.raises(DivergenceError, match="lower learning_rate"):
        _tried((5.0, 6.0))


def test_what_is_measured_besides_the_score_is_logged_with_the_learning_rate_and_decides_nothing() -> None:
    curves: dict[str, list[float]] = {}
    ctx: Context[Any] = Context(
        seed=0, budget=Budget(epochs=2), valid=None, log=lambda name, value: curves.setdefault(name, []).append(value)
    )
    config = TrainingConfig(learning_rate=(0.01, 0.1), optimiser="sgd", schedule="constant")
    module = Parabola()
    scores = iter([4.0, 3.0, 9.0, 9.0])
    train(module, Noisy(module), lambda: Validation(next(scores), {"depth": 7.0}), config, ctx)
    assert curves["depth, learning rate 0.01"] == curves["depth, learning rate 0.1"] == [7.0, 7.0]
    assert curves["learning_rate"] == [0.01]


def test_updates_are_counted_beside_each_score() -> None:
    _, curves = _tried(0.05, epochs=3)
    assert curves["updates"] == [20, 40, 60]
    assert len(curves["valid_loss"]) == 3


def test_several_learning_rates_need_validation_data() -> None:
    module = Parabola()
    ctx: Context[Any] = Context(seed=0, budget=Budget(), valid=None)
    with pytest.raises(ValueError, match="several learning rates need validation data"):
        train(module, Noisy(module), None, TrainingConfig(learning_rate=(0.1, 0.2)), ctx)


@pytest.mark.parametrize("rate", [0, -1.0, (), (0.1, 0.0)])
def test_learning_rates_must_be_positive(rate: Any) -> None:
    with pytest.raises(ValueError, match="learning_rate"):
        TrainingConfig(learning_rate=rate)
