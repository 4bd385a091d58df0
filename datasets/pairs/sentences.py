"""What all data sets of pairs share whose sources are sentences: how a new sentence is read."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from seqbench.data import DataError, Dataset
from seqbench.datasets.files import decode, read_bytes, unix_line_ends
from seqbench.tasks.translations.data import NewSources, TranslationData


class SentencePairs(Dataset[TranslationData]):
    """Pairs whose sources are sentences."""

    task: ClassVar[str] = "translate"

    @abstractmethod
    def sentence(self, text: str) -> list[str]:
        """Return the words of a new source.

        Raises:
            DataError: it holds no word, or too many.
        """

    def read(self, path: Path, encoding: dict[str, Any]) -> NewSources:
        """Read a file with one source per line."""
        return self.encoded(lines(decode(path, read_bytes(path))), lambda i: f"{path}, line {i + 1}")

    def encoded(self, sources: Sequence[str], where: Callable[[int], str]) -> NewSources:
        """Cut new sources into words.

        Args:
            where: returns the place of a source, given its number, for messages.

        Raises:
            DataError: as in `sentence`.
        """
        found = []
        for i, text in enumerate(sources):
            try:
                found.append(self.sentence(text))
            except DataError as error:
                raise DataError(f"{where(i)}: {error}") from None
        return NewSources(found)


def lines(text: str) -> list[str]:
    """Return the lines of a text; the last one may lack its line end."""
    return unix_line_ends(text).removesuffix("\n").split("\n")
