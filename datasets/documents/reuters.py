"""Reuters-21578 R8: newswire of eight topics, one topic per document (Lewis; Cardoso-Cachopo 2007)."""

from typing import ClassVar

from seqbench.datasets import download
from seqbench.datasets.documents.base import DocumentParts, TokenisedDocuments
from seqbench.datasets.documents.collection import Rows


class ReutersR8(download.Downloaded, TokenisedDocuments):
    """5,485 training and 2,189 test documents of 8 very uneven classes, in lower case and without punctuation."""

    name: ClassVar[str] = "reuters-r8"

    def parts(self) -> DocumentParts:
        train, test = (_read(data) for data in download.read(self.name))
        return DocumentParts(train=train, test=test)


def _read(data: bytes) -> Rows:
    lines = [line.partition("\t") for line in data.decode().split("\n") if line]
    return Rows([text for _, _, text in lines], [label for label, _, _ in lines])
