"""Initial weights of a classifier, taken from an LSTM language model.

Dai & Le 2015, "Semi-supervised sequence learning", section 2: the embedding and the recurrent weights of a language
model are a better start than random weights. The language model is trained only on the training texts.
"""

import numpy as np

from seqbench.interface import Arrays, Documents
from seqbench.recurrent.language.lstm import (
    BidirectionalLSTMLanguageModel,
    LSTMLanguageConfig,
    LSTMLanguageModel,
)
from seqbench.tasks.documents.model import ClassificationContext
from seqbench.tasks.language.model import LanguageContext

ADAPTIVE_FROM = 1000
"""The softmax is adaptive if there are at least this many symbols.

It is slightly worse than the full softmax but much faster, and only the weights of the layers below it are kept.
"""


def pretrain(
    documents: Documents, ctx: ClassificationContext, config: LSTMLanguageConfig, bidirectional: bool, epochs: int
) -> Arrays:
    """Train a language model on `documents`, with early stopping by its perplexity on the validation texts.

    If `bidirectional`, one model predicts each word from the words before and after it (as context2vec, Melamud,
    Goldberger & Dagan 2016), so that both directions are trained together with one embedding. Labels are not used.

    Args:
        epochs: maximum number of passes over the documents, in addition to the epochs of the budget. The budget's limit
            on updates applies to pretraining and to training separately.

    Returns:
        `embedding.weight` (V + 1, E), whose last row, for padding, is zero; the weights of the LSTM as `body.…`, and
        those of the backward LSTM, if there is one, as `backward_body.…`.
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
            spent=ctx.spent,
            vocab=ctx.vocab,
        ),
    )
    weights = {
        name.replace(".layers.0", ""): value
        for name, value in model.arrays().items()
        if name.startswith(("body.", "backward_body."))
    }
    # In the language model, symbol V is the edge of a document, which the classifier never reads; here V is padding.
    embedding = np.array(model.arrays()["embedding.weight"])
    embedding[-1] = 0
    return weights | {"embedding.weight": embedding}
