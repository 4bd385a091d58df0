"""Tiny Shakespeare: 40,000 lines of the plays, by default as characters (Karpathy 2015)."""

from typing import ClassVar, Literal

from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.text.base import Parts, TextDataset, by_position


class TinyShakespeare(download.Downloaded, TextDataset):
    """1,115,394 characters, 65 distinct; split 90/5/5 by position as in char-rnn, since there is no official split."""

    name: ClassVar[str] = "tinyshakespeare"

    unit: Literal["word", "character"] = Field("character", description=TextDataset.model_fields["unit"].description)

    def parts(self) -> Parts:
        (text,) = download.read(self.name)
        return by_position(text.decode(), train=0.9, valid=0.05, unit=self.unit)
