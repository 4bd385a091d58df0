import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqbench.recurrent.layers.pooling import Attention, Last, Pooling, PoolingName, pooling_layer
from seqbench.recurrent.layers.time import Direction

SIZE = 4
KINDS: list[PoolingName] = ["last", "mean", "max", "attention"]


def made(kind: PoolingName, direction: Direction = "both") -> Pooling:
    torch.manual_seed(1)
    layer = pooling_layer(kind, SIZE, direction).double()
    if isinstance(layer, Attention):
        nn.init.normal_(layer.context, std=2.0)
    return layer


def alone(layer: Pooling, states: Tensor) -> Tensor:
    """What `layer` makes of the states (T, D) of one document, from the definition."""
    match layer:
        case Last(direction="both"):
            return torch.cat([states[-1, : SIZE // 2], states[0, SIZE // 2 :]])
        case Last(direction="backward"):
            return states[0]
        case Last():
            return states[-1]
        case Attention(project=project, context=context):
            scores = torch.stack([torch.tanh(project.weight @ h + project.bias).dot(context).exp() for h in states])
            return sum(a * h for a, h in zip(scores / scores.sum(), states, strict=True))
    return states.mean(0) if "Mean" in type(layer).__name__ else states.max(0).values


@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
@pytest.mark.parametrize("kind", KINDS)
@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=6))
def test_pooling_a_padded_batch_is_pooling_each_document_alone(
    kind: PoolingName, direction: Direction, lengths: list[int]
) -> None:
    layer = made(kind, direction)
    states = torch.randn(len(lengths), max(lengths) + 1, SIZE, dtype=torch.float64)
    together = layer(states, torch.tensor(lengths))
    expected = [alone(layer, states[row, :length]) for row, length in enumerate(lengths)]
    torch.testing.assert_close(together, torch.stack(expected), rtol=0, atol=1e-12)
    for row, length in enumerate(lengths):
        states[row, length:] = 1e6
    torch.testing.assert_close(layer(states, torch.tensor(lengths)), together, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_finite_differences(kind: PoolingName) -> None:
    layer, lengths = made(kind), torch.tensor([3, 1, 5])
    states = torch.randn(3, 5, SIZE, dtype=torch.float64, requires_grad=True)
    names, values = zip(*layer.named_parameters(), strict=True) if list(layer.parameters()) else ((), ())

    def pooled(states: Tensor, *values: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (states, lengths))
        return result

    assert torch.autograd.gradcheck(pooled, (states, *values))


@pytest.mark.parametrize("bidirectional", [False, True])
def test_last_is_the_final_state_that_torch_hands_out_for_packed_documents(bidirectional: bool) -> None:
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 2, num_layers=2, batch_first=True, bidirectional=bidirectional).double()
    lengths = torch.tensor([4, 1, 6])
    packed = pack_padded_sequence(
        torch.randn(3, 6, 3, dtype=torch.float64), lengths, batch_first=True, enforce_sorted=False
    )
    outputs, (h, _) = lstm(packed)
    states, _ = pad_packed_sequence(outputs, batch_first=True)
    final = torch.cat([h[-2], h[-1]], dim=1) if bidirectional else h[-1]
    torch.testing.assert_close(Last("both" if bidirectional else "forward")(states, lengths), final, rtol=0, atol=0)


def test_attention_starts_as_the_plain_mean() -> None:
    states, lengths = torch.randn(3, 7, SIZE), torch.tensor([7, 2, 4])
    torch.testing.assert_close(
        Attention(SIZE)(states, lengths), pooling_layer("mean", SIZE, "forward")(states, lengths)
    )


def test_attention_weights_sum_to_one_and_are_zero_behind_the_document() -> None:
    layer = made("attention")
    assert isinstance(layer, Attention)
    lengths = torch.tensor([7, 2, 4])
    weights = layer.weights(torch.randn(3, 7, SIZE, dtype=torch.float64), lengths)
    torch.testing.assert_close(weights.sum(1), torch.ones(3, dtype=torch.float64), rtol=0, atol=1e-12)
    assert bool((weights[torch.arange(7) >= lengths[:, None]] == 0).all())
    assert float((weights[0].max() / weights[0].min()).detach()) > 1.5
