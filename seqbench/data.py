"""The base class of data sets: options, identity, and how the data is read."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from seqbench.interface import Config

Data = TypeVar("Data", covariant=True)

SHOWN = 60
"""The most characters of a name or cell that a message quotes."""


class DataError(ValueError):
    """Raised if data cannot be used. The message says in one line where the fault is and what to do."""


def shown(text: str) -> str:
    """Quote a name or cell for a message: in one line, and cut if it is long."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")


class Dataset(Config, Generic[Data]):
    """A source of data. Its fields are its options (so `wikitext2(convention=sentence)` is a data set)."""

    task: ClassVar[str]
    licence: ClassVar[str] = ""
    citation: ClassVar[str] = ""
    knows_truth: ClassVar[bool] = False
    """Whether the data comes with its true model, which is then the last row of the table."""

    @classmethod
    def claims(cls, path: Path, options: frozenset[str]) -> int:
        """Return how likely a user's file is of this kind: 2: it is; 1: it may be; 0: it is not, or cannot be told.

        Args:
            path: an existing file or folder.
            options: names of the options with which it is to be read.
        """
        return 0

    @classmethod
    def usual(cls, path: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings that fit a user's file where its user has not said them; the defaults need not be returned.

        Raises:
            DataError: the file cannot be read with the settings that were given.
        """
        return {}

    def identity(self) -> dict[str, object]:
        """Return the options that a result depends on. The path of a file is not one of them."""
        return self.model_dump(mode="json")

    @abstractmethod
    def fingerprint(self) -> str:
        """Return the sha256 of the raw data that `load` would read. Keep it fast: each start of a run calls it.

        Raises:
            DataError: the data was not found.
        """

    @abstractmethod
    def load(self) -> Data:
        """Read the data and split it.

        Raises:
            DataError: the data is missing, damaged, or unsuitable for the task.
        """

    def read(self, path: Path, encoding: dict[str, Any]) -> Any:
        """Read a file of new data in the same way as this data set; `encoding` is what the task stored.

        Raises:
            DataError: the file cannot be used, or this data set has no format for files.
        """
        raise DataError(f"{type(self).__name__} does not read files such as {path}")
