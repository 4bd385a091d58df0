"""UD Russian-Taiga, release 2.7: social media, poetry, news and other text (Shavrina & Shapovalova 2017)."""

from typing import ClassVar

from seqbench.datasets import download
from seqbench.datasets.tagged.base import Treebank


class RussianTaiga(download.Downloaded, Treebank):
    """43,557 / 10,094 / 10,269 words with 17 parts of speech; 27 % of the words to test on are unknown."""

    name: ClassVar[str] = "ud-russian-taiga"
