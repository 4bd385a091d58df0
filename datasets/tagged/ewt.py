"""UD English-EWT: web text, namely weblogs, newsgroups, e-mails, reviews and answers (Silveira et al. 2014)."""

from typing import ClassVar

from seqbench.datasets import download
from seqbench.datasets.tagged.base import Treebank


class EnglishEWT(download.Downloaded, Treebank):
    """204,577 / 25,147 / 25,094 words with 17 parts of speech."""

    name: ClassVar[str] = "ud-english-ewt"
