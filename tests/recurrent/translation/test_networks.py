"""What every network of translation keeps, in float64: batches, padding, pieces, causality, and who reads what."""

import importlib
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seqbench.catalogue import MODELS
from seqbench.learning.encoder_decoder import TranslationNetwork
from seqbench.learning.scaling import Scaled
from seqbench.learning.translator import NeuralTranslator
from seqbench.recurrent.cells.gru import GRUCell
from seqbench.recurrent.translation.blocks import EncoderLayer, MultiHeadAttention, sinusoids
from seqbench.recurrent.translation.decoder import RecurrentDecoder
from seqbench.recurrent.translation.encoders import RecurrentEncoder
from seqbench.recurrent.translation.seq2seq import GRUSeq2SeqConfig, RecurrentNetwork
from seqbench.recurrent.translation.transformer import TransformerNetwork
from seqbench.spec import parse
from seqbench.tasks.language.vocab import Vocab

SMALL = {"hidden_size": 8, "embedding_size": 6, "heads": 2, "feed_forward": 7}
NETWORKS = (
    "gru-seq2seq",
    "gru-seq2seq(attention=additive, encoder=both, layers=2)",
    "gru-seq2seq(attention=mean, reset=before)",
    "gru-seq2seq(attention=fixed)",
    "gru-seq2seq(attention=general, residual=true, layers=3)",
    "lstm-seq2seq(layers=2, reverse_input=true)",
    "lstm-seq2seq(attention=additive, encoder=both, norm=weight)",
    "lstm-seq2seq(attention=softmax, encoder=both, layers=2)",
    "lstm-seq2seq(attention=product, norm=layer)",
    "self-attention",
    "self-attention(attention=additive, layers=2, normalise=after)",
    "transformer",
    "transformer(normalise=after, layers=1)",
)
SOURCES, TARGETS = 11, 9
S, T, B = 6, 5, 4


def model(name: str, vector: int | None = None) -> NeuralTranslator:
    """Return an untrained model with small layers."""
    spec = parse(name)
    module, _, attribute = MODELS[spec.name].targets["translate"].partition(":")
    kind = getattr(importlib.import_module(module), attribute)
    small = {key: value for key, value in SMALL.items() if key in kind.config_class.model_fields}
    found: NeuralTranslator = kind(kind.config_class.model_validate({**small, **spec.settings}))
    found.source_vocab = Vocab(tuple(map(str, range(SOURCES))))
    if vector is not None:
        found.scaled = Scaled(np.zeros(vector), np.ones(vector))
    return found


def network(name: str, vector: int | None = None) -> TranslationNetwork:
    torch.manual_seed(0)
    built = model(name, vector).build(np.arange(TARGETS)).double().eval()
    for parameter in built.parameters():  # tables of positions and biases start at zero
        parameter.data += 0.3 * torch.randn_like(parameter)
    return built


def batch(lengths: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(1)
    source = torch.randint(SOURCES, (len(lengths), max(lengths)), generator=random)
    source[torch.arange(max(lengths)) >= torch.tensor(lengths)[:, None]] = SOURCES
    words = torch.randint(TARGETS, (len(lengths), T), generator=random)
    words[:, 0] = TARGETS
    return source, torch.tensor(lengths), words


def features(net: TranslationNetwork, source: Tensor, lengths: Tensor, words: Tensor) -> Tensor:
    return net.decode(words, *net.encode(source, lengths)).features


def close(one: Tensor, two: Tensor) -> None:
    torch.testing.assert_close(one, two, rtol=0, atol=1e-10)


@torch.inference_mode()
@pytest.mark.parametrize("name", NETWORKS)
def test_a_sentence_gives_the_same_alone_among_others_and_whatever_follows_its_end(name: str) -> None:
    net, (source, lengths, words) = network(name), batch([6, 3, 1, 5])
    together = features(net, source, lengths, words)
    for row, length in enumerate(lengths.tolist()):
        kept = slice(row, row + 1)
        close(features(net, source[kept, :length], lengths[kept], words[kept]), together[kept])
    other = torch.where(source == SOURCES, 0, source)
    close(features(net, torch.cat([other, other], dim=1), lengths, words), together)


@torch.inference_mode()
@pytest.mark.parametrize("name", NETWORKS)
def test_a_target_read_word_by_word_gives_the_same_as_at_once(name: str) -> None:
    net, (source, lengths, words) = network(name), batch([6, 3, 1, 5])
    memory, state = net.encode(source, lengths)
    whole = net.decode(words, memory, state)
    pieces = []
    for piece in (words[:, :1], words[:, 1:2], words[:, 2:]):
        decoded = net.decode(piece, memory, state)
        state = decoded.state
        pieces.append(decoded)
    close(torch.cat([piece.features for piece in pieces], dim=1), whole.features)
    if whole.weights is not None:
        close(torch.cat([piece.weights for piece in pieces if piece.weights is not None], dim=1), whole.weights)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_word_changes_what_follows_it_and_the_source_changes_all(name: str) -> None:
    net, (source, lengths, words) = network(name), batch([6, 3, 1, 5])
    before = features(net, source, lengths, words)
    changed = words.clone()
    changed[:, 2] = (changed[:, 2] + 1) % TARGETS
    after = features(net, source, lengths, changed)
    assert torch.equal(before[:, :2], after[:, :2])
    assert (before[:, 2:] != after[:, 2:]).any(dim=(1, 2)).all()
    source[:, 0] = (source[:, 0] + 1) % SOURCES
    assert (before != features(net, source, lengths, words)).any(dim=2).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_weight_learns_and_none_belongs_to_a_length(name: str) -> None:
    net = network(name)
    held = sum(p.numel() for p in net.parameters())
    for lengths in ([6, 3, 1, 5], [2, 1]):
        source, steps, words = batch(lengths)
        found = net.output(features(net, source, steps, words).flatten(0, 1), words.flatten() % TARGETS)
        (-found.sum()).backward()  # type: ignore[no-untyped-call]
        assert sum(p.numel() for p in net.parameters()) == held
    still = [n for n, p in net.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    assert still == []


@torch.inference_mode()
@pytest.mark.parametrize("name", ["gru-seq2seq(attention=additive)", "lstm-seq2seq", "self-attention", "transformer"])
def test_a_vector_is_a_source_of_one_place(name: str) -> None:
    net = network(name, vector=3)
    vectors, (_, _, words) = torch.randn(B, 1, 3, dtype=torch.float64), batch([1] * B)
    together = net.decode(words, *net.encode(vectors, torch.ones(B, dtype=torch.int64)))
    alone = features(net, vectors[1:2], torch.ones(1, dtype=torch.int64), words[1:2])
    close(alone, together.features[1:2])
    assert (features(net, vectors + 1, torch.ones(B, dtype=torch.int64), words) != together.features).any(dim=2).all()


def test_the_decoder_with_additive_attention_follows_the_equations_of_bahdanau() -> None:
    """Step by step, without what is computed ahead: c_t from s_(t-1), s_t of [E y; c], tanh(W [s; c; E y])."""
    net, (source, lengths, words) = network("gru-seq2seq(attention=additive, encoder=both)"), batch([6])
    assert isinstance(net, RecurrentNetwork)
    decoder, encoded = net.decoder, net.encoder(net.source(source), lengths)
    first, attention = decoder.layers[0], decoder.attention
    assert attention is not None
    cell = first.cell
    assert isinstance(cell, GRUCell)
    gru = cell.to_torch()
    s, found = encoded.start[0], []
    everything = torch.ones(1, 6, dtype=torch.bool)
    for t in range(T):
        query = s.transpose(0, 1)
        c, _ = attention(query, attention.project(encoded.states), encoded.states, everything, torch.tensor([t]))
        y = decoder.embedding(words[:, t : t + 1])
        s = gru(torch.cat([y, c], dim=2).transpose(0, 1), s)[1]
        found.append(torch.tanh(decoder.readout(torch.cat([s.transpose(0, 1), c, y], dim=2))))
    close(torch.cat(found, dim=1), features(net, source, lengths, words))


def test_an_lstm_passes_its_whole_state_on_and_reads_backwards_if_told() -> None:
    """Sutskever et al. 2014: two modules of torch, one after the other, the source reversed."""
    net, (source, lengths, words) = network("lstm-seq2seq(reverse_input=true)"), batch([6])
    assert isinstance(net, RecurrentNetwork)
    assert isinstance(net.encoder, RecurrentEncoder)
    reader, writer = net.encoder.body.layer.layers[0].cell.to_torch(), net.decoder.layers[0].cell.to_torch()
    _, state = reader(net.source(source.flip(1)).transpose(0, 1))
    outputs, _ = writer(net.decoder.embedding(words).transpose(0, 1), state)
    close(torch.tanh(net.decoder.readout(outputs.transpose(0, 1))), features(net, source, lengths, words))


@torch.inference_mode()
@pytest.mark.parametrize("norm_first", [True, False])
def test_layers_of_self_attention_are_those_of_torch(norm_first: bool) -> None:
    torch.manual_seed(0)
    ours = EncoderLayer(8, 2, 12, norm_first, 0.0).double().eval()
    theirs = nn.TransformerEncoderLayer(8, 2, 12, 0.0, batch_first=True, norm_first=norm_first).double().eval()
    a = ours.attention
    pairs: list[tuple[Any, Any]] = [
        (theirs.self_attn.in_proj_weight, torch.cat([a.query.weight, a.key_value.weight])),
        (theirs.self_attn.in_proj_bias, torch.cat([a.query.bias, a.key_value.bias])),
        *zip(theirs.self_attn.out_proj.parameters(), a.output.parameters(), strict=True),
        *zip(theirs.linear1.parameters(), ours.feed_forward[0].parameters(), strict=True),
        *zip(theirs.linear2.parameters(), ours.feed_forward[3].parameters(), strict=True),
    ]
    for their, our in pairs:
        their.copy_(our)
    x, mask = torch.randn(B, S, 8, dtype=torch.float64), torch.arange(S) < torch.tensor([6, 3, 1, 5])[:, None]
    expected = theirs(x, src_key_padding_mask=~mask)
    close(ours(x, mask)[mask], expected[mask])


def test_gradients_of_multi_head_attention_are_those_of_finite_differences() -> None:
    torch.manual_seed(0)
    layer = MultiHeadAttention(4, 2).double()
    x, source = (torch.randn(2, n, 4, dtype=torch.float64, requires_grad=True) for n in (2, 3))
    mask = torch.tensor([[True, True, True], [True, False, False]])[:, None, None]

    def function(x: Tensor, source: Tensor, *_: Tensor) -> Tensor:
        read: Tensor = layer(x, *layer.project(source), mask)[0]
        return read

    assert torch.autograd.gradcheck(function, (x, source, *layer.parameters()))


def test_positions_are_sines_and_cosines_of_falling_frequency() -> None:
    table = sinusoids(torch.arange(50), 6)
    assert table[0].tolist() == [0, 1, 0, 1, 0, 1]
    assert table[7, 2:4].tolist() == pytest.approx([np.sin(7 / 10000 ** (2 / 6)), np.cos(7 / 10000 ** (2 / 6))])
    # The product of two positions depends on their distance alone.
    products = table @ table.T
    torch.testing.assert_close(products[3:40, 3], products[10:47, 10])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"attention": "additive", "zoneout": 0.1}, "neither norm=layer nor zoneout"),
        ({"norm": "batch"}, "leave out norm=batch, dilation and stride"),
        ({"dilation": 2}, "leave out norm=batch, dilation and stride"),
        ({"encoder": "both", "reverse_input": True}, "leave out reverse_input"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GRUSeq2SeqConfig.model_validate(settings)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(ValueError, match="heads=3 must divide hidden_size=8"):
        model("transformer(heads=3)").build(np.arange(TARGETS))


def test_only_additive_attention_runs_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> Any:
        raise AssertionError("step by step")

    monkeypatch.setattr(RecurrentDecoder, "_step_by_step", refused)
    source, lengths, words = batch([3])
    for name in NETWORKS:
        net = network(name)
        if "additive" in name:
            with pytest.raises(AssertionError, match="step by step"):
                features(net, source, lengths, words)
        else:
            features(net, source, lengths, words)
    assert isinstance(net, TransformerNetwork)
