"""Learning in closed form against the gradient by differentiation, and the likelihood that it reaches."""

import numpy as np
import torch

from seqbench.baselines.memories.boltzmann.persistent import Persistent
from seqbench.baselines.memories.boltzmann.restricted import Machine, log_z


def test_an_update_is_a_step_along_the_gradient_of_the_free_energies() -> None:
    torch.manual_seed(0)
    machine = Persistent.started(6, 4, 5, std=0.5)
    machine.h.bernoulli_(0.5)
    v = torch.bernoulli(torch.full((5, 6), 0.4))
    W, b, c = (x.clone().requires_grad_() for x in (machine.W, machine.b, machine.c))
    machine.learn(v, 0.1)
    drawn = machine._v.clone()  # the particles of this update
    own = Machine(W, b, c)
    (own.free_energy(v) - own.free_energy(drawn)).mean().backward()
    for before, after in ((W, machine.W), (b, machine.b), (c, machine.c)):
        torch.testing.assert_close(after, before.detach() - 0.1 * before.grad)
    assert set(machine.h.unique().tolist()) <= {0.0, 1.0}
    assert set(drawn.unique().tolist()) <= {0.0, 1.0}


def test_a_smaller_batch_moves_as_many_particles() -> None:
    torch.manual_seed(0)
    machine = Persistent.started(6, 4, 5)
    machine.h.fill_(0.5)
    machine.learn(torch.ones(2, 6), 0.1)
    assert (machine.h[2:] == 0.5).all()
    assert not (machine.h[:2] == 0.5).any()


def test_learning_approaches_the_likelihood_of_the_data_themselves() -> None:
    torch.manual_seed(0)
    patterns = torch.tensor([[1.0, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 1], [1, 0, 1, 0, 1, 0]])
    data = patterns[torch.tensor([0, 0, 1, 2] * 25)]
    machine = Persistent.started(6, 8, 100, std=0.1)
    for update in range(3000):
        machine.learn(data, 0.1 * (1 - update / 3000))
    of = Machine(machine.W.double(), machine.b.double(), machine.c.double())
    nats = float((of.free_energy(data.double()) + log_z(of)).mean())
    entropy = -float(0.5 * np.log(0.5) + 2 * 0.25 * np.log(0.25))
    assert entropy <= nats < entropy + 0.15
