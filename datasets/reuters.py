"""Reuters-21578 R8: newswire of eight topics, one topic a document (Lewis; Cardoso-Cachopo 2007)."""

from typing import ClassVar, Literal

from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.documents import DocumentDataset, DocumentParts, Rows


class ReutersR8(DocumentDataset):
    """5,485 training and 2,189 test documents of 8 very uneven classes, in lower case and without punctuation."""

    name: ClassVar[str] = "reuters-r8"
    licence: ClassVar[str] = download.SOURCES["reuters-r8"].licence
    citation: ClassVar[str] = download.SOURCES["reuters-r8"].citation

    tokens: Literal["whitespace", "words"] = Field(
        "whitespace", description=DocumentDataset.model_fields["tokens"].description
    )
    lowercase: bool = Field(False, description=DocumentDataset.model_fields["lowercase"].description)

    def fingerprint(self) -> str:
        return download.fingerprint(self.name)

    def parts(self) -> DocumentParts:
        train, test = (_read(data) for data in download.read(self.name))
        return DocumentParts(train=train, test=test)


def _read(data: bytes) -> Rows:
    lines = [line.partition("\t") for line in data.decode().split("\n") if line]
    return Rows([text for _, _, text in lines], [label for label, _, _ in lines])
