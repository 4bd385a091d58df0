"""The weights of an LSTM language model as the start of a classifier.

Dai & Le 2015, "Semi-supervised sequence learning", section 2: the embedding and the recurrent weights of a language
model of the training texts are a better start than random ones, without any further text.
"""

import numpy as np

from seqbench.interface import Arrays, Documents
from seqbench.recurrent.language.lstm import BidirectionalLSTMLanguageModel, LSTMLanguageModel
from seqbench.recurrent.language.network import RecurrentLanguageConfig
from seqbench.tasks.documents.model import ClassificationContext
from seqbench.tasks.language.model import LanguageContext

ADAPTIVE_FROM = 1000
"""Symbols from which the softmax is adaptive: a little worse than the full one and far quicker, and only the
weights below it are kept."""


def pretrain(
    documents: Documents, ctx: ClassificationContext, config: RecurrentLanguageConfig, bidirectional: bool, epochs: int
) -> Arrays:
    """Train a language model on `documents`, stopping early on its perplexity on the validation texts.

    Of two directions, one model predicts each word from its past and its future (as context2vec does, Melamud,
    Goldberger & Dagan 2016), so that both learn at once around one embedding. No label is looked at.

    Args:
        epochs: passes over the documents at most, beside those of the budget; the budget's updates limit
            pretraining and training each by itself.

    Returns:
        `embedding.weight` (V + 1, E), its last row, of padding, zero; the LSTM's weights as `body.…`, and the backward
        one's as `backward_body.…`.
    """
    adaptive = ctx.vocab.size >= ADAPTIVE_FROM
    model = (BidirectionalLSTMLanguageModel if bidirectional else LSTMLanguageModel)(
        config.model_copy(update={"output": "adaptive" if adaptive else "full"})
    )
    model.fit(
        documents,
        LanguageContext(
            seed=ctx.seed,
            budget=ctx.budget.model_copy(update={"epochs": epochs}),
            valid=ctx.valid.texts.ids,
            device=ctx.device,
            log=lambda name, value: ctx.log(f"pretraining_{name}", value),
            vocab=ctx.vocab,
        ),
    )
    weights = {
        name.replace(".layers.0", ""): value
        for name, value in model.arrays().items()
        if name.startswith(("body.", "backward_body."))
    }
    # The language model's symbol V is the edge of a document, which a classifier never reads.
    embedding = np.array(model.arrays()["embedding.weight"])
    embedding[-1] = 0
    return weights | {"embedding.weight": embedding}
