"""The grammar of names with settings, for models and data sets: `lstm(hidden_size=400, dropout=0.2)`.

Models may be added: `kneser-ney(order=5)+lstm` is a mixture of language models; a sum of forecasters is their mean.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

SPEC = re.compile(r"^\s*(?P<name>[^()]+?)\s*(\((?P<settings>.*)\))?\s*$", re.DOTALL)
OWN = "file"
"""The name of the data set that is a file of the user, in all tasks."""


@dataclass(frozen=True)
class Spec:
    name: str
    """A registered name, or `path/to/file.py:ClassName`."""
    settings: dict[str, object] = field(default_factory=dict)
    parts: tuple["Spec", ...] = ()
    """The models of a sum. Then `settings` are the settings of the sum itself, and `str` leaves them out."""

    @classmethod
    def sum(cls, parts: Iterable["Spec"]) -> "Spec":
        """Return the sum of `parts`, with a name such as `kneser-ney+lstm`."""
        parts = tuple(parts)
        return cls("+".join(part.name for part in parts), parts=parts)

    def paths(self) -> tuple[str, ...]:
        """Return the absolute paths of files and folders in the name and the settings, those of the parts included."""
        named = [part.name for part in self.parts or (self,)]
        values = [value for part in (self, *self.parts) for value in part.settings.values()]
        return tuple(text for text in (*named, *values) if isinstance(text, str) and Path(text).is_absolute())

    def __str__(self) -> str:
        if self.parts:
            return "+".join(map(str, self.parts))
        if not self.settings:
            return self.name
        settings = (f"{key}={'none' if value is None else value}" for key, value in self.settings.items())
        return f"{self.name}({', '.join(settings)})"


def parse(text: str) -> Spec:
    """Parse `name`, `name(key=value, …)`, or a sum of these; a value is a Python literal or a bare word.

    Raises:
        ValueError: the text does not follow the grammar.
    """
    parts = _split(text, "+")
    if len(parts) > 1:
        if not all(map(str.strip, parts)):
            raise ValueError(f"{text!r} lacks a name beside a plus sign; write it like kneser-ney(order=5)+lstm")
        return Spec.sum(map(parse, parts))
    match = SPEC.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no name with settings; write it like lstm(hidden_size=400)")
    settings: dict[str, object] = {}
    for piece in filter(str.strip, _split(match["settings"] or "", ",")):
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not key.isidentifier() or not equals or not value:
            raise ValueError(f"{piece.strip()!r} in {text!r} is no setting; write key=value")
        if key in settings:
            raise ValueError(f"{key} is set twice in {text!r}")
        settings[key] = _literal(value)
    return Spec(match["name"], settings)


def _split(text: str, sign: str) -> list[str]:
    """Split at each `sign` outside brackets and quotes."""
    pieces, depth, quote, start = [], 0, "", 0
    for i, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        else:
            depth += (character in "([{") - (character in ")]}")
            if character == sign and depth == 0:
                pieces.append(text[start:i])
                start = i + 1
    return [*pieces, text[start:]]


def _literal(text: str) -> object:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # of brackets and keys of all kinds
        return text
