"""AG News: the topic of a news item from its title and description (Zhang, Zhao & LeCun 2015)."""

import csv
import io
from typing import ClassVar

from seqbench.data import DataError
from seqbench.datasets import download
from seqbench.datasets.documents.base import DocumentDataset, DocumentParts
from seqbench.datasets.documents.collection import Rows

TOPICS = {"1": "World", "2": "Sports", "3": "Business", "4": "Sci/Tech"}


class AGNews(download.Downloaded, DocumentDataset):
    """120,000 training and 7,600 test items of 4 classes of equal size; title and description form one text."""

    name: ClassVar[str] = "ag-news"

    def parts(self) -> DocumentParts:
        train, test = (read_items(data) for data in download.read(self.name))
        return DocumentParts(train=train, test=test)


def read_items(data: bytes) -> Rows:
    """Read the items of a CSV file without a header: class 1 to 4, title, description.

    Raises:
        DataError: a row is not of that form.
    """
    texts, labels = [], []
    for number, row in enumerate(csv.reader(io.StringIO(data.decode(), newline="")), 1):
        if len(row) != 3 or row[0] not in TOPICS:
            raise DataError(f"row {number} is no class 1 to 4, title and description: {','.join(row)[:40]!r}")
        texts.append(f"{row[1]} {row[2]}")
        labels.append(TOPICS[row[0]])
    return Rows(texts, labels)
