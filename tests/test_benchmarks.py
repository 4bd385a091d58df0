"""Benchmarks that need a machine which tests rarely have: they must at least run without it, and say so."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(torch.cuda.is_available(), reason="with a GPU, the whole measurement would run")
def test_without_a_gpu_the_comparison_on_gpus_runs_small_on_the_cpu_and_says_so() -> None:
    command = [sys.executable, str(BENCHMARKS / "recurrent_gpu.py"), "--repeats", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "no GPU here" in done.stdout
    for name in ("nn.LSTM", "peephole", "gru-before", "mingru"):
        assert name in done.stdout
    assert "fails" not in done.stdout


def test_the_interval_around_a_median_of_times_holds_it_as_often_as_it_says() -> None:
    interval = loaded("recurrent_cells").interval
    rng = np.random.default_rng(0)
    held = [
        low <= 1.0 <= high for low, _, high in (interval(list(rng.exponential(1 / np.log(2), 60))) for _ in range(2000))
    ]
    assert 0.94 < np.mean(held) < 0.985
