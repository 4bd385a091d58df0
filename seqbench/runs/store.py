"""The store: one folder per finished cell, written completely or not at all.

    results/<data set>/<model>/<seed>-<key>/record.json         the record
                                            items.safetensors   one row per scored item
                                            model.safetensors   the fit, if fits are to be stored
                                            encoding.json       how the fit reads data
                                            log.txt             the output of the model, if there is any
    results/plans/<id>.json                                     the cells of a command, in order
    results/tuning/                                             trials of `seqbench tune`, in a store of their own
    results/index.jsonl                                         what many records say, in short (`index`)

The store does not depend on what the numbers mean. A folder is renamed to its final name when all its files are on the
disk. So if the process is killed, there is either the whole record or an unfinished folder, which the next start
removes.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from seqbench.disk import owned_folder, remove_abandoned, sha256_of
from seqbench.evidence.metrics import Columns
from seqbench.evidence.records import SCHEMA, Identity, Record
from seqbench.evidence.tuned import Tuned
from seqbench.interface import Arrays

RECORD, ITEMS, MODEL = "record.json", "items.safetensors", "model.safetensors"
ENCODING, LOG = "encoding.json", "log.txt"
LONGEST = 200
"""Bytes of the name of a folder; most file systems take 255."""
AGAIN = "run its cell again with --keep"
OTHER = "its sha256 is not the one in the record"
PARTIAL = ".partial-"
"""Unfinished folders begin with this."""


def key_of(identity: Identity) -> str:
    """Return the key of a record: a hash of everything that its result depends on.

    One thread and the whole training part are usual, and left out: so records from before these fields existed keep
    their keys.
    """
    usual = {name for name in ("threads", "share") if getattr(identity, name) == 1}
    return hashlib.sha256(
        json.dumps(identity.model_dump(mode="json", exclude=usual), sort_keys=True).encode()
    ).hexdigest()


@dataclass(frozen=True)
class Damaged:
    """A record that cannot be read."""

    path: Path
    why: str
    """It also says what to do, if the record is whole, but of another version."""
    whole: bool = False
    """Whether it was written by another version of seqbench, whose records this one does not read."""


class Unwritable(OSError):
    """Raised if the store cannot be written. The message names its folder, and says how to go on."""


class Plan(BaseModel):
    """The cells that one command asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str
    suite: str
    preset: str
    margin: float
    """Of cells that `margins` does not name."""
    keys: list[str]
    """Keys of the cells, in the order of the table's rows."""
    margins: dict[str, float] = Field(default_factory=dict)
    """By the key of a cell, if the parts of the suite have different margins."""
    started: str
    tuned: dict[str, Tuned] = Field(default_factory=dict)
    """What tuning found of a cell, by its key; empty if the command tuned nothing."""


class Store:
    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, identity: Identity, key: str) -> Path:
        return self.root / _slug(identity.dataset) / _slug(identity.model) / f"{identity.seed}-{key[:16]}"

    def find(self, identity: Identity, fit: bool = False) -> Record | Damaged | None:
        """Return the record of an identity; None if there is none yet.

        Args:
            fit: whether its stored fit is verified too.
        """
        path = self.folder(identity, key_of(identity)) / RECORD
        return self.read(path, fit=fit) if path.exists() else None

    def records(self, items: bool = True) -> Iterator[Record | Damaged]:
        """Yield all records, good or damaged, in the order of their paths.

        Args:
            items: whether their item columns are verified too, which takes most of the time.
        """
        for path in sorted(self.root.glob(f"*/*/*/{RECORD}")):
            yield self.read(path, items)

    def run(self, name: str) -> Path:
        """Return the folder of a run, given its path or the beginning of its key.

        Raises:
            ValueError: no run has that name, or several have.
        """
        if (Path(name) / RECORD).is_file():
            return Path(name)
        found = [p.parent for p in sorted(self.root.glob(f"*/*/*-{name}*/{RECORD}"))] if name.isalnum() else []
        if len(found) == 1:
            return found[0]
        many = "; it could be " + " or ".join(str(p) for p in found) if found else f" in {self.root}"
        raise ValueError(f"there is no one run {name!r}{many}; name the folder of a record")

    def write(
        self,
        record: Record,
        columns: Columns | None = None,
        arrays: Arrays | None = None,
        encoding: Mapping[str, Any] | None = None,
        log: bytes = b"",
    ) -> Record:
        """Write a finished cell to the disk in one step, replacing an earlier one; return the record as written.

        Raises:
            Unwritable: the folder cannot be written, or the disk is full; nothing of the cell is left there.
        """
        files: dict[str, bytes] = {}
        if columns is not None:
            files[ITEMS] = save_arrays({name: np.asarray(column, order="C") for name, column in columns.items()})
            record = record.model_copy(update={"items_sha256": hashlib.sha256(files[ITEMS]).hexdigest()})
        if arrays is not None:
            files[MODEL] = save_arrays({name: np.asarray(a, order="C") for name, a in arrays.items()})
        if encoding is not None:
            files[ENCODING] = json.dumps(encoding, ensure_ascii=False).encode()
        hashes = {name: hashlib.sha256(files[name]).hexdigest() for name in (MODEL, ENCODING) if name in files}
        record = record.model_copy(update={"kept_sha256": hashes})
        if log:
            files[LOG] = log
        files[RECORD] = (record.model_dump_json(indent=1) + "\n").encode()
        self._place(record, files)
        return record

    def files(self, record: Record) -> dict[str, bytes]:
        """Return the files of a record by their names, for the store of another machine."""
        return {path.name: path.read_bytes() for path in self.folder(record.identity, record.key).iterdir()}

    def take(self, key: str, files: Mapping[str, bytes]) -> Record:
        """Write the record of a key from its files, as `files` of another store returned them.

        Raises:
            ValueError: they are not the files of that record, or a hash is wrong.
            Unwritable: as in `write`.
        """
        strange = sorted(set(files) - {RECORD, ITEMS, MODEL, ENCODING, LOG})
        if strange or RECORD not in files:
            raise ValueError(f"a record came with {strange[0]!r}" if strange else "no record came")
        record = Record.model_validate_json(files[RECORD])
        if not record.key == key == key_of(record.identity):
            raise ValueError("the record of another cell came")
        found = hashlib.sha256(files[ITEMS]).hexdigest() if ITEMS in files else None
        if found != record.items_sha256:
            raise ValueError("the sha256 of its items is not the one in the record that came")
        self._place(record, files)
        return record

    def _place(self, record: Record, files: Mapping[str, bytes]) -> None:
        """Write the files of a record into its folder, all or none."""
        final = self.folder(record.identity, record.key)
        with self._partial() as partial:
            written = partial / "written"
            written.mkdir()
            for name, data in files.items():
                _write(written / name, data)
            final.parent.mkdir(parents=True, exist_ok=True)
            _sync(written)
            if final.exists():  # damaged, or computed again
                final.rename(partial / "replaced")
            written.rename(final)
            _sync(final.parent)

    def remove(self, identity: Identity) -> None:
        """Remove the record of an identity, if there is one."""
        folder = self.folder(identity, key_of(identity))
        if folder.exists():
            with self._partial() as partial:
                folder.rename(partial / "removed")

    def columns(self, record: Record) -> Columns | None:
        """Return the item columns of a record; None if the cell was not scored."""
        if record.items_sha256 is None:
            return None
        return load_arrays((self.folder(record.identity, record.key) / ITEMS).read_bytes())

    def arrays(self, record: Record) -> Mapping[str, NDArray[Any]]:
        """Return the stored fit of a record.

        Raises:
            ValueError: it is missing or damaged.
        """
        path = self.folder(record.identity, record.key) / MODEL
        try:
            return load_arrays(path.read_bytes())
        except Exception as error:  # of the disk, of the format, of a type that NumPy has not
            raise ValueError(f"{path} cannot be used: {error}; {AGAIN}") from error

    def encoding(self, record: Record) -> dict[str, Any]:
        """Return how the stored fit of a record reads data; empty if no words of the data may be stored.

        Raises:
            ValueError: it is missing or damaged.
        """
        path = self.folder(record.identity, record.key) / ENCODING
        try:
            found = json.loads(path.read_bytes())
            if not isinstance(found, dict):
                raise TypeError("it holds no names and values")
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"{path} cannot be used: {error}; {AGAIN}") from error
        return found

    def claim(self) -> None:
        """Make sure that the store can be written, before anything is computed for it.

        Raises:
            Unwritable: it cannot.
        """
        with self._partial():
            pass

    def write_plan(self, plan: Plan) -> None:
        """Store a plan as the latest, even if the clock was set back.

        It replaces an earlier plan with the same command, suite and preset, or, if it tuned, an earlier one that tuned
        the same models with another budget.

        Raises:
            Unwritable: the folder cannot be written, or the disk is full.
        """
        if (latest := max((other.started for other in self.plans()), default="")) >= plan.started:
            plan = plan.model_copy(update={"started": _after(latest)})
        models = [key for key, one in plan.tuned.items() if one.row == "default"]
        command = f"tune {' '.join(models)}" if models else plan.command
        asked = json.dumps([command, plan.suite, plan.preset])
        path = self.root / "plans" / f"{hashlib.sha256(asked.encode()).hexdigest()[:16]}.json"
        with self._partial() as partial:
            path.parent.mkdir(exist_ok=True)
            _write(partial / path.name, (plan.model_dump_json(indent=1) + "\n").encode())
            (partial / path.name).replace(path)

    def plans(self) -> list[Plan]:
        """Return all readable plans, earliest first."""
        return sorted((plan for plan in self._plans() if isinstance(plan, Plan)), key=lambda plan: plan.started)

    def unread_plans(self) -> list[Damaged]:
        """Return the plans that cannot be read. They are not needed to read the records."""
        return [plan for plan in self._plans() if isinstance(plan, Damaged)]

    def _plans(self) -> Iterator[Plan | Damaged]:
        for path in sorted(self.root.glob("plans/*.json")):
            try:
                yield Plan.model_validate_json(path.read_bytes())
            except ValidationError as error:
                yield Damaged(path, _first(error))
            except OSError as error:
                yield Damaged(path, str(error))

    def sweep(self) -> None:
        """Remove unfinished folders of processes that no longer run."""
        remove_abandoned(self.root, PARTIAL)

    @contextmanager
    def _partial(self) -> Iterator[Path]:
        """Make a folder for unfinished files, and remove it with all that is still in it."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with owned_folder(self.root, PARTIAL) as path:
                yield path
        except OSError as error:
            why = "it is a file" if self.root.is_file() else error.strerror or str(error)
            raise Unwritable(
                f"{self.root} cannot be written: {why}. Finished cells are kept: mend this and give the same command "
                "again, or choose another folder with --store"
            ) from error

    def read(self, path: Path, items: bool = True, fit: bool = False) -> Record | Damaged:
        """Read a record and verify its hashes.

        Args:
            items: whether its item columns are verified too.
            fit: whether its stored fit is verified too.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            return Damaged(path, str(error))
        try:
            record = Record.model_validate_json(data)
        except ValidationError as error:
            foreign = _of_another_version(data, error)
            return Damaged(path, foreign or _first(error), whole=bool(foreign))
        if record.identity.schema_version != SCHEMA:
            return Damaged(path, _of_another_version(data), whole=True)
        if record.key != key_of(record.identity):
            return Damaged(path, "its key is not the hash of its identity")
        place = self.folder(record.identity, record.key)
        if path.parent.parts[-3:] != place.parts[-3:]:
            return Damaged(path, f"its folder was moved or renamed: move it back to {place}")
        if items and record.items_sha256 is not None:
            try:
                data = (path.parent / ITEMS).read_bytes()
                load_arrays(data)
            except (OSError, SafetensorError) as error:
                return Damaged(path.parent / ITEMS, str(error))
            if hashlib.sha256(data).hexdigest() != record.items_sha256:
                return Damaged(path.parent / ITEMS, OTHER)
        for name, sha256 in record.kept_sha256.items() if fit else ():
            why = _not_as(path.parent / name, sha256) if name in (MODEL, ENCODING) else "the store has no such file"
            if why:
                return Damaged(path.parent / name, why)
        return record


def told(damaged: Sequence[Damaged]) -> list[str]:
    """Return a sentence per record that cannot be read; those of another version are told together."""
    alike: dict[str, list[Path]] = {}
    for one in damaged:
        alike.setdefault(one.why if one.whole else f"{one.path}: {one.why}", []).append(one.path)
    broken = {f"{one.path}: {one.why}" for one in damaged if not one.whole}
    return [
        f"damaged: {why}"
        if why in broken
        else f"{len(paths)} record{'s' if len(paths) > 1 else ''} {why} (the first is {paths[0]})"
        for why, paths in alike.items()
    ]


def _of_another_version(data: bytes, error: ValidationError | None = None) -> str:
    """Return which version wrote a record that cannot be read, and what to do; empty if it is damaged."""
    try:
        raw = json.loads(data)
        schema = raw["identity"].get("schema_version", SCHEMA)
        made = raw.get("provenance", {})
        by = f"of seqbench {made.get('seqbench', '(unknown version)')}"
        by += f" (git {made['git_sha'][:8]})" if made.get("git_sha") else ""
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return ""
    if schema != SCHEMA:
        older = isinstance(schema, int) and schema < SCHEMA
        how = "give the same commands again, or use that version" if older else "use that version"
        return f"{by} with schema {schema}, but this one reads {SCHEMA}: {how}"
    wrong = [] if error is None else error.errors()
    if any(one["type"] != "extra_forbidden" for one in wrong):
        return ""
    fields = ", ".join(".".join(map(str, one["loc"])) for one in wrong)
    return f"{by} with what this one does not know ({fields}): use that version"


def _first(error: ValidationError) -> str:
    """Return the first thing that is wrong with a file."""
    first = error.errors()[0]
    return f"{'.'.join(str(p) for p in first['loc']) or 'the file'}: {first['msg'].lower()}"


def _not_as(path: Path, sha256: str) -> str:
    """Return why a file is not the one with this hash, empty if it is."""
    try:
        return "" if sha256_of(path) == sha256 else OTHER
    except OSError as error:
        return error.strerror or str(error)


def _after(moment: str) -> str:
    """Return the time a microsecond later, as a plan writes it."""
    try:
        return (datetime.fromisoformat(moment) + timedelta(microseconds=1)).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):  # of a damaged plan
        return moment


def _slug(name: str) -> str:
    """Turn a name into the name of a folder; a very long one is cut, and told from others by its hash."""
    slug = re.sub(r"[^\w.+-]+", "-", name).strip("-.") or "unnamed"
    if len(slug.encode()) <= LONGEST:
        return slug
    return f"{slug.encode()[: LONGEST - 20].decode(errors='ignore')}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Flush the entries of a folder to the disk, if the system can do so."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
