"""The search space of a model: what its configuration declares, and what its user has not set."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from seqbench import registry
from seqbench.spec import Spec

DIGITS = 3
"""Significant digits of a number that is proposed, so that settings can be read and typed."""

Params = dict[str, Any]
"""Values by the names of parameters: numbers, truth values and words."""


@dataclass(frozen=True)
class Parameter:
    """A setting that is searched."""

    name: str
    """The name of the setting; in a sum, after the number of the part, such as `2.size`."""
    low: float = math.nan
    high: float = math.nan
    log: bool = False
    whole: bool = False
    """Whether only whole numbers are allowed."""
    choices: tuple[Any, ...] = ()
    """Values to choose from; empty: a number from `low` to `high`."""

    @property
    def size(self) -> float:
        """The number of values; infinite for a number with decimals."""
        return len(self.choices) or (self.high - self.low + 1 if self.whole else math.inf)

    @property
    def words(self) -> tuple[Any, ...]:
        """The choices as values that the search can store: numbers, truth values, words."""
        return tuple(map(_word, self.choices))

    @property
    def told(self) -> str:
        """The parameter for people, such as `c in 0.01..100` or `ngrams in {1, 2, 3}`."""
        if self.choices:
            return f"{self.name} in {{{', '.join('none' if word is None else str(word) for word in self.words)}}}"
        return f"{self.name} in {self.low:g}..{self.high:g}"

    def value(self, found: Any) -> Any:
        """Return the setting that a value of the search stands for."""
        return self.choices[self.words.index(found)] if self.choices else found

    def rounded(self, found: Any) -> Any:
        """Return a proposed number with few digits, within its bounds."""
        if self.choices or self.whole:
            return found
        return min(max(float(f"{found:.{DIGITS}g}"), self.low), self.high)

    def holds(self, setting: Any) -> bool:
        """Return whether a setting lies in the space."""
        if self.choices:
            return _word(setting) in self.words
        number = isinstance(setting, int | float) and not isinstance(setting, bool)
        return number and self.low <= setting <= self.high

    def every(self) -> Sequence[Any]:
        """Return all values of a finite parameter."""
        return self.words or range(int(self.low), int(self.high) + 1)


@dataclass(frozen=True)
class Space:
    """The settings of a model that are searched; all others keep their values."""

    spec: Spec
    """The model with its default settings, those of the preset and of the user included."""
    parameters: tuple[Parameter, ...]
    defaults: Mapping[str, Any]
    """The default settings of the parameters."""

    @classmethod
    def of(cls, spec: Spec, typed: Spec, task: str) -> "Space":
        """Return the space of a model.

        Args:
            spec: the model with all settings of its user and of the preset.
            typed: the same as the user wrote it: what is set there is not searched.

        Raises:
            ValueError: a declaration is wrong; the message names it.
        """
        found = list(_declared(spec, registry.spelled_out(typed, task), task))
        return cls(spec, tuple(one for one, _ in found), {one.name: default for one, default in found})

    @property
    def size(self) -> float:
        """The number of settings in the space."""
        return math.prod(parameter.size for parameter in self.parameters)

    @property
    def start(self) -> Params | None:
        """The default settings as a point of the space; None if one lies outside of it."""
        if not all(parameter.holds(self.defaults[parameter.name]) for parameter in self.parameters):
            return None
        return {p.name: _word(self.defaults[p.name]) if p.choices else self.defaults[p.name] for p in self.parameters}

    def with_params(self, params: Params) -> Spec:
        """Return the model with these settings."""
        return _with(self.spec, {p.name: p.value(params[p.name]) for p in self.parameters if p.name in params})

    def told(self, params: Params) -> str:
        """Return settings for people, such as `c=0.37, ngrams=2`."""
        return ", ".join(f"{name}={'none' if value is None else value}" for name, value in params.items())

    def plain(self) -> list[Any]:
        """Return the parameters as plain values; equal spaces give equal ones."""
        return [[p.name, str(p.low), str(p.high), p.log, p.whole, list(map(str, p.words))] for p in self.parameters]


def _declared(spec: Spec, typed: Spec, task: str, prefix: str = "") -> Iterator[tuple[Parameter, Any]]:
    """Yield the parameters of a model with their defaults; those of a sum are those of its parts."""
    if spec.parts:
        of = registry.task_of_parts(spec, task)
        for number, (part, own) in enumerate(zip(spec.parts, typed.parts, strict=True), start=1):
            yield from _declared(part, own, of, f"{prefix}{number}.")
        return
    kind = registry.find_model(spec, task).attribute.config_class
    config = registry.configured(kind, spec, task)
    for name, field in kind.model_fields.items():
        extra = field.json_schema_extra
        search = extra.get("search") if isinstance(extra, dict) else None
        if isinstance(search, Mapping) and name not in typed.settings:
            yield _parameter(f"{prefix}{name}", search, field, spec.name), getattr(config, name)


def _parameter(name: str, search: Mapping[str, Any], field: FieldInfo, model: str) -> Parameter:
    wrong = f"{model} declares a wrong search space for {name}: {dict(search)}; write"
    if "choices" in search:
        choices = tuple(search["choices"])
        if len(set(map(_word, choices))) < max(len(choices), 1):
            raise ValueError(f'{wrong} {{"choices": [1, 2, 3]}}, each value once')
        return Parameter(name, choices=choices)
    try:
        low, high, log = search["low"], search["high"], bool(search.get("log", False))
        in_order = low < high and (low > 0 or not log)
    except (KeyError, TypeError):
        in_order = False
    if not in_order:
        raise ValueError(f'{wrong} {{"low": 16, "high": 512, "log": True}}, with low below high, above 0 if log')
    kinds = _kinds(field.annotation)
    return Parameter(name, low, high, log, whole=int in kinds and float not in kinds)


def _kinds(annotation: Any) -> set[Any]:
    """Return the types that an annotation allows, those of unions one by one."""
    if get_origin(annotation) is tuple:
        return set()
    return set().union(*map(_kinds, get_args(annotation))) or {annotation}


def _with(spec: Spec, settings: Mapping[str, Any]) -> Spec:
    if not spec.parts:
        return replace(spec, settings={**spec.settings, **settings})
    parts = []
    for number, part in enumerate(spec.parts, start=1):
        prefix = f"{number}."
        own = {name.removeprefix(prefix): value for name, value in settings.items() if name.startswith(prefix)}
        parts.append(_with(part, own))
    return replace(spec, parts=tuple(parts))


def _word(value: Any) -> Any:
    """Return a value as the search stores it."""
    if isinstance(value, tuple):
        value = list(value)
    return value if value is None or isinstance(value, bool | int | float | str) else json.dumps(value)
