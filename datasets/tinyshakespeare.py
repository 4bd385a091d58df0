"""Tiny Shakespeare: 40,000 lines of the plays, by characters unless asked otherwise (Karpathy 2015)."""

from typing import ClassVar, Literal

from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.text import Parts, TextDataset, by_position


class TinyShakespeare(TextDataset):
    """1,115,394 characters, 65 distinct; split 90/5/5 by position, as char-rnn does, for want of an official split."""

    name: ClassVar[str] = "tinyshakespeare"
    licence: ClassVar[str] = download.SOURCES["tinyshakespeare"].licence
    citation: ClassVar[str] = download.SOURCES["tinyshakespeare"].citation

    unit: Literal["word", "character"] = Field("character", description=TextDataset.model_fields["unit"].description)

    def fingerprint(self) -> str:
        return download.fingerprint(self.name)

    def parts(self) -> Parts:
        (text,) = download.read(self.name)
        return by_position(text.decode(), train=0.9, valid=0.05, unit=self.unit)
