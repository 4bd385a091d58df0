"""The grammar of names with settings: `lstm(hidden_size=400, dropout=0.2)`, for models and data sets alike."""

import ast
import re
from dataclasses import dataclass, field

SPEC = re.compile(r"^\s*(?P<name>[^()]+?)\s*(\((?P<settings>.*)\))?\s*$", re.DOTALL)


@dataclass(frozen=True)
class Spec:
    name: str
    """A registered name, or `path/to/file.py:ClassName`."""
    settings: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.settings:
            return self.name
        return f"{self.name}({', '.join(f'{key}={value}' for key, value in self.settings.items())})"


def parse(text: str) -> Spec:
    """Read `name` or `name(key=value, …)`; a value is a Python literal or a bare word.

    Raises:
        ValueError: the text does not follow the grammar.
    """
    match = SPEC.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no name with settings; write it like lstm(hidden_size=400)")
    settings: dict[str, object] = {}
    for piece in _split(match["settings"] or ""):
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not key.isidentifier() or not equals or not value:
            raise ValueError(f"{piece.strip()!r} in {text!r} is no setting; write key=value")
        if key in settings:
            raise ValueError(f"{key} is set twice in {text!r}")
        settings[key] = _literal(value)
    return Spec(match["name"], settings)


def _split(text: str) -> list[str]:
    """Pieces between the commas that stand outside brackets and quotes."""
    pieces, depth, quote, start = [], 0, "", 0
    for i, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        else:
            depth += (character in "([{") - (character in ")]}")
            if character == "," and depth == 0:
                pieces.append(text[start:i])
                start = i + 1
    pieces.append(text[start:])
    return [piece for piece in pieces if piece.strip()]


def _literal(text: str) -> object:
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
