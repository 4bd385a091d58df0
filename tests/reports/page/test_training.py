import math
from collections.abc import Callable

import pytest

from seqbench.reports.groups import Run
from seqbench.reports.page.svg import Pen, drawing
from seqbench.reports.page.training import courses, training
from seqbench.reports.table import table

Make = Callable[..., Run]


def test_losses_in_nats_stand_beside_perplexities_as_perplexities(run: Make) -> None:
    record, _ = run("lstm", curves={"train_nats": [2.0, 1.0], "valid_perplexity": [9.0, 4.0], "updates": [3.0, 6.0]})
    found = {course.part: course for course in courses(record)}
    assert found["training"].values == pytest.approx([math.exp(2), math.e])
    assert {course.quantity for course in found.values()} == {"perplexity"}


def test_parts_of_a_model_and_second_fits_are_told_apart_and_single_values_left_out(run: Make) -> None:
    record, _ = run(
        "a+b",
        curves={
            "2.train_nats": [2.0, 1.0],
            "valid_error, for the test part": [0.5, 0.4],
            "valid_log_loss, learning rate 0.01": [1.0, 0.9],
            "train_nats": [1.0],
            "temperature": [1.0, 2.0],
        },
    )
    found = [(course.quantity, course.part, course.where) for course in courses(record)]
    assert found == [
        ("nats", "training", "2"),
        ("error", "validation", "for the test part"),
        ("nats", "validation", "learning rate 0.01"),
    ]


def test_each_network_has_a_figure_by_quantity_with_a_line_for_all_seeds(run: Make) -> None:
    curves = {"train_nats": [2.0, 1.0], "valid_nats": [2.5, 1.5], "valid_error": [0.5, 0.4]}
    seeds = [run("lstm", seed=seed, kind="neural", stochastic=True, curves=curves) for seed in range(3)]
    made = table([*seeds, run("gru", kind="neural", curves=curves)])
    with drawing():
        found = training(made.rows, Pen())
    assert {quantity: [figure.title for figure in figures] for quantity, figures in found.items()} == {
        "nats": ["lstm", "gru"],
        "error": ["lstm", "gru"],
    }
    assert found["nats"][0].body.count("<title>validation</title>") == 1
