"""Scores that no table of hits and misses gives are refuted; near ones are so many rows away."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.evidence.confusion import feasible, rows_apart
from harness.evidence.scoring import match, right_values

LABELS = [1] * 72 + [0] * 44
GUESSES = [1] * 70 + [0] * 2 + [1] * 4 + [0] * 40
ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=30)


def scores(labels: list[int], guesses: list[int], digits: int = 17, place: int = 0) -> dict[str, float]:
    """The right values under one average, rounded."""
    return {name: round(value, digits) for name, value in right_values(labels, guesses)[place].values.items()}


@given(ROWS, st.sampled_from([3, 5, 17]), st.booleans(), st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_real_scores_are_feasible(rows: list[tuple[int, int]], digits: int, known: bool, place: int) -> None:  # noqa: FBT001 - drawn
    """Whatever real predictions give, rounded or not, under any average, some matrix gives."""
    labels, guesses = [one for one, _ in rows], [other for _, other in rows]
    place %= len(right_values(labels, guesses))
    positives = sum(labels) if known else None
    assert feasible(scores(labels, guesses, digits, place), len(rows), positives)


@pytest.mark.parametrize(
    "invented",
    [
        {"accuracy": 0.99, "precision": 0.99, "recall": 0.99, "f1": 0.99},
        {"accuracy": 0.95, "precision": 0.95, "recall": 0.95, "f1": 0.95},
        {"accuracy": 0.9483, "precision": 0.9, "recall": 0.9, "f1": 0.5},
        {"accuracy": 1.2, "precision": 0.9, "recall": 0.9, "f1": 0.9},
    ],
)
def test_invented_scores_are_not(invented: dict[str, float]) -> None:
    """Round numbers that somebody thought of fit no matrix of 116 rows."""
    assert not feasible(invented, 116)
    assert not feasible(invented, 116, 72)


def test_other_number_of_rows() -> None:
    """Scores of 116 rows do not fit 114."""
    assert feasible(scores(LABELS, GUESSES), 116, 72)
    assert feasible({name: 100 * value for name, value in scores(LABELS, GUESSES, 4).items()}, 116)
    assert not feasible(scores(LABELS, GUESSES), 114)
    assert not feasible(scores(LABELS, GUESSES), 0)


def test_too_many_matrices() -> None:
    """A large table cannot refute anything unless the number of positives is known."""
    invented = {"accuracy": 0.5, "precision": 0.9, "recall": 0.123, "f1": 0.9}
    assert feasible(invented, 100_000)
    assert not feasible(invented, 2_000, 1_000)


@pytest.mark.parametrize("apart", [0, 1, 2, 5])
def test_rows_apart(apart: int) -> None:
    """Predictions that differ in so many rows are exactly so many rows apart."""
    others = [1] * (70 - apart) + [0] * (2 + apart) + GUESSES[72:]
    assert rows_apart(scores(LABELS, others), LABELS, GUESSES) == apart
    assert rows_apart(scores(LABELS, others, 4), LABELS, GUESSES) == apart


@pytest.mark.parametrize("most", [1, 2, 4])
@pytest.mark.parametrize("guesses", list(itertools.product((0, 1), repeat=4)), ids=str)
def test_rows_apart_by_trying_all(guesses: tuple[int, ...], most: int) -> None:
    """The number is that of the nearest of all predictions there are which give the scores."""
    labels = [1, 1, 1, 0]
    everything = list(itertools.product((0, 1), repeat=4))
    for target in everything[::3]:
        reported = scores(labels, list(target))
        right = [one for one in everything if match(reported, labels, one).average is not None]
        fewest = min(sum(a != b for a, b in zip(one, guesses, strict=True)) for one in right)
        assert rows_apart(reported, labels, guesses, most) == (fewest if fewest <= most else None)


@pytest.mark.parametrize("positives", [None, 0, 1, 2, 3])
def test_feasible_by_trying_all(positives: int | None) -> None:
    """Of three rows, exactly those scores are possible that some labels and predictions have."""
    values = [0.0, 1 / 3, 1 / 2, 2 / 3, 1.0, 4 / 3]
    every = [
        right.values
        for labels in itertools.product((0, 1), repeat=3)
        for guesses in itertools.product((0, 1), repeat=3)
        for right in right_values(labels, guesses)
        if positives in {None, sum(labels)}
    ]
    for reported in itertools.product(values, repeat=3):
        named = dict(zip(("accuracy", "precision", "recall"), reported, strict=True))
        found = any(all(abs(one[name] - value) < 1e-9 for name, value in named.items()) for one in every)
        assert feasible(named, 3, positives) is found


def test_without_scores_anything_is_feasible() -> None:
    """Nothing reported contradicts nothing, of one row too, but of no row there are no scores."""
    assert feasible({}, 1)
    assert not feasible({}, 0)


@pytest.mark.parametrize(
    ("accuracy", "rows", "positives"), [(300 / 499, 499, None), (30_000 / 60_000, 60_000, 5)]
)
def test_how_many_matrices_are_tried(accuracy: float, rows: int, positives: int | None) -> None:
    """More than 60,000 matrices are not tried: 301 times 200, or as many as rows where one class is known."""
    assert feasible({"accuracy": accuracy, "f1": 0.123}, rows, positives)


def test_far_apart() -> None:
    """More rows than asked for, or values that no predictions give, have no number."""
    assert rows_apart(scores(LABELS, [1 - guess for guess in GUESSES]), LABELS, GUESSES) is None
    assert rows_apart({"accuracy": 0.5, "f1": 0.9}, LABELS, GUESSES) is None


def test_three_classes() -> None:
    """With more than two classes the accuracy tells the rows, at least one."""
    labels, guesses = [0, 1, 2, 2, 1, 0] * 10, [0, 1, 2, 2, 1, 1] * 10
    right = scores(labels, guesses)
    assert rows_apart(right, labels, guesses) == 0
    assert rows_apart(right | {"accuracy": 52 / 60}, labels, guesses) == 2
    assert rows_apart(right | {"f1": 0.123}, labels, guesses) == 1
    assert rows_apart(right | {"accuracy": 0.1}, labels, guesses) is None


@pytest.mark.parametrize(("accuracy", "most", "apart"), [(3, 3, 3), (3, 2, None), (9, 3, 3), (6, 1, 1)])
def test_three_classes_are_apart_either_way(accuracy: int, most: int, apart: int | None) -> None:
    """The accuracy may be too high or too low by up to so many rows."""
    labels, guesses = [0, 1, 2] * 3, [0, 1, 2, 0, 1, 2, 1, 2, 0]
    assert rows_apart({"accuracy": accuracy / 9, "f1": 0.9}, labels, guesses, most) == apart
