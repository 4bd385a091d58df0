"""Suites are checked before anything runs."""

from contextlib import suppress
from pathlib import Path

import pytest

from seqbench import registry
from seqbench.runs import suites
from seqbench.runs.grid import TRUTH, Cell, grid
from seqbench.runs.suites import SuiteError
from seqbench.spec import Spec, parse

GOOD = """
name = "mine"
task = "lm"
summary = "one model"
datasets = ["synthetic-hmm"]
models = ["unigram"]
margin = 0.01

[presets.quick]
budget = { epochs = 1 }
limits = { seconds = 10, memory_gb = 1 }
"""


def _load(tmp_path: Path, text: str) -> suites.Suite:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return suites.load(str(file))


def test_the_shipped_suites_are_sound() -> None:
    assert suites.shipped()
    for name in suites.shipped():
        suite = suites.load(name)
        assert suite.name == name
        assert suite.preset in suite.presets
        assert name not in ("lm", "doc", "ts") or {"quick", "standard", "paper"} <= set(suite.presets)


@pytest.mark.parametrize("name", suites.shipped())
def test_every_name_of_a_shipped_suite_stands_for_something(name: str) -> None:
    suite = suites.load(name)
    named = {text for preset in suite.presets.values() for text in preset.datasets}
    for part in suite.parts:
        of_task = {text for text in named if part.task in registry.DATASETS[parse(text).name].targets}
        named -= of_task
        for text in {*part.datasets, *of_task}:
            registry.configured(registry.find_dataset(parse(text), part.task).attribute, parse(text), part.task)
        for text in part.models:
            model = registry.find_model(parse(text), part.task).attribute
            registry.configured(model.config_class, parse(text), part.task)
    assert not named


def test_a_suite_of_ones_own_is_read(tmp_path: Path) -> None:
    suite = _load(tmp_path, GOOD)
    name, preset = suite.chosen(None)
    assert (name, preset.budget.epochs, preset.seeds) == ("quick", 1, 1)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "mine"', "", r"mine.toml: name: field required"),
        ("margin = 0.01", "margin = 0", r"mine.toml: margin: .*greater than 0"),
        ('datasets = ["synthetic-hmm"]', "datasets = []", r"mine.toml: datasets: .*at least 1"),
        ("epochs = 1", "epoch = 1", r"mine.toml: presets.quick.budget.epoch: extra"),
        ("seconds = 10", "seconds = 0", r"mine.toml: presets.quick.limits.seconds"),
        ("[presets.quick]", "[presets.slow]", r"mine.toml: preset: 'quick' is none of presets: slow"),
        ("[presets.quick]", "[presets.quick", r"mine.toml is no TOML"),
        ('name = "mine"', 'name = "mine"\ncolour = "red"', r"mine.toml: colour: extra"),
    ],
)
def test_a_wrong_suite_is_refused_with_file_and_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(SuiteError, match=words):
        _load(tmp_path, GOOD.replace(old, new))


def test_an_unknown_suite_or_preset_is_named_beside_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"no suite 'ml'; there are: .*lm"):
        suites.load("ml")
    with pytest.raises(SuiteError, match=r"no preset 'fast'; it has: quick"):
        _load(tmp_path, GOOD).chosen("fast")


PARTS = """
name = "mine"
summary = "two parts"

[[parts]]
task = "regress"
datasets = ["adding"]
models = ["mean", "gru"]
margin = 0.005

[[parts]]
task = "lm"
datasets = ["synthetic-markov", "synthetic-hmm"]
models = ["unigram", "gru", "cbow"]

[presets.quick]
budget = { epochs = 2 }
limits = { seconds = 10, memory_gb = 1 }
settings = { learning_rate = [0.003, 0.01], scaling = "raw" }

[presets.quick.models.gru]
settings = { hidden_size = 7 }

[presets.quick.tasks.lm]
budget = { epochs = 9 }
settings = { learning_rate = 0.1 }
"""


def _names(cells: list[Cell]) -> list[tuple[str, str]]:
    return [(cell.identity.dataset, cell.identity.model) for cell in cells]


def test_each_part_runs_its_models_on_its_data_sets(tmp_path: Path) -> None:
    suite = _load(tmp_path, PARTS)
    assert suite.tasks == ("regress", "lm")
    assert (suite.margin("regress"), suite.margin("lm")) == (0.005, suites.MARGIN)
    lm = ["unigram", "gru", "cbow", TRUTH]
    assert _names(grid(suite, suite.presets["quick"])) == [
        *(("adding", model) for model in ("mean", "gru")),
        *((data, model) for data in ("synthetic-markov", "synthetic-hmm") for model in lm),
    ]


def test_a_suite_without_parts_is_one_part(tmp_path: Path) -> None:
    suite = _load(tmp_path, GOOD)
    assert [(part.task, part.datasets, part.models, part.margin) for part in suite.parts] == [
        ("lm", ["synthetic-hmm"], ["unigram"], 0.01)
    ]


def test_a_named_model_or_data_set_is_used_in_the_parts_that_it_is_for(tmp_path: Path) -> None:
    suite = _load(tmp_path, PARTS)
    quick = suite.presets["quick"]
    both = grid(
        suite, quick, models=[parse("lstm"), parse("ridge")], datasets=[parse("adding"), parse("synthetic-hmm")]
    )
    assert _names(both) == [
        ("adding", "lstm"),
        ("adding", "ridge"),
        ("synthetic-hmm", "lstm"),
        ("synthetic-hmm", TRUTH),
    ]
    assert {data for data, _ in _names(grid(suite, quick, datasets=[parse("adding")]))} == {"adding"}
    assert _names(grid(suite, quick, task="regress", models=[parse("mean")])) == [("adding", "mean")]


@pytest.mark.parametrize(
    ("models", "datasets", "words"),
    [
        (["naive-bayes"], [], r"naive-bayes is of the task classify, not regress or lm"),
        ([], ["trec"], r"trec is of the task classify, not regress or lm"),
        (["kneser-ney"], ["adding"], r"no part of the suite mine has both a model and a data set of those that were"),
        (["lstn"], [], r"no model 'lstn'; did you mean lstm"),
    ],
)
def test_a_name_that_is_for_no_part_is_refused(
    tmp_path: Path, models: list[str], datasets: list[str], words: str
) -> None:
    suite = _load(tmp_path, PARTS)
    with pytest.raises(ValueError, match=words):
        grid(suite, suite.presets["quick"], models=[*map(parse, models)], datasets=[*map(parse, datasets)])


def test_settings_of_a_preset_reach_the_models_that_have_them_and_give_way_to_nearer_ones(tmp_path: Path) -> None:
    suite = _load(tmp_path, PARTS)
    cells = {(c.identity.task, c.identity.model): c.identity for c in grid(suite, suite.presets["quick"])}
    regress, lm, cbow = cells["regress", "gru"], cells["lm", "gru"], cells["lm", "cbow"]
    assert (regress.config["learning_rate"], regress.config["scaling"]) == ([0.003, 0.01], "raw")
    assert (lm.config["learning_rate"], cbow.config["learning_rate"]) == (0.1, 0.1)
    assert regress.config["hidden_size"] == lm.config["hidden_size"] == 7
    assert (regress.budget["epochs"], lm.budget["epochs"]) == (2, 9)
    named = grid(
        suite, suite.presets["quick"], task="regress", models=[parse("gru(learning_rate=(0.5, 0.6), hidden=3)")]
    )
    assert (named[0].identity.config["learning_rate"], named[0].identity.config["hidden_size"]) == ([0.5, 0.6], 3)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('task = "lm"', 'task = "regress"', r"mine.toml: parts: .*two parts are of the task regress; make them one"),
        ("margin = 0.005", "margin = 0", r"mine.toml: parts.0.margin: .*greater than 0"),
        (
            "presets.quick.tasks.lm",
            "presets.quick.tasks.ts",
            r"presets.quick.tasks: no part is of the task ts",
        ),
        ('name = "mine"', 'name = "mine"\ntask = "lm"', r"mine.toml: task: extra"),
    ],
)
def test_wrong_parts_are_refused_with_file_and_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(SuiteError, match=words):
        _load(tmp_path, PARTS.replace(old, new))


def test_a_part_that_a_suite_lacks_is_named_beside_those_it_has(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"the suite mine has no part of the task 'classify'; it has: regress, lm"):
        _load(tmp_path, PARTS).chosen_parts("classify")


def test_every_setting_of_the_presets_of_longrange_is_one_of_some_model_and_is_in_its_range() -> None:
    suite = suites.load("longrange")
    for preset in suite.presets.values():
        found = grid(suite, preset, seeds=1)
        assert set(preset.settings) <= {setting for cell in found for setting in cell.identity.config}
        for task in preset.tasks:
            known = {setting for cell in found if cell.identity.task == task for setting in cell.identity.config}
            assert set(preset.tasks[task].settings) <= known


@pytest.mark.parametrize("name", suites.shipped())
def test_a_model_that_a_preset_names_has_the_settings_that_it_is_given(name: str) -> None:
    suite = suites.load(name)
    for preset in (found.of(task) for found in suite.presets.values() for task in suite.tasks):
        for model, own in preset.models.items():
            known: set[str] = set()
            for task in suite.tasks:
                with suppress(registry.WrongTask):  # of another part
                    known |= set(registry.find_model(Spec(model), task).attribute.config_class.model_fields)
            assert set(own.settings) <= known, model


def test_whole_documents_of_copy_memory_are_seen_by_backpropagation_in_every_preset() -> None:
    suite = suites.load("longrange")
    for preset in suite.presets.values():
        for cell in grid(suite, preset, task="lm", seeds=1):
            if cell.identity.dataset.startswith("copy-memory") and "bptt" in cell.identity.config:
                assert cell.identity.config["bptt"] >= cell.identity.options["delay"] + 20
