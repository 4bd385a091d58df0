"""A clock tells work from waiting."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seqbench.runs.clock import Clock


def _work(seconds: float) -> None:
    """Use the processor for this long, by its own clock."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        sum(range(1000))


def _work_for_ever() -> None:
    while True:
        sum(range(1000))


@contextmanager
def _crowded() -> Iterator[None]:
    """Run on one core, which four other processes use as well."""
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system does not bind processes to cores")
    free = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(free)})
    others = [multiprocessing.get_context("fork").Process(target=_work_for_ever, daemon=True) for _ in range(4)]
    try:
        for other in others:
            other.start()
        yield
    finally:
        for other in others:
            other.kill()
        os.sched_setaffinity(0, free)


def test_work_costs_its_processor_time_and_several_pieces_add_up() -> None:
    clock = Clock()
    for _ in range(2):
        with clock:
            _work(0.05)
    assert 0.1 <= clock.cpu <= clock.wall + 0.02
    _work(0.05)  # outside
    assert clock.cpu < 0.14


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_work_on_a_core_that_others_use_too_is_marked(device: str) -> None:
    clock = Clock(device)
    with _crowded(), clock:
        _work(0.2)
    if device == "cpu" or Path("/proc/self/schedstat").exists():
        assert clock.busy
    assert clock.wall > 1.5 * clock.cpu


def test_a_wall_time_far_above_the_processor_time_is_marked_but_not_on_a_gpu() -> None:
    on = {device: Clock(device) for device in ("cpu", "cuda:0")}
    for clock in on.values():
        with clock:
            time.sleep(0.1)
    assert on["cpu"].busy
    assert on["cuda:0"].queued > 0.005 or not on["cuda:0"].busy
