"""WikiText-2: articles of Wikipedia, tokenised and cut to its vocabulary by its authors (Merity et al. 2017)."""

from typing import ClassVar, Literal

from pydantic import Field

from seqbench.datasets import download
from seqbench.datasets.text.base import Parts, TextDataset


class WikiText2(download.Downloaded, TextDataset):
    """Words with `<unk>` already in place; 2,088,628 / 217,646 / 245,569 tokens as streams, V = 33,278."""

    name: ClassVar[str] = "wikitext2"

    def parts(self) -> Parts:
        train, valid, test = download.read(self.source)
        return Parts(train.decode(), valid.decode(), test.decode())


class WikiText2Characters(WikiText2):
    """The same text as characters, including those of the marker `<unk>`.

    Characters that occur fewer than 25 times in the training part become `<unk>`: they are letters of other scripts,
    too rare to be learned.
    """

    name: ClassVar[str] = "wikitext2-chars"

    unit: Literal["word", "character"] = Field("character", description=TextDataset.model_fields["unit"].description)
    min_count: int | None = Field(25, ge=1, description=TextDataset.model_fields["min_count"].description)
