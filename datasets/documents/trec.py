"""TREC's questions: what kind of answer a question asks for (Li & Roth 2002)."""

from typing import ClassVar, Literal

from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.documents.base import DocumentParts, TokenisedDocuments
from seqbench.datasets.documents.collection import Rows


class Trec(download.Downloaded, TokenisedDocuments):
    """5,452 training and 500 test questions, already cut into words; 6 coarse classes or 50 fine ones."""

    name: ClassVar[str] = "trec"

    labels: Literal["coarse", "fine"] = Field("coarse", description="coarse: such as ENTY; fine: such as ENTY:animal")

    def parts(self) -> DocumentParts:
        train, test = (self._read(data) for data in download.read(self.name))
        return DocumentParts(train=train, test=test)

    def _read(self, data: bytes) -> Rows:
        # The files are latin-1: one byte is not valid UTF-8.
        lines = (line.partition(" ") for line in data.decode("latin-1").split("\n") if line)
        pairs = [(label if self.labels == "fine" else label.partition(":")[0], text) for label, _, text in lines]
        return Rows([text for _, text in pairs], [label for label, _ in pairs])
