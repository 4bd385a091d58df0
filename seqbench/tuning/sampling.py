"""What is tried next: a pure function of the trials so far.

The sampler is optuna's tree-structured Parzen estimator (Bergstra, Bardenet, Bengio & Kégl 2011, "Algorithms for
hyper-parameter optimization"), with joint densities of all parameters (Falkner, Klein & Hutter 2018, "BOHB"). It starts
with random points. A new sampler is made for each trial, seeded by what is searched and the number of the trial: so a
study that was interrupted proposes what an unbroken one would have proposed, and so does one on another machine.
"""

import hashlib
import itertools
import warnings
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from seqbench.interface import MissingExtra
from seqbench.tuning.space import Parameter, Params, Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

TRIES = 10
"""How many proposals may repeat earlier trials before one is drawn from the rest of a finite space."""
MOST = 100_000
"""The largest finite space whose rest is listed."""


def optuna() -> Any:
    """Import optuna.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import optuna as library
    except ImportError:
        raise MissingExtra("tuning needs optuna: pip install 'seqbench[tune]'") from None
    library.logging.set_verbosity(library.logging.ERROR)
    return library


def propose(
    space: Space, subject: str, number: int, told: Sequence["FrozenTrial"], tried: Collection[str]
) -> Params | None:
    """Return the settings of the next trial; None if all settings of the space were tried.

    Args:
        subject: what is searched, from which the seed follows.
        number: of the trial.
        told: earlier trials, as `frozen` returns them, in their order.
        tried: `identity` of the settings that were tried.
    """
    for attempt in range(TRIES):
        found = _suggested(space, _seed(subject, number, attempt), told)
        if identity(found) not in tried:
            return found
    return _rest(space, subject, number, tried)


def identity(params: Params) -> str:
    """Return a text that is equal for equal settings."""
    return repr(sorted((name, repr(value)) for name, value in params.items()))


def distributions(space: Space) -> dict[str, "BaseDistribution"]:
    """Return optuna's description of a space."""
    return {parameter.name: _distribution(parameter) for parameter in space.parameters}


def frozen(space: Space, params: Params, loss: float | None, notes: dict[str, Any]) -> "FrozenTrial":
    """Return a finished trial.

    Args:
        params: empty, if they do not lie in the space.
        loss: lower is better; None: the trial has no score. The sampler takes it for worse than all others.
    """
    library = optuna()
    state = library.trial.TrialState
    made: FrozenTrial = library.trial.create_trial(
        params=params,
        distributions={name: one for name, one in distributions(space).items() if name in params},
        value=loss,
        state=state.PRUNED if loss is None else state.COMPLETE,
        user_attrs=notes,
    )
    return made


def _suggested(space: Space, seed: int, told: Sequence["FrozenTrial"]) -> Params:
    library = optuna()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some versions call joint densities experimental
        sampler = library.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=False)
        study = library.create_study(sampler=sampler)
        study.add_trials([trial for trial in told if trial.params])
        found = study.ask(distributions(space)).params
    return {parameter.name: parameter.rounded(found[parameter.name]) for parameter in space.parameters}


def _rest(space: Space, subject: str, number: int, tried: Collection[str]) -> Params | None:
    """Draw from the settings of a finite space that were not tried."""
    if space.size > MOST:
        return None
    names = [parameter.name for parameter in space.parameters]
    every = (
        dict(zip(names, values, strict=True)) for values in itertools.product(*(p.every() for p in space.parameters))
    )
    left = [params for params in every if identity(params) not in tried]
    if not left:
        return None
    return left[int(np.random.default_rng(_seed(subject, number, TRIES)).integers(len(left)))]


def _distribution(parameter: Parameter) -> "BaseDistribution":
    kinds, made = optuna().distributions, None
    if parameter.choices:
        made = kinds.CategoricalDistribution(parameter.words)
    elif parameter.whole:
        made = kinds.IntDistribution(int(parameter.low), int(parameter.high), log=parameter.log)
    else:
        made = kinds.FloatDistribution(parameter.low, parameter.high, log=parameter.log)
    return cast("BaseDistribution", made)


def _seed(subject: str, number: int, attempt: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{subject}\0{number}\0{attempt}".encode()).digest()[:4])
