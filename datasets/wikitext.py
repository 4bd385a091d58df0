"""WikiText-2: articles of Wikipedia, tokenised and cut to its vocabulary by its authors (Merity et al. 2017)."""

from typing import ClassVar

from seqbench.datasets import download
from seqbench.datasets.text import Parts, TextDataset


class WikiText2(download.Downloaded, TextDataset):
    """Words with `<unk>` already in place; 2,088,628 / 217,646 / 245,569 tokens as streams, V = 33,278."""

    name: ClassVar[str] = "wikitext2"

    def parts(self) -> Parts:
        train, valid, test = download.read(self.name)
        return Parts(train.decode(), valid.decode(), test.decode())
