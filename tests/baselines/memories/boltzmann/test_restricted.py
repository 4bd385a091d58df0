"""The restricted Boltzmann machine against the enumeration of all its states."""

from typing import Literal

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from seqbench.baselines.memories.boltzmann.frames import SCALE, BoltzmannConfig, BoltzmannHead
from seqbench.baselines.memories.boltzmann.restricted import Machine, all_states, annealed_log_z, log_z
from seqbench.learning.noise import uniform

MACHINES = 200


def machine(visible: int, hidden: int, seed: int, scale: float = 1.0) -> Machine:
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    return Machine(scale * drawn(visible, hidden), drawn(visible) - 0.5, drawn(hidden) - 0.5)


def joint(of: Machine) -> tuple[Tensor, Tensor, Tensor]:
    """Return −E (2^K, 2^H) of all states, and these, by the energy as it is defined."""
    visible, hidden = all_states(len(of.b), of.W), all_states(len(of.c), of.W)
    return (visible @ of.b)[:, None] + hidden @ of.c + visible @ of.W @ hidden.t(), visible, hidden


def test_free_energy_and_conditionals_are_sums_over_the_other_units() -> None:
    of = machine(4, 3, 0)
    log_p, visible, hidden = joint(of)
    torch.testing.assert_close(-of.free_energy(visible), torch.logsumexp(log_p, 1))
    torch.testing.assert_close(of.hidden(visible), torch.softmax(log_p, 1) @ hidden)
    torch.testing.assert_close(of.visible(hidden), torch.softmax(log_p, 0).t() @ visible)


@pytest.mark.parametrize(("visible", "hidden"), [(4, 3), (3, 5), (1, 1)])
def test_ln_z_is_the_sum_over_all_states_whichever_units_are_fewer(visible: int, hidden: int) -> None:
    of = machine(visible, hidden, 1)
    expected = torch.logsumexp(joint(of)[0].flatten(), 0)
    torch.testing.assert_close(log_z(of), expected)
    rows = Machine(of.W, torch.stack([of.b, 2 * of.b]), torch.stack([of.c, of.c]))
    twice = torch.stack([expected, torch.logsumexp(joint(Machine(of.W, 2 * of.b, of.c))[0].flatten(), 0)])
    torch.testing.assert_close(log_z(rows), twice)


def test_the_pseudo_likelihood_is_that_of_each_unit_given_the_others() -> None:
    of = machine(4, 3, 5)
    visible = all_states(4, of.W)
    log_p = torch.logsumexp(joint(of)[0], 1)
    for code, found in enumerate(of.pseudo_likelihood(visible)):
        others = [log_p[code] - torch.logaddexp(log_p[code], log_p[code ^ (1 << k)]) for k in range(4)]
        torch.testing.assert_close(found, torch.stack(others).sum())


def test_too_many_units_are_refused() -> None:
    with pytest.raises(ValueError, match="21 units have too many states to enumerate; 20 is the most"):
        log_z(machine(21, 30, 0))


def test_annealing_finds_ln_z_within_its_error_in_nine_machines_of_ten() -> None:
    """Within 1.96 standard errors, of machines whose weights are far from 0."""
    within = 0
    for seed in range(MACHINES):
        of = machine(12, 8, seed)
        key = torch.tensor([seed])
        one = Machine(of.W, of.b[None], of.c[None])

        def noise(draw: int, units: int, key: Tensor = key) -> Tensor:
            return uniform(key, draw, 100 * units, torch.float64).view(1, 100, units)

        found, error = annealed_log_z(one, 100, 200, noise)
        within += bool((found - log_z(of)).abs() <= 1.96 * error)
        assert float(error) < 0.1
    assert within >= 0.9 * MACHINES


def test_the_estimate_of_a_row_is_the_same_in_any_company() -> None:
    of, keys = machine(12, 8, 3), torch.tensor([5, 6, 7])
    rows = Machine(of.W, torch.stack([of.b, 0.5 * of.b, -of.b]), torch.stack([of.c] * 3))

    def estimate(numbers: Tensor, some: Machine) -> Tensor:
        count = len(numbers)
        return annealed_log_z(
            some, 4, 50, lambda draw, units: uniform(numbers, draw, 4 * units, torch.float64).view(count, 4, units)
        )[0]

    alone = estimate(keys[1:2], Machine(of.W, rows.b[1:2], rows.c[1:2]))
    torch.testing.assert_close(estimate(keys, rows)[1:2], alone, rtol=0, atol=1e-9)


def test_gibbs_samples_have_the_exact_probabilities() -> None:
    """A chi-square test of independent chains after many steps."""
    torch.manual_seed(0)
    of = machine(4, 3, 7, scale=0.7)
    log_p, visible, _ = joint(of)
    expected = torch.softmax(torch.logsumexp(log_p, 1), 0)
    drawn = of.gibbs(torch.bernoulli(torch.full((20_000, 4), 0.5, dtype=torch.float64)), 60)
    codes = (drawn @ (2.0 ** torch.arange(4, dtype=torch.float64))).long()
    counts = torch.bincount(codes, minlength=16).double()
    assert stats.chisquare(counts.numpy(), (expected * 20_000).numpy()).pvalue > 1e-3
    torch.testing.assert_close(visible[3], torch.tensor([1.0, 1, 0, 0], dtype=torch.float64))  # how states are coded


@pytest.mark.parametrize("particles", ["data", "persistent"])
def test_the_gradient_of_training_is_that_of_the_likelihood_where_chains_are_long(
    particles: Literal["data", "persistent"],
) -> None:
    """d/dθ [F(v) − E_model F(v')] is the exact gradient of −ln p(v); long chains estimate it."""
    torch.manual_seed(0)
    head = BoltzmannHead(
        0, torch.full((4,), 0.5), BoltzmannConfig(hidden_size=3, gibbs_steps=60, particles=particles)
    ).double()
    with torch.no_grad():
        head.W.copy_(machine(4, 3, 2, scale=0.8).W / SCALE)
    frames = torch.tensor([[1.0, 0, 1, 0]], dtype=torch.float64).expand(40_000, -1)
    nothing = frames[:, :0]
    head.begin(frames)
    if particles == "persistent":
        head.particles = frames.clone()  # as many as there are rows
    head.loss(nothing, frames, torch.arange(len(frames))).mean().backward()
    found = head.W.grad.clone()  # type: ignore[union-attr]
    head.zero_grad()
    of = head.machine(nothing[:1])
    (of.free_energy(frames[:1]) + log_z(Machine(of.W, of.b[0], of.c[0]))).sum().backward()
    assert head.W.grad is not None
    assert float((found - head.W.grad).abs().max()) / SCALE < 0.01
    assert float(head.W.grad.abs().max()) / SCALE > 0.1


def test_the_exact_gradient_is_the_difference_of_correlations() -> None:
    """∂ ln p(v) / ∂w_ij = v_i E[h_j | v] − E[v_i h_j] by enumeration (Ackley, Hinton & Sejnowski 1985)."""
    of = machine(4, 3, 4)
    W = of.W.clone().requires_grad_()
    v = torch.tensor([1.0, 0, 1, 1], dtype=torch.float64)
    own = Machine(W, of.b, of.c)
    (-own.free_energy(v) - log_z(own)).backward()
    log_p, visible, hidden = joint(of)
    p = torch.softmax(log_p.flatten(), 0).view_as(log_p)
    expected = torch.outer(v, of.hidden(v)) - visible.t() @ p @ hidden
    assert W.grad is not None
    torch.testing.assert_close(W.grad, expected)
    assert np.isfinite(expected.numpy()).all()
