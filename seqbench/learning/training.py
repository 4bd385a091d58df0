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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Protocol

import torch
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer, SparseAdam

from seqbench.interface import Config, Context
from seqbench.learning.schedules import SCHEDULES, updates_within

LearningRate = PositiveFloat | Annotated[tuple[PositiveFloat, ...], Field(min_length=1)]
"""One learning rate, or several, each of which is tried with the whole budget."""


class TrainingConfig(Config):
    """Settings of all models that are trained by gradient descent."""

    optimiser: Literal["adamw", "sgd"] = Field("adamw", description="AdamW (Loshchilov & Hutter 2019) or plain SGD")
    learning_rate: LearningRate = Field(
        3e-3,
        description="step size of the optimiser at the highest point of the schedule; of several, each is tried with "
        "the whole budget, and the one with the best validation score is kept",
        json_schema_extra={"search": {"low": 3e-4, "high": 3e-2, "log": True}},
    )
    schedule: Literal["constant", "step", "staircase", "plateau", "one-cycle"] = Field(
        "one-cycle", description="how the learning rate changes during training"
    )
    decay: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="factor that multiplies the learning rate: every epoch (step), after every `decay_after` epochs "
        "(staircase), or after every validation without a better score (plateau)",
    )
    decay_after: int = Field(
        4, ge=0, description="epochs before the step schedule begins to decay; epochs per step of the staircase"
    )
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

    @property
    def learning_rates(self) -> tuple[float, ...]:
        return self.learning_rate if isinstance(self.learning_rate, tuple) else (self.learning_rate,)


TIE = 1e-6
"""Weight of the log-loss that classifiers add to the error rate; it only decides between equal error rates."""
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


class Validation(NamedTuple):
    """What is measured on the validation part."""

    score: float
    """Lower is better."""
    besides: Mapping[str, float]
    """Further values by the names of their curves; they decide nothing."""


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
    validate: Callable[[], "float | Validation"] | None,
    config: TrainingConfig,
    ctx: Context[Any],
    *,
    loss_name: str = "train_loss",
    score_name: str = "valid_loss",
) -> None:
    """Fit `module` in place, within `ctx.budget`.

    After each epoch (and when the budget of updates ends), the mean loss over the epoch's items and the validation
    score are logged with `ctx.log`, and `updates`, their number so far; the time of validation, and of training after
    the best epoch, is reported with `ctx.spent`. `bfloat16` is logged once, as 1 or 0, and `bfloat16_emulated` as 1 if
    the hardware cannot compute in bfloat16. Call this function within `seeded`.

    If `config` has several learning rates, the module is trained with each, always from the same initial weights, with
    the same random numbers and the same budget. The one with the best validation score is kept and logged as
    `learning_rate`. The name of each curve then ends in `, learning rate …`. A rate with which training diverges is
    left out.

    Args:
        module: already on its device; afterwards it is in evaluation mode, with the weights of the best validation
            score, or the last weights if `validate` is None.
        validate: returns the score of the current module (lower is better), or a `Validation`; it is called in
            evaluation and inference mode, in float32.
        loss_name, score_name: names under which the two curves are logged.

    Raises:
        ValueError: there are no batches; or there are several learning rates and no validation data.
        DivergenceError: a loss, a gradient or a score is infinite or not a number, or the weights grew `GROWTH` times;
            with several learning rates, with each of them.
    """
    if len(batches) == 0:
        raise ValueError("there is nothing to train on: the training data yields no batches")
    device = next(module.parameters()).device
    bfloat16 = config.precision == "bfloat16"
    ctx.log("bfloat16", float(bfloat16))
    if bfloat16 and not computes_bfloat16(device):
        ctx.log("bfloat16_emulated", 1.0)
    course = _Course(module, batches, validate, config, loss_name, score_name)
    rates = config.learning_rates
    if len(rates) == 1:
        course.run(rates[0], ctx)
        return
    if validate is None:
        raise ValueError("several learning rates need validation data to choose from: give it, or a single rate")
    first, random = _copied(module), _random_state(device)
    best_score, best_rate, best, diverged = math.inf, rates[0], first, []
    for rate in rates:
        module.load_state_dict(first)
        _set_random_state(device, random)
        try:
            score = course.run(rate, replace(ctx, log=_suffixed(ctx.log, f", learning rate {rate:g}")))
        except DivergenceError as error:
            diverged.append(error)
            continue
        if score < best_score:
            best_score, best_rate, best = score, rate, _copied(module)
    if len(diverged) == len(rates):
        raise diverged[-1]
    module.load_state_dict(best)
    module.eval()
    ctx.log("learning_rate", best_rate)


@dataclass(frozen=True)
class _Course:
    """What is trained, on what, and how; the fields are arguments of `train`."""

    module: nn.Module
    batches: Batches
    validate: Callable[[], "float | Validation"] | None
    config: TrainingConfig
    loss_name: str
    score_name: str

    def run(self, learning_rate: float, ctx: Context[Any]) -> float:
        """Train with one learning rate; return the best validation score, infinity without validation."""
        module, batches, config = self.module, self.batches, self.config
        device = next(module.parameters()).device
        bfloat16 = config.precision == "bfloat16"
        emulated = bfloat16 and not computes_bfloat16(device)
        allowed = updates_within(ctx.budget, len(batches))
        schedule = SCHEDULES[config.schedule](config, allowed, len(batches))
        optimisers = _optimisers(module, config, learning_rate)
        parameters = [p for p in module.parameters() if p.requires_grad]
        largest = GROWTH * max(1.0, _norm(parameters))
        best_score, best, stale, update = math.inf, None, 0, 0
        discarded = 0.0  # seconds of training since the best validation

        def finite(what: str, number: float, when: str, limit: float = math.inf) -> None:
            if not abs(number) < limit:
                raise DivergenceError(
                    f"the {what} is {number:g} {when}: "
                    f"lower learning_rate (now {learning_rate:g}) or clip (now {config.clip:g})"
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
                rate = learning_rate * schedule.factor(update)
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
                ctx.log(self.loss_name, total / items)
                ctx.log("updates", update)
            if self.validate is not None and items:
                module.eval()
                with ctx.validating(), torch.inference_mode():
                    found = self.validate()
                score, besides = found if isinstance(found, Validation) else (found, {})
                finite("validation score", score, f"after update {update} (epoch {epoch})")
                for name, value in {**besides, self.score_name: score}.items():
                    ctx.log(name, value)
                improved = score < best_score
                schedule.validated(improved)
                if improved:
                    best_score, stale, discarded = score, 0, 0.0
                    best = _copied(module)
                else:
                    stale += 1
            if update >= allowed or stale >= config.patience:
                break
        if best is not None:
            module.load_state_dict(best)
            ctx.spent("early stopping", discarded)
        module.eval()
        return best_score


def _suffixed(log: Callable[[str, float], None], suffix: str) -> Callable[[str, float], None]:
    return lambda name, value: log(f"{name}{suffix}", value)


def _copied(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def _random_state(device: torch.device) -> tuple[Tensor, Tensor | None]:
    return torch.get_rng_state(), torch.cuda.get_rng_state(device) if device.type == "cuda" else None


def _set_random_state(device: torch.device, state: tuple[Tensor, Tensor | None]) -> None:
    own, of_device = state
    torch.set_rng_state(own)
    if of_device is not None:
        torch.cuda.set_rng_state(of_device, device)


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


def _optimisers(module: nn.Module, config: TrainingConfig, learning_rate: float) -> list[Optimizer]:
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
            found.append(AdamW(dense, learning_rate, weight_decay=config.weight_decay, fused=True))
        if tables:
            found.append(SparseAdam(tables, learning_rate))
    else:
        if dense:
            found.append(SGD(dense, learning_rate, weight_decay=config.weight_decay))
        if tables:
            found.append(SGD(tables, learning_rate))
    return found


def choose_device(name: str) -> torch.device:
    """Return the device called `cpu`, `cuda`, `cuda:1`, `mps`, or `auto`: a CUDA GPU if there is one.

    Raises:
        ValueError: the name is unknown, or torch finds no such device.
    """
    kind, _, number = name.partition(":")
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind not in ("auto", "cpu", "cuda", "mps") or (number and not (kind == "cuda" and number.isdecimal())):
        raise ValueError(f"there is no device {name!r}; there are: auto, cpu, cuda, cuda:N (GPU number N), mps")
    if kind == "cuda" and gpus == 0:
        raise ValueError("torch finds no CUDA device: use --device cpu, or install a CUDA build of torch")
    if number and int(number) >= gpus:
        raise ValueError(f"torch finds no {name}: its CUDA devices are {', '.join(f'cuda:{i}' for i in range(gpus))}")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise ValueError("torch finds no device mps, the GPU of Apple's computers: use --device cpu")
    return torch.device(("cuda" if gpus else "cpu") if kind == "auto" else name)


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
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
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
