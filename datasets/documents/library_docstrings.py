"""Docstrings of an installed library, by the subpackage that they document: real documents without a network."""

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.documents.base import DocumentDataset, DocumentParts, Notes
from seqbench.datasets.documents.collection import Rows

MASK = "_module_"
"""Replaces every name of a module. It occurs in no docstring, and every tokeniser keeps it as one word."""

FEWEST_WORDS = 20
FEWEST_DOCUMENTS = 40
"""The fewest docstrings of a subpackage that becomes a class."""

EXAMPLE = re.compile(r"^[ \t]*>>>.*\n(?:[ \t]*\S.*\n?)*", re.MULTILINE)
"""A doctest: from its prompt to the next blank line."""

FILLED_IN = re.compile(r"%\(\w+\)s")
"""A place where the library inserts text that many docstrings share."""

BETWEEN_WORDS = re.compile(r"(\W+)")

NOT_ITS_OWN = {"tests", "externals"}
"""Folders that are left out."""


@dataclass(frozen=True)
class _Source:
    path: tuple[str, ...]
    """Relative to the library, such as `("stats", "_qmc.py")`."""
    content: bytes


class LibraryDocstrings(DocumentDataset):
    """Docstrings of public functions, classes and methods; the class is their subpackage.

    Only running text counts. Examples import the module that they document, so they are left out, and each name of a
    module or subpackage of the library is replaced by `_module_`. The code is parsed, never imported. A docstring that
    occurs several times is kept once, or not at all if it occurs in several subpackages. The text depends on the
    version of the library.
    """

    name: ClassVar[str] = "library-docstrings"
    licence: ClassVar[str] = "that of the library (SciPy: BSD-3-Clause)"
    citation: ClassVar[str] = (
        "Virtanen et al.: SciPy 1.0, Nature Methods 17, 2020 (docstrings of the installed version)"
    )

    library: str = Field("scipy", description="the import name of an installed package with subpackages")

    def fingerprint(self) -> str:
        parts = ("\0".join((*s.path, hashlib.sha256(s.content).hexdigest())) for s in self._sources())
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def parts(self) -> DocumentParts:
        sources = self._sources()
        masked = _mask({word for source in sources for word in _names(source.path)} | {self.library.lower()})
        notes: Notes = {"library": self.library, "version": self._version()}
        subpackages: dict[str, set[str]] = {}  # of each text
        found = 0
        for source in sources:
            for docstring in _docstrings(source):
                text = masked(_running_text(docstring))
                if len(text.split()) >= FEWEST_WORDS:
                    found += 1
                    subpackages.setdefault(text, set()).add(source.path[0])
        single = {text: next(iter(places)) for text, places in subpackages.items() if len(places) == 1}
        counts = Counter(single.values())
        kept = {text: place for text, place in single.items() if counts[place] >= FEWEST_DOCUMENTS}
        notes["repeated_left_out"] = found - len(subpackages)
        notes["of_several_subpackages_left_out"] = len(subpackages) - len(single)
        notes["of_small_subpackages_left_out"] = len(single) - len(kept)
        classes = set(kept.values())
        if len(classes) < 2:
            raise DataError(
                f"the library {self.library} has {len(classes)} subpackages with {FEWEST_DOCUMENTS} docstrings of "
                f"{FEWEST_WORDS} words, and at least 2 are needed; take a larger one, such as scipy"
            )
        return DocumentParts(Rows(list(kept), list(kept.values())), notes=notes)

    def _sources(self) -> list[_Source]:
        """Return the files of public subpackages in the order of their paths."""
        root = self._root()
        sources = []
        for path in sorted(root.glob("*/**/*.py")):
            below = path.relative_to(root).parts
            if not below[0].startswith("_") and NOT_ITS_OWN.isdisjoint(below):
                sources.append(_Source(below, path.read_bytes()))
        return sources

    def _root(self) -> Path:
        # Only the top level is located, which imports nothing.
        found = util.find_spec(self.library) if self.library.isidentifier() else None
        if found is None:
            raise DataError(f"the library {self.library} is not installed here; install it, or name another one")
        if found.origin is None or not found.submodule_search_locations:
            raise DataError(f"the library {self.library} is no package with subpackages; name another one")
        return Path(found.origin).parent

    def _version(self) -> str:
        try:
            return metadata.version(self.library)
        except metadata.PackageNotFoundError:  # its import name is not the name of the distribution
            names = metadata.packages_distributions().get(self.library, [])
            return metadata.version(names[0]) if names else "unknown"


def _names(path: Sequence[str]) -> set[str]:
    """Return the names of a module and its parent packages, in lower case, without leading underscores."""
    return {part.removesuffix(".py").lower().strip("_") for part in path} - {"init", ""}


def _docstrings(source: _Source) -> Iterator[str]:
    try:
        tree = ast.parse(source.content)
    except (SyntaxError, ValueError):
        # Some libraries hold templates of code generators, or code for other versions of Python.
        return
    yield from _public(tree.body)


def _public(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield docstrings of the public names that statements define."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not node.name.startswith("_"):
                if docstring := ast.get_docstring(node, clean=False):
                    yield docstring
                if isinstance(node, ast.ClassDef):
                    yield from _public(node.body)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _public([child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)])


def _running_text(docstring: str) -> str:
    return " ".join(FILLED_IN.sub(" ", EXAMPLE.sub("", docstring + "\n")).split())


def _mask(modules: set[str]) -> Callable[[str], str]:
    """Return a function that replaces names of modules in a text."""

    @cache  # a text has far more words than distinct ones
    def masked(piece: str) -> str:
        return MASK if piece.lower().strip("_") in modules else piece

    return lambda text: "".join(map(masked, BETWEEN_WORDS.split(text)))
