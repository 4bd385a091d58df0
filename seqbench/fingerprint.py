"""One hash of the source that a result depends on: a module and all modules of the same package that it imports."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from seqbench.exports import EXPORTS


def source_sha256(file: Path, module: str) -> str:
    """Hash a module's file and the modules that it imports, directly or indirectly.

    Only modules of seqbench and of the module's own top-level package are included; for a model given by path, also
    those in its folder.

    Args:
        file: the path of the module's source.
        module: its dotted name; for a model given by path, the file's stem.
    """
    roots = frozenset({"seqbench", module.partition(".")[0]})
    digest = hashlib.sha256()
    for name, path in sorted(_closure(file.resolve(), module, roots).items()):
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _closure(file: Path, module: str, roots: frozenset[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    waiting = [(module, file)]
    while waiting:
        name, path = waiting.pop()
        if name in found:
            continue
        found[name] = path
        for imported in _imports(path, name):
            source = _locate(imported, roots, file.parent)
            if source is not None and imported not in found:
                waiting.append((imported, source))
    return found


@cache
def _imports(path: Path, module: str) -> frozenset[str]:
    return frozenset(_imported_names(ast.parse(path.read_bytes()), path, module))


def _imported_names(tree: ast.AST, path: Path, module: str) -> Iterator[str]:
    """Yield dotted names that may be modules: `from a import b` yields both a and a.b."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "seqbench" and not node.level:
            yield from (EXPORTS.get(alias.name, f"seqbench.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


@cache
def _locate(name: str, roots: frozenset[str], folder: Path) -> Path | None:
    """Return the source file of a module that is included in the hash; None for all other modules."""
    if name.partition(".")[0] not in roots:
        beside = folder / f"{name}.py"
        return beside if beside.is_file() else None
    try:
        spec = find_spec(name)
    except (ModuleNotFoundError, ValueError):
        return None
    return Path(spec.origin) if spec is not None and spec.origin and spec.origin.endswith(".py") else None
