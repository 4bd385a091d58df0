"""The training loop: `train` fits every model that is made of torch modules, whatever its task.

The caller supplies the module, batches that yield losses, and a validation score. The loop does the rest: the steps of
an update (loss, backward, clipping of the whole gradient, optimiser step), the learning-rate schedule, the budget,
early stopping with the best weights restored, number formats, and errors if training diverges.
"""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer, SparseAdam

from seqbench.interface import Budget, Config, Context


class TrainingConfig(Config):
    """Settings of all models that are trained by gradient descent."""

    optimiser: Literal["adamw", "sgd"] = Field("adamw", description="AdamW (Loshchilov & Hutter 2019) or plain SGD")
    learning_rate: float = Field(
        3e-3,
        gt=0,
        description="step size of the optimiser at the highest point of the schedule",
        json_schema_extra={"search": {"low": 3e-4, "high": 3e-2, "log": True}},
    )
    schedule: Literal["constant", "step", "plateau", "one-cycle"] = Field(
        "one-cycle", description="how the learning rate changes during training"
    )
    decay: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="factor that multiplies the learning rate: every epoch (step), or after every validation without "
        "a better score (plateau)",
    )
    decay_after: int = Field(4, ge=0, description="epochs before the step schedule begins to decay")
    weight_decay: float = Field(
        0.0,
        ge=0,
        description="weight decay as the optimiser applies it; embeddings with sparse gradients are not decayed",
        json_schema_extra={"search": {"choices": [0.0, 0.01, 0.1]}},
    )
    clip: float = Field(1.0, gt=0, description="maximum Euclidean norm of the whole gradient")
    patience: int = Field(2, ge=1, description="training stops after this many validations without a better score")
    precision: Literal["float32", "bfloat16"] = Field(
        "float32",
        description="number format of matrix products in training; bfloat16 is slow if the hardware must emulate it",
    )


GROWTH = 1e6
"""Training has diverged if the norm of the weights reaches this many times its initial value (taken as at least 1).

The loss may stay finite even with weights of 10³⁰, because units saturate, especially in bfloat16.
"""


class DivergenceError(ArithmeticError):
    """Raised if a loss, gradient or score is not a finite number, or if the weights grow too large (`GROWTH`)."""


class Loss(NamedTuple):
    mean: Tensor
    """Scalar, the mean over the items; training minimises it."""
    items: int


class Batches(Protocol):
    def __len__(self) -> int:
        """Return the number of losses, and so of updates, per epoch."""

    def __iter__(self) -> Iterator[Loss]:
        """Yield the losses of one epoch, in an order drawn from torch's global generator.

        Each loss is computed when it is requested, after the update with the previous loss.
        """


def train(
    module: nn.Module,
    batches: Batches,
    validate: Callable[[], float] | None,
    config: TrainingConfig,
    ctx: Context[Any],
    *,
    loss_name: str = "train_loss",
    score_name: str = "valid_loss",
) -> None:
    """Fit `module` in place, within `ctx.budget`.

    After each epoch (and when the budget of updates ends), the mean loss over the epoch's items and the validation
    score are logged with `ctx.log`; the time of validation, and of training after the best epoch, is reported with
    `ctx.spent`. `bfloat16` is logged once, as 1 or 0, and `bfloat16_emulated` as 1 if the hardware
    cannot compute in bfloat16. Call this function within `seeded`.

    Args:
        module: already on its device; afterwards it is in evaluation mode, with the weights of the best validation
            score, or the last weights if `validate` is None.
        validate: returns the score of the current module (lower is better); it is called in evaluation and inference
            mode, in float32.
        loss_name, score_name: names under which the two curves are logged.

    Raises:
        ValueError: there are no batches.
        DivergenceError: a loss, a gradient or a score is infinite or not a number, or the weights grew `GROWTH` times.
    """
    if len(batches) == 0:
        raise ValueError("there is nothing to train on: the training data yields no batches")
    device = next(module.parameters()).device
    bfloat16 = config.precision == "bfloat16"
    emulated = bfloat16 and not computes_bfloat16(device)
    ctx.log("bfloat16", float(bfloat16))
    if emulated:
        ctx.log("bfloat16_emulated", 1.0)
    allowed = updates_within(ctx.budget, len(batches))
    schedule = SCHEDULES[config.schedule](config, allowed, len(batches))
    optimisers = _optimisers(module, config)
    parameters = [p for p in module.parameters() if p.requires_grad]
    largest = GROWTH * max(1.0, _norm(parameters))
    best_score, best, stale, update = math.inf, None, 0, 0
    discarded = 0.0  # seconds of training since the best validation

    def finite(what: str, number: float, when: str, limit: float = math.inf) -> None:
        if not abs(number) < limit:
            raise DivergenceError(
                f"the {what} is {number:g} {when}: "
                f"lower learning_rate (now {config.learning_rate:g}) or clip (now {config.clip:g})"
            )

    for epoch in range(1, ctx.budget.epochs + 1):
        module.train()
        started = time.perf_counter()
        total, items = 0.0, 0
        losses = iter(batches)
        while update < allowed:
            with _products(device, bfloat16, emulated):
                loss = next(losses, None)
            if loss is None:
                break
            update += 1
            rate = config.learning_rate * schedule.factor(update)
            for optimiser in optimisers:
                optimiser.zero_grad()
                for group in optimiser.param_groups:
                    group["lr"] = rate
            torch.autograd.backward(loss.mean)
            value, norm = loss.mean.item(), clip_gradient(parameters, config.clip)
            finite("loss", value, f"at update {update} (epoch {epoch})")
            finite("norm of the gradient", norm, f"at update {update} (epoch {epoch})")
            for optimiser in optimisers:
                optimiser.step()
            total += value * loss.items
            items += loss.items
        finite("norm of the weights", _norm(parameters), f"at update {update} (epoch {epoch})", largest)
        discarded += time.perf_counter() - started
        if items:
            ctx.log(loss_name, total / items)
        if validate is not None and items:
            module.eval()
            with ctx.validating(), torch.inference_mode():
                score = validate()
            finite("validation score", score, f"after update {update} (epoch {epoch})")
            ctx.log(score_name, score)
            improved = score < best_score
            schedule.validated(improved)
            if improved:
                best_score, stale, discarded = score, 0, 0.0
                best = {name: value.detach().clone() for name, value in module.state_dict().items()}
            else:
                stale += 1
        if update >= allowed or stale >= config.patience:
            break
    if best is not None:
        module.load_state_dict(best)
        ctx.spent("early stopping", discarded)
    module.eval()


def clip_gradient(parameters: list[nn.Parameter], limit: float) -> float:
    """Scale all gradients by one factor, so that their joint Euclidean norm is at most `limit`.

    Pascanu, Mikolov & Bengio 2013, algorithm 1; call it after `backward`. Sparse gradients are coalesced first, since
    repeated rows must be summed before the norm is computed.

    Returns:
        The norm before scaling. If it is not finite, nothing is scaled.
    """
    gradients = []
    for parameter in parameters:
        if parameter.grad is None:
            continue
        if parameter.grad.is_sparse:
            parameter.grad = parameter.grad.coalesce()
            gradients.append(parameter.grad.values())
        else:
            gradients.append(parameter.grad)
    if not gradients:
        return 0.0
    norm = float(torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g.detach()) for g in gradients])))
    if limit < norm < math.inf:
        for gradient in gradients:
            gradient.detach().mul_(limit / norm)
    return norm


class Schedule:
    """A constant learning rate."""

    def __init__(self, config: TrainingConfig, updates: int, epoch: int) -> None:
        """updates: number of updates in the whole training. epoch: number of updates per epoch."""
        self.config, self.updates, self.epoch = config, updates, epoch

    def factor(self, update: int) -> float:
        """Return the factor of the configured learning rate for an update; updates are numbered 1, 2, …, `updates`."""
        return 1.0

    def validated(self, improved: bool) -> None:
        """Called after each validation; `improved`: whether its score is the best so far."""


class Step(Schedule):
    """Multiplies the learning rate by `decay` at every epoch after the first `decay_after` (Zaremba et al. 2014)."""

    def factor(self, update: int) -> float:
        epoch = 1 + (update - 1) // self.epoch
        return self.config.decay ** max(0, epoch - self.config.decay_after)


class Plateau(Schedule):
    """Multiplies the learning rate by `decay` after every validation without a better score."""

    scale = 1.0

    def factor(self, update: int) -> float:
        return self.scale

    def validated(self, improved: bool) -> None:
        self.scale *= 1.0 if improved else self.config.decay


class OneCycle(Schedule):
    """A linear increase during the first tenth of the updates, then a decrease to zero along half a cosine.

    After Smith & Topin 2019, but without their cycle of the momentum.
    """

    def factor(self, update: int) -> float:
        rise = max(1.0, self.updates / 10)
        if update <= rise:
            return update / rise
        return 0.5 * (1 + math.cos(math.pi * (update - rise) / (self.updates + 1 - rise)))


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Schedule,
    "step": Step,
    "plateau": Plateau,
    "one-cycle": OneCycle,
}


def updates_within(budget: Budget, epoch: int) -> int:
    """Return the number of updates that a budget allows; an epoch has `epoch` updates."""
    most = budget.epochs * epoch
    return most if budget.updates is None else min(most, budget.updates)


def _optimisers(module: nn.Module, config: TrainingConfig) -> list[Optimizer]:
    """Return one optimiser for the dense parameters and one for embeddings with sparse gradients, if there are any.

    A dense step over a large embedding takes as long as a small network; a sparse step changes only the rows that occur
    in the batch, without weight decay. (SparseAdam does not update the moments of rows that are not in the batch.)
    """
    tables = [m.weight for m in module.modules() if isinstance(m, nn.Embedding) and m.sparse]
    known = {id(table) for table in tables}
    dense = [p for p in module.parameters() if p.requires_grad and id(p) not in known]
    found: list[Optimizer] = []
    if config.optimiser == "adamw":
        if dense:
            found.append(AdamW(dense, config.learning_rate, weight_decay=config.weight_decay, fused=True))
        if tables:
            found.append(SparseAdam(tables, config.learning_rate))
    else:
        if dense:
            found.append(SGD(dense, config.learning_rate, weight_decay=config.weight_decay))
        if tables:
            found.append(SGD(tables, config.learning_rate))
    return found


def choose_device(name: str) -> torch.device:
    """Return the device called `cpu`, `cuda`, or `auto`: a GPU if there is one.

    Raises:
        ValueError: the name is unknown, or torch finds no GPU for `cuda`.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device must be one of auto, cpu, cuda, not {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("torch finds no CUDA device: use --device cpu, or install a CUDA build of torch")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def computes_bfloat16(device: torch.device) -> bool:
    """Return whether the hardware itself multiplies in bfloat16, without slow emulation."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return _cpu_has_bfloat16()


@contextmanager
def _products(device: torch.device, bfloat16: bool, emulated: bool) -> Iterator[None]:
    """Make modules multiply in bfloat16 inside the context, if `bfloat16` is true.

    oneDNN cannot emulate an LSTM in bfloat16 and raises an error, so on a CPU torch's own kernels emulate it.
    """
    onednn = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(onednn and not emulated)
    try:
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            yield
    finally:
        torch._C._set_mkldnn_enabled(onednn)


def _norm(parameters: list[nn.Parameter]) -> float:
    """Return the joint Euclidean norm of all weights, summed in float64."""
    return math.sqrt(sum(float(p.detach().double().pow(2).sum()) for p in parameters))


def _cpu_has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether the processor multiplies bfloat16 matrices: AVX-512 BF16 or AMX on x86, BF16 on Arm.

    Only Linux reports this; on other systems the function returns False.
    """
    if not sys.platform.startswith("linux") or not cpuinfo.exists():
        return False
    for line in cpuinfo.read_text(errors="replace").splitlines():
        name, _, flags = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags.split())
    return False


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's random numbers inside the context; afterwards they continue as if nothing had been drawn."""
    with torch.random.fork_rng([torch.cuda.current_device()] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def exact_float32() -> AbstractContextManager[None]:
    """Return a context that uses cuDNN without TensorFloat-32, whose rounding would make scores depend on the batch."""
    flags: AbstractContextManager[None] = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
    return flags


def weights(module: nn.Module) -> dict[str, NDArray[Any]]:
    """Return copies of all parameters and buffers by name, for `SequenceModel.arrays`."""
    return {name: value.cpu().numpy().copy() for name, value in module.state_dict().items()}


def load_weights(module: nn.Module, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Load what `weights` returned, and put `module` in evaluation mode."""
    module.load_state_dict({name: torch.tensor(value) for name, value in arrays.items()})
    module.eval()


def weight_count(module: nn.Module) -> int:
    """Return the number of trainable weights."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)
