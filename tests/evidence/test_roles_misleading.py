"""Roles where names and endings mislead: models in tables, thresholds, rows that are both."""

from __future__ import annotations

from tests.evidence.test_roles import METRICS, PREPARE, RAW, TRAIN, holding, roles_of, stage


def test_a_stage_that_makes_a_model_and_a_threshold_trains() -> None:
    """The threshold that the evaluation reads beside the model makes the stage no part of the evaluation."""
    tune = stage("tune", "m.pkl out/train.csv", "tuned.pkl threshold.json")
    evaluate = stage("e", "tuned.pkl threshold.json out/test.csv", f"*{METRICS}")
    roles = roles_of(PREPARE, TRAIN, tune, evaluate)
    assert (roles.train, roles.evaluate, roles.models) == (("t", "tune"), ("e",), ("tuned.pkl",))
    alone = stage("tune", "m.pkl out/train.csv", "threshold.json")
    evaluate = stage("e", "m.pkl threshold.json out/test.csv", f"*{METRICS}")
    roles = roles_of(PREPARE, TRAIN, alone, evaluate)
    assert (roles.train, roles.evaluate, roles.models) == (("t",), ("tune", "e"), ("m.pkl",))


def test_the_only_rows_that_training_reads_are_not_held_out() -> None:
    """Whatever they are called: other outputs of the preparation that nobody reads do not change that."""
    prepare = stage("p", RAW, "out/rows.csv out/notes.csv")
    train = stage("t", "t.py out/rows.csv", "m.pkl")
    evaluate = stage("e", "m.pkl out/rows.csv", f"*{METRICS}")
    assert roles_of(prepare, train, evaluate).held_out == ()
    assert holding(prepare, train, evaluate) == [True, True, True, False]


def test_a_table_may_be_the_model() -> None:
    """Coefficients in a file of rows are the model; held-out rows made from the raw data alone are not."""
    first = stage("p", RAW, "out/train.csv")
    second = stage("q", RAW, "out/test.csv")
    train = stage("t", "out/train.csv", "coefficients.csv")
    evaluate = stage("e", "coefficients.csv out/test.csv", f"*{METRICS}")
    roles = roles_of(first, second, train, evaluate)
    assert (roles.train, roles.models, roles.held_out) == (("t",), ("coefficients.csv",), ("out/test.csv",))


def test_a_table_that_training_follows_is_no_model() -> None:
    """Where the evaluation does not declare its table of coefficients, the held-out rows do not stand in."""
    clean = stage("c", RAW, "clean.csv")
    split = stage("p", "clean.csv", "out/train.csv out/test.csv")
    train = stage("t", "out/train.csv", "coefficients.csv")
    evaluate = stage("e", "out/test.csv", f"*{METRICS}")
    assert roles_of(clean, split, train, evaluate).models == ()
