"""Find models, data sets and report formats by name.

Nothing is imported before it is needed, so that `seqbench list` answers at once. Other packages add models and data
sets through the entry points `seqbench.models` and `seqbench.datasets`; a class in a file is named
`path/to/file.py:ClassName`.
"""

import difflib
import hashlib
import itertools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError

from seqbench.catalogue import DATASETS, MODELS, REPORTS, Entry
from seqbench.data import Dataset
from seqbench.fingerprint import source_sha256
from seqbench.interface import Config, SequenceModel
from seqbench.spec import OWN, Spec
from seqbench.tasks import TASKS, task


class UnknownName(ValueError):
    """Raised if a name is not registered. The message lists similar names."""


class WrongTask(ValueError):
    """Raised if a name is of a task that was not asked for."""

    def __init__(self, name: str, task: str, asked: Sequence[str]) -> None:
        super().__init__(f"{name} is of the task {task}, not {' or '.join(asked)}")
        self.task = task


class MissingSetting(ValueError):
    """Raised if a setting that has no default is not given."""


@dataclass(frozen=True)
class Found:
    """The class of a name, and the hash of its source."""

    target: str
    attribute: Any
    source_sha256: str
    reduction: str = ""
    """The reduction that turns a model of another task into one of this task; empty if none is needed."""


def models() -> dict[str, Entry]:
    return _with_entry_points("seqbench.models", MODELS)


def datasets() -> dict[str, Entry]:
    return _with_entry_points("seqbench.datasets", DATASETS)


def find_model(spec: Spec, task_name: str) -> Found:
    """Return the model class of a spec. A model of another task is converted by a reduction if there is one.

    Raises:
        UnknownName: no model has that name.
        ValueError: the class is not a model of that task, or its file cannot be imported.
    """
    found = _sum(spec, task_name) if spec.parts else _model(spec, task_name)
    reduction = task(task_name).reductions.get(found.attribute.task)
    if reduction is None:
        return _of_task(found, spec, task_name)
    reduce = resolve(reduction.name, reduction.target)
    source = _joint(found.source_sha256, reduce.source_sha256)
    return Found(found.target, reduce.attribute(found.attribute), source, reduction.name)


def _model(spec: Spec, task_name: str) -> Found:
    """Return the model class of a spec that is not a sum, whatever its task."""
    return _of_kind(_find(spec.name, models, "model", task_name), SequenceModel, spec)


def _sum(spec: Spec, task_name: str) -> Found:
    """Return the class of a sum of models."""
    of = task_of_parts(spec, task_name)
    parts = [find_model(part, of) for part in spec.parts]
    if not task(of).sums:
        adding = " and ".join(name for name in TASKS if task(name).sums)
        raise ValueError(f"{spec.name}: models of the task {of} cannot be added, only those of {adding}")
    own = resolve("a sum", task(of).sums)
    return Found(
        "+".join(part.target for part in parts),
        own.attribute([part.attribute for part in parts]),
        _joint(*(part.source_sha256 for part in parts), own.source_sha256),
    )


def task_of_parts(spec: Spec, task_name: str) -> str:
    """Return the task in which models are added: the given one if it has sums, else their own (then a reduction)."""
    return task_name if task(task_name).sums else home_task(spec)


def in_file(spec: Spec) -> bool:
    """Return whether a spec, which is no sum, names a class in a Python file."""
    return ".py:" in spec.name


def file_sha256(spec: Spec) -> str:
    """Return the hash of the source of a class in a file, without importing the file.

    Raises:
        ValueError: the file cannot be read.
    """
    path = _existing(Path(spec.name.rpartition(":")[0]))
    try:
        return source_sha256(path)
    except Exception as error:  # of reading or parsing
        raise ValueError(f"{path} cannot be read: {type(error).__name__}: {error}") from error


def possible_sources(spec: Spec, task_name: str) -> frozenset[str]:
    """Return the hashes that `find_model` may find for a spec. Files that it names are not imported.

    The task of a class in a file is not known before, so neither is the reduction that is used, if one is.

    Raises:
        UnknownName, ValueError: as in `find_model`.
    """
    kind = task(task_name)
    if not spec.parts:
        found = {file_sha256(spec) if in_file(spec) else _model(spec, task_name).source_sha256}
    else:
        found = set()
        for of in [task_name] if kind.sums else [name for name in kind.reductions if task(name).sums]:
            sums = resolve("a sum", task(of).sums).source_sha256
            parts = (possible_sources(part, of) for part in spec.parts)
            found |= {_joint(*hashes, sums) for hashes in itertools.product(*parts)}
    reductions = [resolve(one.name, one.target).source_sha256 for one in kind.reductions.values()]
    return frozenset(found | {_joint(source, reduction) for source in found for reduction in reductions})


def _joint(*hashes: str) -> str:
    """Combine several hashes into one."""
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()


def home_task(spec: Spec) -> str:
    """Return the task of a model; if it has several, the first.

    Raises:
        UnknownName, ValueError: as in `find_model`.
    """
    if spec.parts:
        return home_task(spec.parts[0])
    home: str = _model(spec, "").attribute.task
    return home


def find_dataset(spec: Spec, task: str) -> Found:
    """Return the data set class of a spec; raises as `find_model` does."""
    return _of_task(_of_kind(_find(spec.name, datasets, "data set", task), Dataset, spec), spec, task)


def _of_kind(found: Found, base: type[SequenceModel[Any, Any]] | type[Dataset[Any]], spec: Spec) -> Found:
    kind = found.attribute
    if not (isinstance(kind, type) and issubclass(kind, base)):
        raise ValueError(f"{spec.name} is no {base.__name__}; derive it from {base.__module__}.{base.__name__}")
    return found


def _of_task(found: Found, spec: Spec, task: str) -> Found:
    if found.attribute.task != task:
        raise WrongTask(spec.name, found.attribute.task, [task])
    return found


def renderer(name: str) -> Any:
    """Return the function that writes a table in a format.

    Raises:
        UnknownName: there is no such format.
    """
    if name not in REPORTS:
        raise UnknownName(_unknown(name, REPORTS, "format"))
    return attribute(REPORTS[name])


def spelled_out(spec: Spec, task: str) -> Spec:
    """Return the spec of a model with the full names of its settings.

    A name may be shortened if only one setting begins with it: `lstm(hidden=400)` is `lstm(hidden_size=400)`.

    Raises:
        UnknownName, ValueError: as in `find_model`.
    """
    settings = _whole_names(find_model(spec, task).attribute.config_class, spec.settings)
    return Spec(spec.name, settings, tuple(spelled_out(part, task_of_parts(spec, task)) for part in spec.parts))


def configured(kind: type[Config], spec: Spec, task: str) -> Any:
    """Create a `kind` from the settings of a spec; their names may be shortened as in `spelled_out`.

    Raises:
        ValueError: a setting is unknown or out of its range; the message names the allowed ones.
    """
    settings = _whole_names(kind, spec.settings)
    if spec.parts:
        of = task_of_parts(spec, task)
        settings["parts"] = [configured(find_model(part, of).attribute.config_class, part, of) for part in spec.parts]
    try:
        return kind(**settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(kind.model_fields) or "none"
            raise ValueError(f"{spec.name} has no setting {name!r}; it has: {known}") from None
        if first["type"] == "missing":
            option = f", or --{name} with --data" if spec.name == OWN else ""
            raise MissingSetting(f"{spec.name} needs the setting {name!r}: {spec.name}({name}=…){option}") from None
        raise ValueError(f"{spec.name}: {name}={first['input']!r}: {first['msg'].lower()}") from None


def _whole_names(kind: type[Config], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with shortened names replaced by the full names of `kind`'s fields.

    In a spec, `none` is no value; it stays a word where it is a choice, as in `norm=none`.
    """
    whole: dict[str, Any] = {}
    for name, value in settings.items():
        meant = [field for field in kind.model_fields if field.startswith(name)]
        field = meant[0] if len(meant) == 1 and name not in kind.model_fields else name
        if field in whole or (field != name and field in settings):
            raise ValueError(f"{field} is given twice, once as {name}")
        literal = (
            value is None and field in kind.model_fields and "none" in _choices(kind.model_fields[field].annotation)
        )
        whole[field] = "none" if literal else value
    return whole


def _choices(annotation: Any) -> set[Any]:
    """Return the values that a type lists one by one."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return set().union(*(_choices(part) for part in get_args(annotation)))


def _with_entry_points(group: str, own: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the names of seqbench and those that installed packages add as `name = "package.module:attribute"`.

    Raises:
        ValueError: two packages register the same name.
    """
    entries = dict(own)
    for point in _installed(group):
        if point.name in entries:
            raise ValueError(
                f"{point.value} uses the name {point.name!r} of {', '.join(entries[point.name].targets.values())} "
                f"through the entry point {group}; uninstall one of them"
            )
        package = point.dist.name if point.dist is not None else point.value
        entries[point.name] = Entry(f"from the package {package}", {"": point.value})
    return entries


@cache
def _installed(group: str) -> EntryPoints:
    """Read once: the files of all installed packages take a twentieth of a second, and a grid asks for each name."""
    return entry_points(group=group)


def _find(name: str, registered: Callable[[], Mapping[str, Entry]], what: str, task: str) -> Found:
    if ".py:" in name:
        path, _, defined = name.rpartition(":")
        return _from_file(Path(path), defined)
    entries = registered()
    if name not in entries:
        raise UnknownName(_unknown(name, entries, what))
    targets = entries[name].targets
    reduced = _reductions(task)
    own = next((other for other in (task, *reduced) if other in targets), next(iter(targets)))
    return resolve(name, targets[own])


def _reductions(task_name: str) -> Iterable[str]:
    """Return the tasks whose models can be converted to models of a task, the preferred first."""
    return task(task_name).reductions if task_name else ()


def resolve(name: str, target: str) -> Found:
    """Import a target `module:attribute`, and hash its source.

    Raises:
        ValueError: there is no such module.
    """
    module = target.partition(":")[0]
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise ValueError(f"{name} is registered as {target}, but there is no module {module}")
    return Found(target, attribute(target), source_sha256(Path(spec.origin), module))


def attribute(target: str) -> Any:
    """Import `module:attribute`."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file {path}; write path/to/file.py:ClassName")
    return path


def _from_file(path: Path, name_in_file: str) -> Found:
    """Import a class from a Python file. The file may import modules and packages from its own folder."""
    _existing(path)
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
    return Found(f"{path.name}:{name_in_file}", getattr(module, name_in_file), source_sha256(path))


def _unknown(name: str, known: Iterable[str], what: str) -> str:
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"
    return f"there is no {what} {name!r}; {hint}"
