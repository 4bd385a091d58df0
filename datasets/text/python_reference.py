"""The Python language reference that comes with the interpreter for `help()`: real text without a network."""

import hashlib
import platform
import re
from collections.abc import Mapping
from importlib import import_module
from typing import ClassVar, Literal

from pydantic import Field

from seqbench.data import DataError
from seqbench.datasets.text.base import Parts, TextDataset, by_position


class PythonReference(TextDataset):
    """The topics of the reference, sorted by name and split 80/10/10 by position.

    With `unit="word"`, each line is a paragraph: the line breaks inside it, which only wrap the text, are read as
    spaces. With `unit="character"`, the layout is kept. Topics repeat long passages of each other, so a paragraph that
    came before is dropped, and no test paragraph is in the training part. The text depends on the version of Python.
    """

    name: ClassVar[str] = "python-reference"
    licence: ClassVar[str] = "PSF-2.0"
    citation: ClassVar[str] = "van Rossum et al.: The Python Language Reference"
    usual_min_count: ClassVar[int] = 3

    punctuation: Literal["joined", "apart"] = Field(
        "apart", description=TextDataset.model_fields["punctuation"].description
    )

    def fingerprint(self) -> str:
        return hashlib.sha256("\0".join(f"{name}\0{text}" for name, text in _topics()).encode()).hexdigest()

    def parts(self) -> Parts:
        seen: dict[str, str] = {}  # paragraph as words → paragraph with its layout
        paragraphs = [p for _, text in _topics() for p in re.split(r"\n\s*\n", text.strip("\n"))]
        for paragraph in paragraphs:
            seen.setdefault(" ".join(paragraph.split()), paragraph)
        text = "".join(f"{p}\n" for p in seen) if self.unit == "word" else "".join(f"{p}\n\n" for p in seen.values())
        parts = by_position(text, train=0.8, valid=0.1, unit=self.unit)
        return parts.noting(
            {"python": platform.python_version(), "repeated_paragraphs_dropped": len(paragraphs) - len(seen)}
        )


def _topics() -> list[tuple[str, str]]:
    try:
        topics: Mapping[str, str] = import_module("pydoc_data.topics").topics
    except ImportError:
        raise DataError(
            "this Python comes without its language reference (the module pydoc_data.topics); "
            "install the full standard library, or choose another data set"
        ) from None
    return sorted(topics.items())
