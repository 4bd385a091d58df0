"""Whether a worker computes what the machine that gave the command would: the same code, with the same packages.

What a worker has is measured on the worker. Whatever differs is named, since a table must not depend on which machine a
cell came to.
"""

import platform
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import seqbench
from seqbench import registry
from seqbench.disk import sha256_of
from seqbench.fingerprint import source_sha256
from seqbench.runs.grid import Cell
from seqbench.runs.provenance import package_versions
from seqbench.spec import Spec

FURTHER = ("pandas", "statsforecast", "sacrebleu", "distributed")
"""Packages that results or the way of cells depend on, beside those that records name."""
FOLDERS = ("baselines", "recurrent", "datasets", "reports")
"""Rooms that may lie outside the folder of the package."""
_FILE = ".py:"
"""Within the name of a class in a file."""
MOST = 3
"""The most differences that are named of one worker."""


@dataclass(frozen=True)
class Code:
    """What a cell uses and seqbench does not contain: a module, or a file that the spec of a model names."""

    place: str
    """The dotted name of a module, or the absolute path of a file."""

    @property
    def sha256(self) -> str:
        """The hash of its source, with all that it imports and that may change; empty if it is not there."""
        path, module = Path(self.place), ""
        try:
            if not path.is_absolute():
                module, found = self.place, find_spec(self.place)
                path = Path(found.origin) if found is not None and found.origin else path
            if path.suffix == ".py":
                return source_sha256(path, module)
            return sha256_of(path)
        except (ImportError, OSError, SyntaxError):
            return ""


@dataclass(frozen=True)
class Software:
    """What the results of a machine depend on."""

    python: str
    """Its version without the last number, which changes no result."""
    seqbench: str
    packages: Mapping[str, str]
    sources: Mapping[str, str]
    """Hashes of the files of seqbench, by their place in the package."""
    codes: Mapping[str, str]
    """Hashes of code outside seqbench, by `Code.place`."""


def software(codes: Sequence[Code]) -> Software:
    """Return the software of this machine."""
    packages = dict(package_versions())
    for name in FURTHER:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return Software(
        python=".".join(platform.python_version_tuple()[:2]),
        seqbench=seqbench.__version__,
        packages=packages,
        sources=_sources(),
        codes={code.place: code.sha256 for code in codes},
    )


def codes(cells: Sequence[Cell]) -> list[Code]:
    """Return what cells use and seqbench does not contain. Data is none of it: it comes with the cells."""
    places: set[str] = set()
    for cell in cells:
        named = [*cell.model.paths(), *([cell.dataset.name] if _FILE in cell.dataset.name else [])]
        places |= {name.rpartition(":")[0] if _FILE in name else name for name in named}
        places |= {name for name in cell.modules if not name.endswith(".py")}
    for task, name in {(cell.identity.task, cell.dataset.name) for cell in cells}:
        if _FILE not in name:
            places.add(registry.find_dataset(Spec(name), task).target.partition(":")[0])
    return [Code(place) for place in sorted(places) if not place.startswith("seqbench.")]


def differences(here: Software, there: Software) -> list[str]:
    """Return what a worker has that this machine has not, and the other way round, as parts of a sentence."""
    found = []
    if here.python != there.python:
        found.append(f"Python {there.python}, not {here.python}")
    if here.seqbench != there.seqbench:
        found.append(f"seqbench {there.seqbench}, not {here.seqbench}")
    elif here.sources != there.sources:
        found.append(f"another source of seqbench {here.seqbench} ({_first(here.sources, there.sources)})")
    for name in dict.fromkeys([*here.packages, *there.packages]):
        ours, theirs = here.packages.get(name), there.packages.get(name)
        if ours != theirs:
            found.append(f"no {name}" if theirs is None else f"{name} {theirs}, not {ours or 'none as here'}")
    for place, sha256 in here.codes.items():
        if there.codes[place] != sha256:
            found.append(f"{'another' if there.codes[place] else 'no'} {place}")
    return [*found[:MOST], *([f"{len(found) - MOST} more differences"] if len(found) > MOST else [])]


def unfit_for(device: str) -> str:
    """Return why this machine cannot compute on a device, empty if it can.

    It is asked in a process of its own, since the question imports torch.
    """
    if device == "cpu":
        return ""
    ask = "import sys; from seqbench.learning.training import choose_device; choose_device(sys.argv[1])"
    done = subprocess.run([sys.executable, "-P", "-c", ask, device], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip().rpartition("\n")[2].partition(": ")[2]


def host() -> str:
    """Return the name of this machine."""
    return socket.gethostname()


@cache
def _sources() -> dict[str, str]:
    root = Path(seqbench.__file__).parent
    folders = {"": root, **{name: _folder(name, root) for name in FOLDERS}}
    return {
        f"{name}/{path.relative_to(folder).as_posix()}".removeprefix("/"): sha256_of(path)
        for name, folder in folders.items()
        for path in sorted(folder.rglob("*.py"))
    }


def _folder(name: str, root: Path) -> Path:
    found = find_spec(f"seqbench.{name}")
    places = found.submodule_search_locations if found is not None else None
    return Path(next(iter(places))) if places else root / name


def _first(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """Return the first file that differs."""
    names = sorted(name for name in {*here, *there} if here.get(name) != there.get(name))
    return f"{names[0]} differs" + (f", and {len(names) - 1} more" if names[1:] else "")
