"""Models, data sets and report formats by name.

Nothing is imported before it is asked for, so that `seqbench list` answers at once. Other people's packages join
through the entry points `seqbench.models` and `seqbench.datasets`; a file at hand is `path/to/file.py:ClassName`.
"""

import difflib
import hashlib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from seqbench.data import Dataset
from seqbench.fingerprint import source_sha256
from seqbench.interface import Config, SequenceModel
from seqbench.spec import Spec


@dataclass(frozen=True)
class Entry:
    target: str
    """`module:attribute`, or `path/to/file.py:attribute`."""
    task: str
    summary: str


MODELS: Mapping[str, Entry] = {
    "uniform": Entry("seqbench.baselines.ngram:Uniform", "lm", "every symbol alike"),
    "unigram": Entry("seqbench.baselines.ngram:Unigram", "lm", "relative frequencies"),
    "add-k": Entry("seqbench.baselines.ngram:AddK", "lm", "n-gram with add-k smoothing"),
    "witten-bell": Entry("seqbench.baselines.ngram:WittenBell", "lm", "interpolated Witten–Bell n-gram"),
    "absolute-discounting": Entry("seqbench.baselines.ngram:AbsoluteDiscounting", "lm", "one discount an order"),
    "kneser-ney": Entry("seqbench.baselines.ngram:KneserNey", "lm", "interpolated modified Kneser–Ney n-gram"),
    "hmm": Entry("seqbench.baselines.hmm:HMM", "lm", "categorical hidden Markov model, Baum–Welch"),
    "lstm": Entry("seqbench.recurrent.lstm:LSTMLanguageModel", "lm", "long short-term memory"),
    "bilstm": Entry("seqbench.recurrent.lstm:BidirectionalLSTMLanguageModel", "lm", "LSTM that reads both ways"),
}

DATASETS: Mapping[str, Entry] = {
    "synthetic-markov": Entry("seqbench.datasets.synthetic:SyntheticMarkov", "lm", "Markov chain, true model known"),
    "synthetic-hmm": Entry("seqbench.datasets.synthetic:SyntheticHMM", "lm", "hidden Markov source, true model known"),
    "synthetic-brackets": Entry(
        "seqbench.datasets.synthetic:SyntheticBrackets", "lm", "nested brackets, true model known"
    ),
    "python-reference": Entry(
        "seqbench.datasets.python_reference:PythonReference", "lm", "the Python language reference, in words"
    ),
    "tinyshakespeare": Entry("seqbench.datasets.tinyshakespeare:TinyShakespeare", "lm", "Shakespeare, in characters"),
    "wikitext2": Entry("seqbench.datasets.wikitext:WikiText2", "lm", "Wikipedia articles, 2.1 million words"),
    "file": Entry("seqbench.datasets.own:TextFile", "lm", "your own text: file(path=mybook.txt)"),
}

REPORTS: Mapping[str, str] = {
    "terminal": "seqbench.reports.terminal:render",
    "markdown": "seqbench.reports.markdown:render",
    "latex": "seqbench.reports.latex:render",
    "html": "seqbench.reports.html:render",
    "csv": "seqbench.reports.frame:render",
}


class UnknownName(ValueError):
    """A name that nothing is registered under, with the nearest names that are."""


@dataclass(frozen=True)
class Found:
    """What a name stands for, with the hash of the source behind it."""

    entry: Entry
    attribute: Any
    source_sha256: str


def models() -> dict[str, Entry]:
    return _with_entry_points("seqbench.models", MODELS)


def datasets() -> dict[str, Entry]:
    return _with_entry_points("seqbench.datasets", DATASETS)


def find_model(spec: Spec, task: str) -> Found:
    """The model class of a spec.

    Raises:
        UnknownName: no model has that name.
        ValueError: it is no model of that task, or its file cannot be imported.
    """
    return _of_task(_find(spec.name, models, "model", task), SequenceModel, spec, task)


def find_dataset(spec: Spec, task: str) -> Found:
    """The data set class of a spec; raises as `find_model` does."""
    return _of_task(_find(spec.name, datasets, "data set", task), Dataset, spec, task)


def _of_task(found: Found, base: type[SequenceModel[Any, Any]] | type[Dataset[Any]], spec: Spec, task: str) -> Found:
    kind = found.attribute
    if not (isinstance(kind, type) and issubclass(kind, base)):
        raise ValueError(f"{spec.name} is no {base.__name__}; derive it from {base.__module__}.{base.__name__}")
    if kind.task != task:
        raise ValueError(f"{spec.name} is of the task {kind.task}, not {task}")
    return found


def renderer(name: str) -> Any:
    """The function that writes a table in a format.

    Raises:
        UnknownName: there is no such format.
    """
    if name not in REPORTS:
        raise UnknownName(_unknown(name, REPORTS, "format"))
    return attribute(REPORTS[name])


def configured(kind: type[Config], spec: Spec) -> Any:
    """`kind` made of the settings of a spec.

    Raises:
        ValueError: a setting is unknown or out of its range; the message names the allowed ones.
    """
    try:
        return kind(**spec.settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(kind.model_fields) or "none"
            raise ValueError(f"{spec.name} has no setting {name!r}; it has: {known}") from None
        if first["type"] == "missing":
            raise ValueError(f"{spec.name} needs the setting {name!r}: {spec.name}({name}=…)") from None
        raise ValueError(f"{spec.name}: {name}={first['input']!r}: {first['msg'].lower()}") from None


def _with_entry_points(group: str, own: Mapping[str, Entry]) -> dict[str, Entry]:
    """Our own names and those that installed packages add; `name = "package.module:attribute"`.

    Raises:
        ValueError: two packages claim one name.
    """
    entries = dict(own)
    for point in entry_points(group=group):
        if point.name in entries:
            raise ValueError(
                f"{point.value} claims the name {point.name!r} of {entries[point.name].target} "
                f"through the entry point {group}; uninstall one of them"
            )
        package = point.dist.name if point.dist is not None else point.value
        entries[point.name] = Entry(point.value, "", f"from the package {package}")
    return entries


def _find(name: str, registered: Callable[[], Mapping[str, Entry]], what: str, task: str) -> Found:
    if ".py:" in name:
        path, _, defined = name.rpartition(":")
        return _from_file(Path(path), defined, task)
    entries = registered()
    if name not in entries:
        raise UnknownName(_unknown(name, entries, what))
    entry = entries[name]
    module = entry.target.partition(":")[0]
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise ValueError(f"{name} is registered as {entry.target}, and there is no module {module}")
    return Found(entry, attribute(entry.target), source_sha256(Path(spec.origin), module))


def attribute(target: str) -> Any:
    """What `module:attribute` names, imported now."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def _from_file(path: Path, name_in_file: str, task: str) -> Found:
    """A class out of a file at hand; its folder may hold modules that it imports."""
    if not path.is_file():
        raise ValueError(f"there is no file {path}; write path/to/file.py:ClassName")
    name = f"seqbench_file_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ValueError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    if not hasattr(module, name_in_file):
        defined = [n for n, v in vars(module).items() if isinstance(v, type) and v.__module__ == name]
        raise UnknownName(f"{path} defines no {name_in_file!r}; it defines: {', '.join(defined) or 'no class'}")
    entry = Entry(f"{path.name}:{name_in_file}", task, "from a file")
    return Found(entry, getattr(module, name_in_file), source_sha256(path, path.stem))


def _unknown(name: str, known: Iterable[str], what: str) -> str:
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"
    return f"there is no {what} {name!r}; {hint}"
