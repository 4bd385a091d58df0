"""The settings that all recurrent models share, whatever their task, and the layers made of them."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from seqbench import registry
from seqbench.recurrent.cells.gru import ResetBeforeGRUCell
from seqbench.recurrent.cells.peephole import PeepholeLSTMCell
from seqbench.recurrent.forecasters import LSTMForecaster
from seqbench.recurrent.language.gru import GRULanguageConfig, GRULanguageModel
from seqbench.recurrent.language.lstm import LSTMLanguageConfig
from seqbench.recurrent.layers.dropout import LockedDropout
from seqbench.recurrent.layers.recurrent import Recurrent
from seqbench.recurrent.layers.settings import DirectedSettings, RecurrentSettings
from seqbench.recurrent.layers.stack import Residual
from seqbench.recurrent.layers.time import Bidirectional, Dilated, Reversed, Strided
from seqbench.spec import parse

FAMILIES = ["elman", "jordan", "shortcut", "gru", "lstm", "multiplicative-rnn", "mingru"]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_a_model_of_every_task_with_the_same_settings(name: str) -> None:
    for task in registry.MODELS[name].targets:
        fields = registry.find_model(parse(name), task).attribute.config_class.model_fields
        for field, declared in RecurrentSettings.model_fields.items():
            assert fields[field].description == declared.description
            assert fields[field].default == declared.default
        forward_alone = {registry.home_task(parse(name)) for name in ("kneser-ney", "note-ngram")}
        assert ("direction" in fields) == (task not in forward_alone)


def test_settings_may_be_shortened_and_are_recorded_in_full() -> None:
    spec = registry.spelled_out(parse("lstm(hidden=256, layers=2, norm=layer)"), "lm")
    assert str(spec) == "lstm(hidden_size=256, layers=2, norm=layer)"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("lstm(dilation=[1,2])", "dilation has 2 numbers for layers=1"),
        ("gru(dilation=0)", "dilation must be at least 1, not 0"),
        ("lstm(cell=peehole)", "'standard', 'carousel', 'peephole' or 'squashed'"),
        ("lstm(weight=0.5)", "no setting 'weight'; it has: .*weight_drop"),
    ],
)
def test_settings_that_make_no_sense_are_refused(spec: str, message: str) -> None:
    parsed = parse(spec)
    with pytest.raises(ValueError, match=message):
        registry.configured(registry.find_model(parsed, "lm").attribute.config_class, parsed, "lm")


def test_each_setting_is_the_layer_that_it_names() -> None:
    config = LSTMLanguageConfig(
        cell="peephole",
        embedding_size=6,
        hidden_size=8,
        layers=3,
        dilation=(1, 2, 4),
        stride=2,
        residual=True,
        locked=True,
    )
    stack = config.stack()
    assert isinstance(stack.dropout, LockedDropout)
    first, second, third = stack.layers
    assert isinstance(first, Strided)  # from 6 values to 8: not residual
    assert isinstance(first.layer, Recurrent)
    for layer, dilation in ((second, 2), (third, 4)):
        assert isinstance(layer, Residual)
        assert isinstance(layer.layer, Strided)
        assert isinstance(layer.layer.layer, Dilated)
        assert layer.layer.layer.dilation == dilation
        assert isinstance(layer.layer.layer.layer.cell, PeepholeLSTMCell)
    (layer,) = GRULanguageConfig(reset="before", weight_drop=0.3, zoneout=0.2, norm="layer").stack().layers
    assert isinstance(layer.cell, ResetBeforeGRUCell)
    assert (layer.once[0].share, layer.zoneout.share) == (0.3, 0.2)
    assert layer.norm is not None


@pytest.mark.parametrize(
    ("direction", "kind"), [("forward", Recurrent), ("backward", Reversed), ("both", Bidirectional)]
)
def test_a_direction_is_a_layer_around_the_layer(direction: Any, kind: type) -> None:
    config = LSTMForecaster.config_class(direction=direction)
    assert isinstance(config, DirectedSettings)
    assert type(config.build_layer(3, 4)) is kind


def test_the_last_outputs_of_two_directions_are_not_summed() -> None:
    with pytest.raises(ValidationError, match="use merge=concatenate"):
        LSTMForecaster.config_class(direction="both", merge="sum")


@pytest.mark.parametrize(
    "changes",
    [{"norm": "batch"}, {"norm": "layer"}, {"norm": "weight"}, {"zoneout": 0.3}, {"weight_drop": 0.3}, {"dilation": 2}],
    ids=str,
)
def test_each_setting_changes_the_fit_and_the_restored_model_predicts_the_same(
    changes: dict[str, Any], lend: Any, draw: Any
) -> None:
    small = {"embedding_size": 6, "hidden_size": 8, "batch_size": 4, "bptt": 8}
    ids, scores = np.stack(draw(9, [20, 20])), []
    for settings in ({}, changes):
        model = GRULanguageModel(GRULanguageConfig.model_validate(small | settings))
        model.fit(draw(9, [200, 33, 5]), lend(9, epochs=2))
        scores.append(model.predict(ids)[0])
        copy = GRULanguageModel(model.config)
        copy.restore({name: value.copy() for name, value in model.arrays().items()})
        np.testing.assert_array_equal(copy.predict(ids)[0], scores[-1])
    assert np.abs(scores[0] - scores[1]).max() > 1e-3


def test_none_is_a_word_where_it_is_a_choice_and_no_value_elsewhere() -> None:
    def of(text: str, task: str) -> Any:
        spec = parse(text)
        return registry.configured(registry.find_model(spec, task).attribute.config_class, spec, task)

    assert of("lstm(norm=none)", "lm").norm == "none"
    assert of("lstm-seq2seq(attention=none)", "translate").attention == "none"
    assert of("bilstm(letters=none)", "tag").letters is None
