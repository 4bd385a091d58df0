"""The grid of cells, and what identifies each of them."""

from pathlib import Path

import pytest

from seqbench.runs import suites
from seqbench.runs.grid import Cell, grid
from seqbench.runs.suites import Preset
from seqbench.spec import Spec, parse

TOYS = Path(__file__).parents[2] / "toys" / "toys.py"
COINS = Spec(f"{TOYS}:Coins")


def _grid(models: list[str], seeds: int = 1, datasets: list[Spec] | None = None, preset: str = "quick") -> list[Cell]:
    suite = suites.load("lm")
    return grid(
        suite,
        suite.presets[preset],
        models=[parse(m) for m in models],
        datasets=datasets or [COINS],
        seeds=seeds,
    )


def test_a_model_that_the_seed_does_not_touch_gets_one_cell() -> None:
    cells = _grid([f"{TOYS}:Frequency", f"{TOYS}:Still"], seeds=3)
    assert [(c.label.rpartition(":")[2], c.identity.seed) for c in cells] == [
        ("Frequency", 0),
        ("Frequency", 1),
        ("Frequency", 2),
        ("Still", 0),
    ]


def test_the_number_format_is_a_setting_of_every_network_that_names_none_and_part_of_its_key() -> None:
    suite = suites.load("lm")
    models = [parse(m) for m in ("unigram", "lstm", "gru(precision=float32)", "unigram+lstm")]
    plain, asked = (
        grid(suite, suite.presets["quick"], models=models, datasets=[COINS], precision=precision)
        for precision in (None, "bfloat16")
    )
    assert [a.key == b.key for a, b in zip(plain, asked, strict=True)] == [True, False, True, False]
    assert [cell.identity.config.get("precision") for cell in plain] == [None, "float32", "float32", None]
    assert [cell.identity.config.get("precision") for cell in asked] == [None, "bfloat16", "float32", None]
    assert [part.get("precision") for part in asked[3].identity.config["parts"]] == [None, "bfloat16"]


def test_the_seed_of_a_cell_depends_on_its_names_alone() -> None:
    alone = {c.key: c.seed for c in _grid([f"{TOYS}:Frequency"], seeds=3)}
    in_company = {c.key: c.seed for c in _grid([f"{TOYS}:Still", f"{TOYS}:Frequency"], seeds=3)}
    assert len(set(alone.values())) == 3
    assert alone.items() <= in_company.items()


def test_a_cell_asked_for_twice_runs_once() -> None:
    assert len(_grid([f"{TOYS}:Still", f"{TOYS}:Still"])) == 1


def test_settings_options_and_budgets_are_part_of_the_key() -> None:
    model = f"{TOYS}:Frequency"
    keys = [c.key for c in _grid([model, f"{model}(weight=2)"], datasets=[COINS, Spec(COINS.name, {"heads": 0.7})])]
    keys += [c.key for c in _grid([model], preset="paper")]
    assert len(set(keys)) == 5


def test_the_place_of_a_file_is_no_part_of_the_key(tmp_path: Path) -> None:
    copy = tmp_path / TOYS.name
    copy.write_text(TOYS.read_text())
    assert _grid([f"{TOYS}:Still"])[0].key == _grid([f"{copy}:Still"])[0].key


def test_a_presets_settings_give_way_to_those_asked_for() -> None:
    suite = suites.load("lm")
    override = {f"{TOYS}:Frequency": {"settings": {"weight": 2.0}, "budget": {"epochs": 9}}}
    preset = Preset.model_validate({**suite.presets["quick"].model_dump(), "models": override})
    models = [parse(m) for m in (f"{TOYS}:Frequency", f"{TOYS}:Frequency(weight=3.0)")]
    cells = grid(suite, preset, models=models, datasets=[COINS])
    assert [(c.identity.config["weight"], c.identity.budget["epochs"]) for c in cells] == [(2.0, 9), (3.0, 9)]


def test_a_preset_may_have_data_sets_of_its_own_which_give_way_to_those_asked_for() -> None:
    suite = suites.load("lm")
    preset = Preset.model_validate({**suite.presets["quick"].model_dump(), "datasets": ["synthetic-brackets"]})
    model = [parse("unigram")]
    assert {c.identity.dataset for c in grid(suite, preset, models=model)} == {"synthetic-brackets"}
    assert {c.dataset.name for c in grid(suite, preset, models=model, datasets=[COINS])} == {COINS.name}


def test_data_that_is_not_at_hand_leaves_its_reason_in_the_cell() -> None:
    (cell,) = _grid([f"{TOYS}:Still"], datasets=[Spec(f"{TOYS}:Lost")])
    assert "put some into the purse" in cell.missing


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("knesr-ney", "did you mean kneser-ney"),
        ("kneser-ney(ordre=3)", "no setting 'ordre'; it has: .*order"),
        ("kneser-ney(order=0)", "order=0: .*greater than or equal to 1"),
        ("missing.py:Model", "no file missing.py"),
        (f"{TOYS}:Nothing", "defines no 'Nothing'; it defines: .*Frequency"),
        (f"{TOYS}:Share", "is no SequenceModel"),
    ],
)
def test_a_wrong_model_is_refused_before_anything_runs(model: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _grid([model])


def test_a_file_that_cannot_be_imported_says_why(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("import seqbench\nraise RuntimeError('no luck')\n")
    with pytest.raises(ValueError, match=r"broken\.py cannot be imported: RuntimeError: no luck"):
        _grid([f"{file}:Model"])


def test_zero_seeds_are_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        _grid([f"{TOYS}:Still"], seeds=0)


def test_each_part_of_a_sum_has_what_the_preset_sets_for_its_name() -> None:
    (cell,) = _grid(["kneser-ney(order=5)+hmm(restarts=2)"])
    parts, budgets = cell.identity.config["parts"], cell.identity.config["budgets"]
    quick = suites.load("lm").presets["quick"]
    assert parts[0] == {"order": 5, "memory_gb": None}
    assert (parts[1]["states"], parts[1]["restarts"]) == (quick.models["hmm"].settings["states"], 2)
    assert [b["epochs"] for b in budgets] == [quick.budget.epochs, quick.models["hmm"].budget.epochs]  # type: ignore[union-attr]
    assert (cell.identity.model, cell.label) == ("kneser-ney+hmm", "kneser-ney(order=5)+hmm(restarts=2)")
    assert (cell.kind, cell.stochastic) == ("classic", True)


def test_a_sum_depends_on_the_settings_and_on_the_source_of_every_part(tmp_path: Path) -> None:
    changed = tmp_path / TOYS.name
    changed.write_text(TOYS.read_text() + "\n# changed\n")
    file, other = f"{TOYS}:Still", f"{changed}:Still"
    models = [
        f"{file}+unigram",
        f"unigram+{file}",
        f"{other}+unigram",
        f"{file}+kneser-ney",
        f"{file}+kneser-ney(order=2)",
    ]
    cells = _grid(models)
    assert len({cell.key for cell in cells}) == len(models)
    assert (
        cells[0].identity.target == cells[2].identity.target == "toys.py:Still+seqbench.baselines.ngrams.models:Unigram"
    )


def test_a_wrong_setting_of_a_part_is_told_of_that_part() -> None:
    with pytest.raises(ValueError, match="hmm has no setting 'order'"):
        _grid(["kneser-ney(order=2)+hmm(order=2)"])


def test_a_setting_may_be_shortened_to_a_beginning_that_it_alone_has() -> None:
    short, whole = (
        _grid(["lstm(hidden=40)", "lstm(hidden_size=40)"], datasets=[COINS])[0],
        _grid(["lstm(hidden_size=40)"]),
    )
    assert short.key == whole[0].key
    assert short.identity.config["hidden_size"] == 40  # not the preset's
    (mixed,) = _grid(["kneser-ney(o=5)+lstm(hidden=40)"])
    assert mixed.label == "kneser-ney(o=5)+lstm(hidden=40)"
    assert [mixed.identity.config["parts"][0]["order"], mixed.identity.config["parts"][1]["hidden_size"]] == [5, 40]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("lstm(d=1)", "lstm has no setting 'd'"),
        ("lstm(hidden=4, hidden_size=5)", "hidden_size is given twice"),
        ("lstm(hid=4, hidd=5)", "hidden_size is given twice"),
    ],
)
def test_a_beginning_that_says_too_little_or_the_same_again_is_refused(model: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _grid([model])
