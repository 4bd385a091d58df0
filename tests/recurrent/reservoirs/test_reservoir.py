"""The reservoir against its equations, written out in loops, and against what is known of its memory."""

import numpy as np
import pytest

from seqbench.recurrent.reservoirs.memory import linear_memory_capacities, memory_capacities
from seqbench.recurrent.reservoirs.reservoir import Activation, Reservoir


def draw(hidden_size: int = 20, seed: int = 0, **settings: object) -> Reservoir:
    how: dict[str, object] = {"spectral_radius": 0.9, "input_scaling": 0.5, "bias_scaling": 0.2, "leak": 0.7}
    return Reservoir.draw(hidden_size, 2, np.random.default_rng(seed), **how | settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("activation", ["tanh", "linear"])
def test_states_follow_the_equations_written_out_unit_by_unit(activation: Activation) -> None:
    reservoir = draw(6, activation=activation)
    u = np.random.default_rng(1).normal(size=(3, 9, 2))
    w, states = reservoir.recurrent.toarray(), reservoir.run(u)
    for b in range(3):
        x = [0.0] * 6
        for t in range(9):
            sums = [
                reservoir.bias[i]
                + sum(reservoir.inputs[i, d] * u[b, t, d] for d in range(2))
                + sum(w[i, j] * x[j] for j in range(6))
                for i in range(6)
            ]
            fresh = [np.tanh(a) if activation == "tanh" else a for a in sums]
            x = [0.3 * old + 0.7 * new for old, new in zip(x, fresh, strict=True)]
            np.testing.assert_allclose(states[b, t], x, rtol=0, atol=1e-13)


def test_a_run_in_pieces_and_step_by_step_is_the_whole_run() -> None:
    reservoir, u = draw(), np.random.default_rng(1).normal(size=(4, 30, 2))
    whole = reservoir.run(u)
    first = reservoir.run(u[:, :11])
    np.testing.assert_array_equal(np.concatenate([first, reservoir.run(u[:, 11:], first[:, -1])], axis=1), whole)
    state = reservoir.initial(4)
    for t in range(30):
        state = reservoir.step(u[:, t], state)
    np.testing.assert_allclose(state, whole[:, -1], rtol=0, atol=1e-14)


@pytest.mark.parametrize(("hidden_size", "connections"), [(1, 10), (7, 10), (40, 3), (30, 1)])
def test_weights_have_the_radius_and_the_connections_asked_for(hidden_size: int, connections: int) -> None:
    reservoir = draw(hidden_size, spectral_radius=0.8, connections=connections, input_scaling=0.3, bias_scaling=0.1)
    w = reservoir.recurrent.toarray()
    assert np.abs(np.linalg.eigvals(w)).max() == pytest.approx(0.8, rel=1e-12)
    assert set((w != 0).sum(axis=1)) == {min(connections, hidden_size)}
    assert np.abs(reservoir.inputs).max() <= 0.3
    assert np.abs(reservoir.bias).max() <= 0.1


def test_the_seed_alone_decides_the_weights_and_they_survive_storage() -> None:
    one, same, other = draw(seed=3), draw(seed=3), draw(seed=4)
    u = np.random.default_rng(0).normal(size=(1, 5, 2))
    np.testing.assert_array_equal(one.run(u), same.run(u))
    assert np.abs(one.run(u) - other.run(u)).max() > 0.01
    np.testing.assert_array_equal(Reservoir.restored(one.arrays(), leak=0.7).run(u), one.run(u))


@pytest.mark.parametrize("leak", [0.3, 1.0])
def test_the_state_forgets_where_it_started(leak: float) -> None:
    """The echo state property, and its failure with a radius above 1 and no input to hold the units in place."""
    u = np.random.default_rng(0).normal(size=(2, 400, 2))
    u[1] = u[0]
    start = np.random.default_rng(1).uniform(-1, 1, size=(2, 50))
    states = draw(50, leak=leak).run(u, start)
    apart = np.abs(states[0] - states[1]).max(axis=1)
    assert apart[0] > 0.1
    assert apart[-1] < 1e-8
    wild = draw(50, leak=leak, spectral_radius=3.0, bias_scaling=0.0).run(0 * u, start)
    assert np.abs(wild[0, -1] - wild[1, -1]).max() > 0.1


@pytest.mark.parametrize("leak", [1.0, 0.6])
def test_a_linear_reservoir_remembers_as_many_inputs_as_it_has_units(leak: float) -> None:
    """Jaeger 2002, proposition 4: generic weights reach the bound N; the measured curve is the closed form's."""
    reservoir = Reservoir.draw(
        12, 1, np.random.default_rng(0), spectral_radius=0.9, leak=leak, input_scaling=1, activation="linear"
    )
    exact = linear_memory_capacities(reservoir, delays=400)
    assert exact.sum() == pytest.approx(12, abs=1e-9)
    measured = memory_capacities(reservoir, delays=40, steps=20_000, rng=np.random.default_rng(1))
    np.testing.assert_allclose(measured, exact[:40], atol=0.02)
    assert measured.sum() == pytest.approx(12, abs=0.2)


def test_units_that_bend_remember_less() -> None:
    curves = {}
    for activation in ("linear", "tanh"):
        reservoir = Reservoir.draw(
            12, 1, np.random.default_rng(0), spectral_radius=0.9, input_scaling=1, activation=activation
        )
        curves[activation] = memory_capacities(reservoir, delays=30, steps=20_000, rng=np.random.default_rng(1))
    assert (curves["tanh"] < curves["linear"] + 0.01).all()
    assert curves["tanh"].sum() < 0.7 * curves["linear"].sum()


def test_the_closed_form_is_the_mean_square_of_the_best_read_out() -> None:
    """MC_k = wᵀ(Aᵏ)ᵀ C⁻¹ Aᵏ w with C summed term by term, for a reservoir small enough to invert C."""
    reservoir = Reservoir.draw(
        4, 1, np.random.default_rng(5), spectral_radius=0.8, leak=0.9, input_scaling=1, activation="linear"
    )
    a = 0.1 * np.eye(4) + 0.9 * reservoir.recurrent.toarray()
    reached = [0.9 * reservoir.inputs[:, 0]]
    for _ in range(500):
        reached.append(a @ reached[-1])
    covariance = sum(np.outer(v, v) for v in reached)
    expected = [v @ np.linalg.solve(covariance, v) for v in reached[:10]]
    np.testing.assert_allclose(linear_memory_capacities(reservoir, delays=10), expected, rtol=0, atol=1e-9)
