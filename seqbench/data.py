"""What a data set is to the harness: options, an identity, and how it is read."""

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from seqbench.interface import Config

Data = TypeVar("Data", covariant=True)


class DataError(ValueError):
    """Data that cannot be used; its one-line message says where the fault lies and what to do."""


class Dataset(Config, Generic[Data]):
    """A source of data. Its fields are its options (so `wikitext2(convention=sentence)` is a data set)."""

    task: ClassVar[str]
    licence: ClassVar[str] = ""
    citation: ClassVar[str] = ""
    knows_truth: ClassVar[bool] = False
    """Whether the data carries its true model, which then ends the table."""

    def identity(self) -> dict[str, object]:
        """The options that a result depends on; a source of files leaves out where they lie."""
        return self.model_dump(mode="json")

    @abstractmethod
    def fingerprint(self) -> str:
        """The sha256 of the raw data that `load` would read; cheap, since every start of a run asks for it.

        Raises:
            DataError: the data is not at hand.
        """

    @abstractmethod
    def load(self) -> Data:
        """Read and split.

        Raises:
            DataError: the data is missing, damaged, or of a kind that the task cannot use.
        """

    def read(self, path: Path, encoding: dict[str, Any]) -> Any:
        """A file of new data, read as this set's own was; `encoding` is what the task kept of that.

        Raises:
            DataError: the file cannot be used, or the set has no form that a file could have.
        """
        raise DataError(f"{type(self).__name__} has no form that the file {path} could have")
