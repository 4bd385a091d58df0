"""The suite `cells` compares cells whose recurrent layers have equally many parameters."""

import pytest

from seqbench import registry
from seqbench.recurrent.language.network import RecurrentLanguageConfig
from seqbench.runs import suites
from seqbench.spec import Spec, parse

SUITE = suites.load("cells")
NETWORKS = [parse(model) for model in SUITE.parts[0].models if parse(model).name not in ("unigram", "kneser-ney")]


def parameters(spec: Spec) -> int:
    """Of the recurrent layer, without those of a normalisation."""
    found = registry.find_model(spec, "lm").attribute.config_class
    config = registry.configured(found, Spec(spec.name, {**spec.settings, **SHARED}), "lm")
    assert isinstance(config, RecurrentLanguageConfig)
    return sum(weight.numel() for name, weight in config.stack().named_parameters() if ".cell." in name)


SHARED = {"embedding_size": SUITE.presets["standard"].settings["embedding_size"]}


@pytest.mark.parametrize("spec", NETWORKS, ids=str)
def test_recurrent_layers_have_equally_many_parameters_within_two_per_cent(spec: Spec) -> None:
    assert parameters(spec) == pytest.approx(99_328, rel=0.02)
