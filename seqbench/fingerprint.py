"""One hash of the source that a result depends on: a module and all modules that it imports and that may change."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, resolve_name
from pathlib import Path
from sysconfig import get_path

from seqbench.exports import EXPORTS

_INSTALLED = {"site-packages", "dist-packages"}
_STANDARD_LIBRARY = Path(get_path("stdlib"))


def source_sha256(file: Path, module: str = "") -> str:
    """Hash a module's file and the modules that it imports, directly or indirectly.

    Included are modules of seqbench, modules of the module's own top-level package, modules and packages in the folder
    of a file given by path, and packages that are not installed but used from where they are developed. Of other
    installed packages the record holds the version. Data that a module reads is not included.

    Args:
        file: the path of the module's source.
        module: its dotted name; empty for a file given by path.
    """
    digest = hashlib.sha256()
    for name, path in sorted(_closure(file.resolve(), module).items()):
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _closure(file: Path, module: str) -> dict[str, Path]:
    roots = frozenset({"seqbench", module.partition(".")[0]})
    folder = None if module else file.parent
    found: dict[str, Path] = {}
    waiting = [(module or file.stem, file)]
    while waiting:
        name, path = waiting.pop()
        if name in found:
            continue
        found[name] = path
        for imported in _imports(path, name):
            source = _locate(imported, roots, folder)
            if source is not None and imported not in found:
                waiting.append((imported, source))
    return found


@cache
def _imports(path: Path, module: str) -> frozenset[str]:
    """Return the modules that a source file may import, with the packages around them, whose code runs first."""
    if path.suffix != ".py":
        return frozenset()
    names = set(_imported_names(ast.parse(path.read_bytes()), path, module))
    return frozenset(names | {package for name in names for package in _packages(name)})


def _packages(name: str) -> Iterator[str]:
    """Yield the packages that contain a module. Those of seqbench have no code that a result depends on."""
    if not name.startswith("seqbench."):
        while name := name.rpartition(".")[0]:
            yield name


def _imported_names(tree: ast.AST, path: Path, module: str) -> Iterator[str]:
    """Yield dotted names that may be modules: `from a import b` yields both a and a.b."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="seqbench", level=0):
                yield from (EXPORTS.get(alias.name, f"seqbench.{alias.name}") for alias in node.names)
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                base = ".".join([*parents, *([node.module] if node.module else [])])
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield _resolved(name, package)
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts) | ast.Tuple(elts)) if package:
                # modules that `from package import *` imports
                yield from (f"{package}.{name.value!s}" for name in elts if isinstance(name, ast.Constant))


def _resolved(name: str, package: str) -> str:
    """Return the absolute name of a module; an import beyond the top-level package fails when the model runs."""
    try:
        return resolve_name(name, package)
    except ImportError:
        return name


@cache
def _locate(name: str, roots: frozenset[str], folder: Path | None) -> Path | None:
    """Return the source file of a module that is included in the hash; None for all other modules."""
    beside = None if folder is None else _in_folder(name, folder)
    if beside is not None:
        return beside
    top = name.partition(".")[0]
    if top not in roots and not _in_development(top):
        return None
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec is not None and spec.origin and spec.origin.endswith(".py") else None


def _in_folder(name: str, folder: Path) -> Path | None:
    """Return the file of a module or package below a folder; packages may have no `__init__.py`."""
    path = folder.joinpath(*name.split("."))
    files = [path / "__init__.py", *(path.parent / f"{path.name}{end}" for end in (".py", *EXTENSION_SUFFIXES))]
    return next((file for file in files if file.is_file()), None)


@cache
def _in_development(top: str) -> bool:
    """Return whether a top-level module is neither installed nor part of Python: its code may change at any time."""
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return False
    origin = Path(spec.origin) if spec is not None and spec.origin else None
    return (
        origin is not None
        and origin.suffix == ".py"
        and not _INSTALLED & set(origin.parts)
        and not origin.is_relative_to(_STANDARD_LIBRARY)
    )
