"""What a data set is to the harness: options, an identity, and splits with their vocabulary."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

from seqbench.interface import Classifier, Config, Documents, Ids, Labelled, LanguageModel
from seqbench.vocab import Vocab

Data = TypeVar("Data", covariant=True)

Convention = Literal["sentence", "stream"]
Unit = Literal["word", "character", "symbol"]


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


@dataclass(frozen=True)
class TextSplit:
    documents: Documents
    """Ids, each (T_i,)."""
    characters: Sequence[Ids]
    """Characters of text that each id stands for, its separator counted, each (T_i,); for bits per character."""

    @property
    def tokens(self) -> int:
        return sum(len(d) for d in self.documents)


@dataclass(frozen=True)
class TextData:
    """Text for language modelling.

    In the `sentence` convention each line is a document of its own and is scored from a fresh start, blank
    lines dropped; in the `stream` convention a split is one document, in which every line end counts.
    Where lines exist, `<eos>` ends them and is scored, in both conventions.
    """

    name: str
    vocab: Vocab
    train: TextSplit
    valid: TextSplit
    test: TextSplit
    convention: Convention
    unit: Unit
    truth: LanguageModel[object] | None = None
    """The true model of a synthetic source, ready to predict."""
    notes: dict[str, int | str] = field(default_factory=dict)
    """What the loader did and left out, for the record."""


@dataclass(frozen=True)
class LabelledData:
    """Documents, each of one class, for classification."""

    name: str
    vocab: Vocab
    """Of the training part; `<unk>` belongs to it always."""
    classes: tuple[str, ...]
    """In the order of their numbers: the alphabet's."""
    train: Labelled
    valid: Labelled
    test: Labelled
    convention: str
    """How a text became words, such as `lower-case words, the first 400`."""
    truth: Classifier | None = None
    """The true posterior of a synthetic source, ready to predict."""
    notes: dict[str, int | str] = field(default_factory=dict)
    """What the loader did and left out, for the record."""
