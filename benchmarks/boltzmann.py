"""Speed of a restricted Boltzmann machine beside scikit-learn's BernoulliRBM: one epoch of persistent CD with one step.

    python benchmarks/boltzmann.py [--batches 10 100] [--repeats 7] [--device cpu]

Handwritten digits, enlarged to 28 × 28 pixels in black and white; 256 hidden units, one thread, both in float32, in
turn. Printed: rows per second, their ratio, and the exact pseudo-likelihood per pixel that both reach after `EPOCHS`
epochs from the same weights (Besag 1975).
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.neural_network import BernoulliRBM
from threadpoolctl import threadpool_limits

from seqbench.baselines.memories.boltzmann.persistent import Persistent
from seqbench.baselines.memories.boltzmann.restricted import Machine

HIDDEN = 256
RATE = 0.05
EPOCHS = 10


def pixels() -> NDArray[np.float32]:
    pictures = load_digits().images
    large = np.kron(pictures, np.ones((4, 4)))[:, 2:30, 2:30]
    return (large.reshape(len(pictures), -1) > 7.5).astype(np.float32)


def seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def ours(v: torch.Tensor, W: NDArray[np.float32], batch: int, device: str) -> tuple[Persistent, Callable[[], None]]:
    machine = Persistent.started(v.shape[1], HIDDEN, batch, device=device)
    machine.W.copy_(torch.tensor(W.T))

    def epoch() -> None:
        for rows in torch.split(v, batch):
            machine.learn(rows, RATE)
        if device != "cpu":
            torch.cuda.synchronize()

    return machine, epoch


def theirs(v: NDArray[np.float32], W: NDArray[np.float32], batch: int) -> tuple[BernoulliRBM, Callable[[], None]]:
    machine = BernoulliRBM(HIDDEN, learning_rate=RATE, batch_size=batch, random_state=0)
    machine.partial_fit(v[:batch])  # sets up
    machine.components_ = W.copy()
    machine.intercept_hidden_[:] = 0
    machine.intercept_visible_[:] = 0
    machine.h_samples_[:] = 0

    def epoch() -> None:
        for first in range(0, len(v), batch):
            machine.partial_fit(v[first : first + batch])

    return machine, epoch


def as_machine(other: BernoulliRBM, device: str) -> Machine:
    parts = (other.components_.T, other.intercept_visible_, other.intercept_hidden_)
    return Machine(*(torch.tensor(x, device=device) for x in parts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if asked.device != "cpu" and not torch.cuda.is_available():
        print(f"torch finds no {asked.device}; measured on the CPU")
        asked.device = "cpu"
    found = pixels()
    start = np.random.default_rng(0).normal(0, 0.01, (HIDDEN, found.shape[1])).astype(np.float32)
    with threadpool_limits(1):
        for batch in asked.batches:
            rows = found[: len(found) // batch * batch]
            v = torch.tensor(rows, device=asked.device)
            one, own = ours(v, start, batch, asked.device)
            other, peer = theirs(rows, start, batch)
            for _ in range(EPOCHS):
                own(), peer()
            reached = [
                float(machine.pseudo_likelihood(v).mean()) / v.shape[1]
                for machine in (Machine(one.W, one.b, one.c), as_machine(other, asked.device))
            ]
            times = np.array([[seconds(own), seconds(peer)] for _ in range(asked.repeats)])
            speeds = len(rows) / np.median(times, axis=0)
            ratio = np.median(times[:, 1] / times[:, 0])
            print(
                f"batch {batch}, {asked.device}: {speeds[0]:,.0f} rows per second, BernoulliRBM {speeds[1]:,.0f}, "
                f"ratio {ratio:.2f}; pseudo-likelihood per pixel after {EPOCHS} epochs {reached[0]:.4f} and "
                f"{reached[1]:.4f}"
            )


if __name__ == "__main__":
    main()
