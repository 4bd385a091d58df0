"""Initial weights of a classifier from an LSTM language model.

Dai & Le 2015, "Semi-supervised sequence learning", section 2: the embedding and the recurrent weights of a language
model, trained on the training texts alone, are a better start than random weights.
"""

import numpy as np

from seqbench.interface import Arrays, Documents
from seqbench.recurrent.language.lstm import BidirectionalLSTMLanguageModel, LSTMLanguageModel
from seqbench.recurrent.language.network import RecurrentLanguageConfig
from seqbench.tasks.documents.model import ClassificationContext
from seqbench.tasks.language.model import LanguageContext

ADAPTIVE_FROM = 1000
"""From this many symbols the softmax is adaptive. It is slightly worse than the full softmax and much faster, and
only the weights below it are kept."""


def pretrain(
    documents: Documents, ctx: ClassificationContext, config: RecurrentLanguageConfig, bidirectional: bool, epochs: int
) -> Arrays:
    """Train a language model on `documents`, stopping early on its perplexity on the validation texts.

    For two directions, one model predicts each word from its past and its future (as context2vec, Melamud, Goldberger &
    Dagan 2016), so that both directions learn together with one embedding. Labels are not used.

    Args:
        epochs: the most passes over the documents, in addition to those of the budget; the budget's updates limit
            pretraining and training separately.

    Returns:
        `embedding.weight` (V + 1, E), whose last row, for padding, is zero; the LSTM's weights as `body.…`, and those
        of the backward LSTM as `backward_body.…`.
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
