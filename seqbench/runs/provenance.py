"""Provenance of a result: the code, packages and machine that computed it."""

import os
import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import seqbench
from seqbench.evidence.records import Provenance

PACKAGES = ("numpy", "scipy", "torch", "pydantic", "regex", "safetensors", "hmmlearn", "scikit-learn", "statsmodels")


def provenance(device: str, threads: int = 1) -> Provenance:
    """Return the provenance of results of this process. Call it once per run, since it calls git, which is slow.

    Args:
        threads: number of threads that each cell may use.
        device: the device that cells use; the GPU is recorded only if it is used.
    """
    sha, dirty = git_state(Path(seqbench.__file__).resolve().parent)
    return Provenance(
        seqbench=seqbench.__version__,
        git_sha=sha,
        git_dirty=dirty,
        python=platform.python_version(),
        packages=package_versions(),
        platform=platform.platform(terse=True),
        cpu=cpu(),
        gpu=gpu() if device.startswith("cuda") else None,
        threads=threads,
        host=platform.node(),
    )


@cache
def git_state(folder: Path) -> tuple[str | None, bool | None]:
    """Return the commit of the checkout and whether files differ from it; both are None outside a checkout."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    if git("ls-files", "--error-unmatch", "interface.py") is None:  # installed inside another checkout
        return None, None
    sha, changes = git("rev-parse", "HEAD"), git("status", "--porcelain", "--untracked-files=no")
    return sha, None if sha is None or changes is None else bool(changes)


@cache
def package_versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def cpu() -> str:
    """Return the name of the processor and the number of cores that this process may use."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{name}, {cores} core{'s' if cores > 1 else ''}"


def gpu() -> str | None:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None
