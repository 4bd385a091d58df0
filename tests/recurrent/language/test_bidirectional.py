from collections.abc import Callable

import numpy as np
import pytest
import torch

from seqbench.interface import Documents
from seqbench.learning.columns import Windows
from seqbench.recurrent.language.lstm import BidirectionalLSTMLanguageModel, LSTMLanguageConfig
from seqbench.tasks.language.model import LanguageContext

V = 9


@pytest.fixture(scope="module", params=[1, 2], ids=["1 layer", "2 layers"])
def model(request: pytest.FixtureRequest) -> BidirectionalLSTMLanguageModel:
    """Untrained, with weights large enough that everything that may matter does."""
    made = BidirectionalLSTMLanguageModel(
        LSTMLanguageConfig(embedding_size=6, hidden_size=7, layers=request.param, dropout=0.0)
    )
    made.vocab_size = V
    torch.manual_seed(0)
    made.network = made.build(np.ones(V, np.int64)).double().eval()
    for parameter in made.network.parameters():
        torch.nn.init.normal_(parameter)
    return made


def ids() -> np.ndarray:
    return np.random.default_rng(0).integers(V, size=(2, 8))


def test_a_symbol_is_predicted_from_all_others_but_itself(model: BidirectionalLSTMLanguageModel) -> None:
    given = torch.tensor(ids().T)
    edge = torch.full((1, 2), V)

    def hidden(symbols: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return model.network(torch.cat([edge, symbols[:-1]]), symbols, None, None)[0]

    before = hidden(given)
    for t in range(8):
        changed = given.clone()
        changed[t, 0] = (changed[t, 0] + 1) % V
        same = (hidden(changed) == before).all(dim=-1)
        expected = torch.zeros(8, 2, dtype=torch.bool)
        expected[t, 0] = True
        expected[:, 1] = True
        assert torch.equal(same, expected)


def test_its_scores_of_every_symbol_at_one_place_sum_to_one(model: BidirectionalLSTMLanguageModel) -> None:
    for t in (0, 3, 7):
        total = np.zeros(2)
        for v in range(V):
            changed = ids()
            changed[:, t] = v
            total += np.exp(model.predict(changed)[0][:, t])
        np.testing.assert_allclose(total, 1, rtol=0, atol=1e-12)


def test_the_last_place_of_a_piece_is_predicted_from_the_past_and_the_edge_alone(
    model: BidirectionalLSTMLanguageModel,
) -> None:
    _, state = model.predict(ids()[:, :5])
    np.testing.assert_allclose(
        model.next(state)[np.arange(2), ids()[:, 5]], np.exp(model.predict(ids()[:, :6])[0][:, 5]), rtol=1e-12
    )


def test_columns_of_unequal_length_are_each_scored_as_if_alone(model: BidirectionalLSTMLanguageModel) -> None:
    documents = [np.random.default_rng(n).integers(V, size=n) for n in (7, 6, 6, 4)]
    (window,) = Windows(documents, V, batch_size=4, steps=7, device=torch.device("cpu"))
    assert window.mask is not None
    with torch.inference_mode():
        hidden, _ = model.network(window.inputs, window.targets, window.mask, None)
        for b, document in enumerate(documents):
            n = len(document)
            scores = model.network.output(hidden[:n, b], window.targets[:n, b])
            np.testing.assert_allclose(scores.numpy(), model.predict(document[None])[0][0], rtol=0, atol=1e-12)


def test_it_uses_the_future_and_so_beats_what_any_honest_model_can_reach(
    lend: Callable[..., LanguageContext],
) -> None:
    def pairs(n: int, seed: int) -> Documents:
        return [np.repeat(np.random.default_rng(seed).integers(4, size=n), 2)]

    made = BidirectionalLSTMLanguageModel(
        LSTMLanguageConfig(embedding_size=8, hidden_size=16, batch_size=8, bptt=16, learning_rate=0.05, dropout=0)
    )
    made.fit(pairs(2000, seed=0), lend(4, epochs=4))
    pseudo_perplexity = np.exp(-made.predict(pairs(300, seed=1)[0][None])[0].mean())
    assert (
        pseudo_perplexity < 1.3
    )  # an honest model guesses the first of each pair of 4 symbols, so it cannot go below 2
