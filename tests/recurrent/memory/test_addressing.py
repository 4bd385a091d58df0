"""Each step of addressing against plain NumPy, written one row after another from the equations of both papers."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from seqbench.interface import Floats
from seqbench.recurrent.memory import addressing
from seqbench.recurrent.memory.computer import NeuralComputer
from seqbench.recurrent.memory.turing import TuringMachine

B, H, N, M, S = 2, 3, 5, 4, 3


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.tensor(np.random.default_rng([seed, *shape]).normal(size=shape))


def weights(*shape: int, seed: int = 1) -> Tensor:
    return draw(*shape, seed=seed).softmax(-1)


def share(*shape: int, seed: int = 2) -> Tensor:
    return draw(*shape, seed=seed).sigmoid()


def likeness(memory: Floats, key: Floats, strength: float) -> Floats:
    cosine = [key @ row / (np.linalg.norm(key) * np.linalg.norm(row) + addressing.SMALL) for row in memory]
    raised = np.exp(strength * np.array(cosine))
    found: Floats = raised / raised.sum()
    return found


def moved(own: Floats, shifts: Floats) -> Floats:
    reach, found = len(shifts) // 2, np.zeros(len(own))
    for i in range(len(own)):
        for by in range(-reach, reach + 1):
            found[i] += own[(i - by) % len(own)] * shifts[by + reach]
    return found


def sharp(own: Floats, power: float) -> Floats:
    raised: Floats = (own + addressing.SMALL) ** power
    return raised / raised.sum()


def free_rows(usage: Floats) -> Floats:
    found, product = np.zeros(len(usage)), 1.0
    for row in np.argsort(usage, kind="stable"):
        found[row] = (1 - usage[row]) * product
        product *= usage[row]
    return found


def links_after(links: Floats, precedence: Floats, w: Floats) -> Floats:
    found = np.zeros_like(links)
    for i in range(len(w)):
        for j in range(len(w)):
            if i != j:
                found[i, j] = (1 - w[i] - w[j]) * links[i, j] + w[i] * precedence[j]
    return found


def close(found: Tensor, expected: object) -> None:
    np.testing.assert_allclose(found.numpy(), np.array(expected), rtol=0, atol=1e-12)


def test_content() -> None:
    memory, keys, strengths = draw(B, N, M), draw(B, H, M), share(B, H) * 5
    each = [
        [likeness(memory[b].numpy(), keys[b, h].numpy(), float(strengths[b, h])) for h in range(H)] for b in range(B)
    ]
    close(addressing.by_content(memory, keys, strengths), each)


def test_interpolation() -> None:
    content, before, gate = weights(B, H, N), weights(B, H, N, seed=5), share(B, H)
    g = gate.numpy()[..., None]
    close(addressing.interpolated(content, before, gate), g * content.numpy() + (1 - g) * before.numpy())


def test_shifts_go_round() -> None:
    own, shifts = weights(B, H, N), weights(B, H, S)
    each = [[moved(own[b, h].numpy(), shifts[b, h].numpy()) for h in range(H)] for b in range(B)]
    close(addressing.shifted(own, shifts), each)
    one = torch.eye(N, dtype=torch.float64)[None, N - 1 :]  # the last row, moved on by one, is the first
    close(addressing.shifted(one, torch.tensor([[[0.0, 0.0, 1.0]]], dtype=torch.float64)), np.eye(N)[None, :1])


def test_sharpening() -> None:
    own, power = weights(B, H, N), 1 + share(B, H) * 4
    each = [[sharp(own[b, h].numpy(), float(power[b, h])) for h in range(H)] for b in range(B)]
    close(addressing.sharpened(own, power), each)


def test_writing_erases_before_it_adds() -> None:
    memory, own, erase, add = draw(B, N, M), weights(B, H, N), share(B, H, M), draw(B, H, M)
    expected = memory.numpy().copy()
    for b in range(B):
        for i in range(N):
            for h in range(H):
                expected[b, i] *= 1 - own[b, h, i].numpy() * erase[b, h].numpy()
            for h in range(H):
                expected[b, i] += own[b, h, i].numpy() * add[b, h].numpy()
    close(addressing.written(memory, own, erase, add), expected)


def test_reading() -> None:
    memory, own = draw(B, N, M), weights(B, H, N)
    close(addressing.read(memory, own), [[own[b, h].numpy() @ memory[b].numpy() for h in range(H)] for b in range(B)])


def test_usage_by_hand() -> None:
    """A row that was just written is used; one that was just read and is free is not."""
    usage = torch.tensor([[0.5, 0.2, 0.8]], dtype=torch.float64)
    write = torch.tensor([[0.0, 0.5, 0.0]], dtype=torch.float64)
    reads = torch.tensor([[[0.0, 0.0, 1.0], [0.5, 0.0, 0.0]]], dtype=torch.float64)
    free = torch.tensor([[1.0, 0.4]], dtype=torch.float64)
    close(addressing.used(usage, write, reads, free), [[0.5 * (1 - 0.2), 0.2 + 0.5 - 0.1, 0.0]])


def test_the_rows_that_are_used_least_are_given_first() -> None:
    usage = share(B, N)
    close(addressing.allocated(usage), [free_rows(usage[b].numpy()) for b in range(B)])
    close(addressing.allocated(torch.tensor([[0.0, 1.0, 0.5]], dtype=torch.float64)), [[1.0, 0.0, 0.0]])


def test_a_full_memory_has_no_row_to_give() -> None:
    close(addressing.allocated(torch.ones(1, 4, dtype=torch.float64)), np.zeros((1, 4)))


def test_links_by_hand_and_row_by_row() -> None:
    links, precedence = torch.zeros(1, 3, 3, dtype=torch.float64), torch.zeros(1, 3, dtype=torch.float64)
    for row in (0, 2, 1):  # written one after another
        links, precedence = addressing.linked(links, precedence, torch.eye(3, dtype=torch.float64)[None, row])
    close(links, [[[0, 0, 0], [0, 0, 1], [1, 0, 0]]])  # 2 after 0, 1 after 2
    close(precedence, [[0, 1, 0]])
    at_two = torch.eye(3, dtype=torch.float64)[None, None, 2]
    forward, backward = addressing.followed(links, at_two)
    close(forward, [[[0, 1, 0]]])
    close(backward, [[[1, 0, 0]]])
    some, before, w = share(B, N, N), weights(B, N), weights(B, N, seed=7) * 0.7
    found, after = addressing.linked(some, before, w)
    close(found, [links_after(some[b].numpy(), before[b].numpy(), w[b].numpy()) for b in range(B)])
    close(after, (1 - w.numpy().sum(1, keepdims=True)) * before.numpy() + w.numpy())


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (addressing.by_content, (draw(B, N, M), draw(B, H, M), share(B, H))),
        (addressing.shifted, (weights(B, H, N), weights(B, H, S))),
        (addressing.sharpened, (weights(B, H, N), 1 + share(B, H))),
        (addressing.written, (draw(B, N, M), weights(B, H, N), share(B, H, M), draw(B, H, M))),
        (addressing.used, (share(B, N), weights(B, N), weights(B, H, N), share(B, H))),
        (addressing.allocated, (share(B, N),)),
        (lambda *a: addressing.linked(*a)[0], (share(B, N, N), weights(B, N), weights(B, N, seed=9))),
        (lambda *a: addressing.followed(*a)[1], (share(B, N, N), weights(B, H, N))),
        (addressing.moded, (weights(B, H, N), weights(B, H, N, seed=3), weights(B, H, N, seed=4), weights(B, H, 3))),
    ],
)
def test_gradients(function: Callable[..., Tensor], arguments: tuple[Tensor, ...]) -> None:
    assert torch.autograd.gradcheck(function, tuple(a.clone().requires_grad_() for a in arguments))


@given(st.integers(0, 1000), st.integers(1, 6))
def test_weights_of_a_turing_machine_sum_to_one_at_every_step(seed: int, steps: int) -> None:
    torch.manual_seed(seed)
    machine = TuringMachine(3, 7, rows=6, width=4, heads=2, lstm=bool(seed % 2)).double()
    for parameter in machine.parameters():
        parameter.data *= 5
    state = machine.initial(2)
    for x in draw(steps, 2, 3, seed=seed):
        _, state = machine.step(x, state)
        assert (state.weights >= 0).all()
        torch.testing.assert_close(state.weights.sum(2), torch.ones(2, 4, dtype=torch.float64), rtol=0, atol=1e-12)


@given(st.integers(0, 1000), st.integers(1, 6))
def test_weights_of_a_neural_computer_are_at_most_one_at_every_step(seed: int, steps: int) -> None:
    torch.manual_seed(seed)
    machine = NeuralComputer(3, 7, rows=5, width=4, heads=2).double()
    for parameter in machine.parameters():
        parameter.data *= 5
    state = machine.initial(2)
    for x in draw(steps, 2, 3, seed=seed):
        _, state = machine.step(x, state)
        for own in (state.write[:, None], state.reads, state.precedence[:, None]):
            assert (own >= 0).all()
            assert (own.sum(2) <= 1 + 1e-12).all()
        assert ((state.usage >= 0) & (state.usage <= 1 + 1e-12)).all()
        assert ((state.links >= -1e-12) & (state.links.sum(1, keepdim=True) <= 1 + 1e-12)).all()


@pytest.mark.parametrize("lstm", [False, True])
def test_the_gradient_of_a_turing_machine_over_three_steps(lstm: bool) -> None:
    torch.manual_seed(0)
    machine = TuringMachine(2, 3, rows=4, width=3, lstm=lstm).double()

    def output(x: Tensor) -> Tensor:
        state, said = machine.initial(1), []
        for one in x:
            found, state = machine.step(one[None], state)
            said.append(found)
        return torch.cat(said)

    assert torch.autograd.gradcheck(output, (draw(3, 2).requires_grad_(),))


def test_the_gradient_of_a_neural_computer_over_three_steps() -> None:
    torch.manual_seed(0)
    machine = NeuralComputer(2, 3, rows=4, width=3, heads=2).double()

    def output(x: Tensor) -> Tensor:
        state, said = machine.initial(1), []
        for one in x:
            found, state = machine.step(one[None], state)
            said.append(found)
        return torch.cat(said)

    assert torch.autograd.gradcheck(output, (draw(3, 2).requires_grad_(),))
