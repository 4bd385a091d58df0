import shlex
from collections.abc import Callable

from seqbench.reports.footer import command, footer
from seqbench.reports.groups import Run
from seqbench.reports.sheet import sheet
from seqbench.reports.table import table
from seqbench.spec import Spec

Make = Callable[..., Run]


def test_what_all_rows_share_is_said_once(run: Make) -> None:
    said = dict(footer(table([run("kn", notes={"licence": "CC0"}), run("hmm")])))
    assert said["data"] == (
        "toy, sha256 3fa2c1d4, licence CC0, 640 scored symbols, convention: stream, vocabulary 9b9b9b9b"
    )
    assert said["budget"] == "epochs 3"
    assert said["versions"] == "seqbench 0.1.0 (git 7a5aca3f), Python 3.11.9, torch 2.13.0, numpy 2.3.1"
    assert said["hardware"] == "EPYC, 2 cores, 2 threads, Linux-6.1"
    assert said["date"] == "2025-11-24"


def test_how_a_file_of_the_user_was_read_is_told(run: Make) -> None:
    notes = {"licence": "", "encoding": "utf-16", "values_filled": 1301, "warnings": ["a_b"]}
    own = run("kn", data_spec=Spec("file", {"path": "a.csv"}), notes=notes)
    assert dict(footer(table([own])))["read"] == "encoding: utf-16; values filled: 1,301"
    assert "read" not in dict(footer(table([run("kn", notes=notes)])))


def test_what_data_sets_warn_of_is_said_once_and_as_plain_text(run: Make) -> None:
    warned = [run("kn", notes={"warnings": ["'NA' counts as a class", "a_b"]}), run("hmm", notes={"warnings": ["a_b"]})]
    assert dict(footer(table(warned)))["warnings"] == "'NA' counts as a class; a_b"
    assert "warnings" not in dict(footer(table([run("kn")])))


def test_rows_from_other_machines_and_versions_are_named(run: Make) -> None:
    gpu = {"gpu": "H100", "git_dirty": True, "threads": 1}
    there = run("lstm", machine=gpu, finished="2025-11-26T01:00:00+00:00", identity={"budget": {"epochs": 40}})
    said = dict(footer(table([run("kn"), run("hmm"), there])))
    assert said["hardware"] == (
        "times do not compare, since rows were made on different hardware. EPYC, 2 cores, 2 threads, Linux-6.1; "
        "but lstm: H100, EPYC, 2 cores, 1 thread, Linux-6.1"
    )
    assert said["versions"].endswith(
        "but lstm: seqbench 0.1.0 (git 7a5aca3f, with uncommitted changes), Python 3.11.9, torch 2.13.0, numpy 2.3.1"
    )
    assert said["budget"] == "epochs 3; but lstm: epochs 40"
    assert said["date"] == "2025-11-24 to 2025-11-26"


def test_the_number_format_of_training_is_told_of_networks_and_of_sums_that_hold_one(run: Make) -> None:
    def trained(label: str, precision: str, **changes: object) -> Run:
        return run(label, identity={"config": {"precision": precision}}, **changes)

    added = run("kn+lstm", identity={"config": {"parts": [{"order": 5}, {"precision": "float32"}]}})
    plain = [run("kn"), trained("lstm", "float32"), added]
    assert "precision" not in dict(footer(table([run("kn")])))
    assert dict(footer(table(plain)))["precision"] == "float32 in training"
    emulated = trained("gru", "bfloat16", curves={"bfloat16_emulated": [1.0]})
    said = dict(footer(table([*plain, trained("elman", "bfloat16"), emulated])))["precision"]
    assert said == "float32 in training; but elman: bfloat16 in training; gru: bfloat16 in training, emulated"


def test_the_method_is_stated_with_its_numbers(run: Make) -> None:
    made = table([run("kn"), run("lstm", stochastic=True, kind="neural")], margin=0.02, level=0.9)
    said = dict(footer(made))
    assert said["interval"].startswith(
        "90 %, from what the score would be without each of the 40 stretches of 16 symbols"
    )
    assert "in blocks of 4" in said["interval"]
    assert "of a model with one fit, the interval leaves out how much another seed would change it" in said["interval"]
    assert said["verdict"].startswith(
        "perplexity against kn, the best classic model on validation, on the same test items"
    )
    assert "a tie lies within 2 %" in said["verdict"]
    assert "not tuned with equal budgets" in said["verdict"]
    assert "one fit" not in dict(footer(table([run("kn")])))["interval"]


def test_a_table_of_many_rows_says_how_often_chance_alone_makes_a_verdict(run: Make) -> None:
    rows = [run(name) for name in ("kn", "add-k", "hmm", "uniform")]
    assert "each of 3 rows has a verdict of its own: if all were equal, up to 14 %" in (
        dict(footer(table(rows)))["verdict"].replace("Each", "each")
    )
    assert "rows has a verdict" not in dict(footer(table(rows[:2])))["verdict"]


def test_without_a_comparable_classic_model_there_is_no_verdict(run: Make) -> None:
    said = dict(footer(table([run("kn", broken={"causal": "peeks"})])))
    assert said["verdict"].startswith("none")
    assert "best" not in said


def test_the_command_is_repeated_as_it_was_given(run: Make) -> None:
    assert command(table([run("kn")], command="seqbench run --suite lm")) == "seqbench run --suite lm"


def test_a_command_that_was_not_given_is_put_together(run: Make) -> None:
    lstms = [run("lstm(hidden_size=9)", seed=s, stochastic=True, identity={"device": "cuda"}) for s in range(3)]
    made = table([run("kn"), *lstms, run("true model", kind="truth")])
    assert shlex.split(command(made), comments=True) == [
        *("seqbench", "run", "--suite", "lm", "--dataset", "toy"),
        *("--model", "kn", "--model", "lstm(hidden_size=9)", "--seeds", "3", "--device", "cuda"),
    ]


def test_a_command_that_is_put_together_asks_for_the_number_format_of_its_rows(run: Make) -> None:
    found = [run("kn"), run("lstm", identity={"config": {"precision": "bfloat16"}})]
    assert "--precision bfloat16" in command(table(found))
    assert "--precision" not in command(table(found[:1]))


def test_training_is_told_from_validation_and_from_epochs_that_were_thrown_away(run: Make) -> None:
    stopped = {"fit_seconds": 9.0, "validation_seconds": 2.0, "early_stopping_seconds": 3.0}
    found = sheet(table([run("kn", costs={"fit_seconds": 1.0}), run("lstm", costs=stopped)]))
    columns = {column.title: [cell.text for cell in column.cells] for column in found.columns}
    assert (columns["fit"], columns["of it training"]) == (["1.00 s", "9.00 s"], ["1.00 s", "4.00 s"])
    assert "leaves out validation" in dict(found.footer)["cost"]
    plain = sheet(table([run("kn", costs={"fit_seconds": 1.0})]))
    assert "of it training" not in [column.title for column in plain.columns]
    assert "cost" not in dict(plain.footer)


def test_the_chosen_learning_rate_is_told_beside_those_that_were_tried(run: Make) -> None:
    def tuned(label: str, chosen: float) -> Run:
        return run(label, identity={"config": {"learning_rate": [0.003, 0.01]}}, curves={"learning_rate": [chosen]})

    single = run("bengio", identity={"config": {"learning_rate": 0.1}})
    said = dict(footer(table([run("kn"), single, tuned("gru", 0.01), tuned("lstm", 0.003), tuned("elman", 0.01)])))
    assert said["learning rate"] == (
        "0.01, chosen on validation among 0.003, 0.01, each tried with the whole budget; "
        "but lstm: 0.003, chosen on validation among 0.003, 0.01, each tried with the whole budget"
    )
    assert "learning rate" not in dict(footer(table([run("kn"), single])))
