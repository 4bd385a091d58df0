"""Python's own source code, with the role of each token: real tagged text without a network."""

import hashlib
import platform
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from seqbench.data import DataError, Dataset
from seqbench.datasets.files import read_bytes
from seqbench.datasets.tagged.base import PARTS, numbered
from seqbench.datasets.tagged.lines import Parsed
from seqbench.datasets.tagged.tokens import roles
from seqbench.tasks.tags.data import NewSentences, TaggedData

MODULES: Mapping[str, Sequence[str]] = {
    "train": (
        *("calendar", "colorsys", "configparser", "copy", "csv", "difflib", "fnmatch", "fractions", "gettext"),
        *("heapq", "mimetypes", "netrc", "optparse", "queue", "random", "sched", "selectors", "shelve", "shlex"),
        *("string/__init__", "string", "textwrap", "timeit", "weakref"),
    ),
    "valid": ("bisect", "cmd", "getopt", "glob", "reprlib"),
    "test": ("html/parser", "json/decoder", "pprint", "smtplib", "wave", "xml/sax/saxutils"),
}
"""Files of the standard library that are old and change little. `string` is one of two, as the version of Python has
it."""


class PythonTokens(Dataset[TaggedData]):
    """Tokens of modules of the standard library; a sentence is a logical line, and each file is in one part.

    The tag is the type of the token, where names have the role that the syntax tree gives them: `name` may be a
    parameter here and an argument, an attribute or a value there, so spelling alone does not tell it. The text between
    the quotes of a string is replaced by `…`; comments and lines of a string alone, such as docstrings, are left out.
    The text depends on the version of Python.
    """

    task: ClassVar[str] = "tag"
    name: ClassVar[str] = "python-tokens"
    licence: ClassVar[str] = "PSF-2.0"
    citation: ClassVar[str] = "Python Software Foundation: the standard library of the installed Python"

    def fingerprint(self) -> str:
        found = (hashlib.sha256(content).hexdigest() for part in PARTS for content in self._sources(part).values())
        return hashlib.sha256("\n".join(found).encode()).hexdigest()

    def load(self) -> TaggedData:
        read = {part: self._sources(part) for part in PARTS}
        notes: dict[str, Any] = {f"modules_{part}": ", ".join(read[part]) for part in PARTS}
        parts = []
        for part in PARTS:
            found = [roles(f"{module}.py", content) for module, content in read[part].items()]
            notes[f"lines_of_a_string_left_out_{part}"] = sum(one.notes["lines_of_a_string"] for one in found)
            parts.append(
                Parsed([own for one in found for own in one.sentences], [own for one in found for own in one.tags])
            )
        notes["python"] = platform.python_version()
        return numbered(self.name, parts, "tokens of Python and their roles, by logical line", notes)

    def read(self, path: Path, encoding: dict[str, Any]) -> NewSentences:
        """Read the tokens of a file of Python source."""
        return NewSentences(roles(str(path), read_bytes(path)).sentences)

    def _sources(self, part: str) -> dict[str, bytes]:
        """Return the modules of a part that are there, with their source.

        Raises:
            DataError: there are none.
        """
        folder = Path(sysconfig.get_path("stdlib"))
        files = {module: folder / f"{module}.py" for module in MODULES[part]}
        found = {module: file.read_bytes() for module, file in files.items() if file.is_file()}
        if not found:
            raise DataError(
                f"this Python comes without the source of its standard library ({folder} holds none of "
                f"{', '.join(MODULES[part])}); take another data set"
            )
        return found
