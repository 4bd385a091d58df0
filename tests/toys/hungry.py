"""A model that needs more data than the smallest sizes of a curve hold."""

from seqbench.baselines.ngrams.models import AddK
from seqbench.interface import Documents
from seqbench.tasks.language.model import LanguageContext


class Hungry(AddK):
    """Bigrams, if there are enough symbols."""

    def fit(self, train: Documents, ctx: LanguageContext) -> None:
        if sum(map(len, train)) < 500:
            raise ValueError("this model needs 500 symbols")
        super().fit(train, ctx)
