"""The Python language reference, as the running interpreter carries it for `help()`: real text without a network."""

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
    """The topics in the order of their names, split 80/10/10 by position.

    A line is a paragraph: in words its own line breaks, which only fill columns, are read as spaces; in
    characters the text stays as it is laid out. Topics quote each other at length, so a paragraph that came
    before is dropped: what is tested was not in the training part. The text differs with the version of Python.
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
        seen: dict[str, str] = {}  # in words → as laid out
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
            "install the full standard library, or take another data set"
        ) from None
    return sorted(topics.items())
