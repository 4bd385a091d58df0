"""WikiText-2: articles of Wikipedia, tokenised and cut to its vocabulary by its authors (Merity et al. 2017)."""

from typing import ClassVar

from seqbench.datasets import download
from seqbench.datasets.text import Parts, TextDataset


class WikiText2(TextDataset):
    """Words with `<unk>` already in place; 2,088,628 / 217,646 / 245,569 tokens as streams, V = 33,278."""

    name: ClassVar[str] = "wikitext2"
    licence: ClassVar[str] = download.SOURCES["wikitext2"].licence
    citation: ClassVar[str] = download.SOURCES["wikitext2"].citation

    def fingerprint(self) -> str:
        return download.fingerprint(self.name)

    def parts(self) -> Parts:
        train, valid, test = download.read(self.name)
        return Parts(train.decode(), valid.decode(), test.decode())
