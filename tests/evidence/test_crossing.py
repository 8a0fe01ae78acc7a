"""Features change places between the classes; labels, and the rows that are spared, stay."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pytest

from harness.evidence.crossing import crossed, moved, near, twins

LABELS = (0, 1, 0, 1, 1, 0, 1)
ROWS = pd.DataFrame({"a": [float(place) for place in range(7)], "b": list("stuvwxy")}, index=range(10, 17))
NONE = np.zeros(7, dtype=bool)


def drawing(seed: int) -> Random:
    """A generator of its own for each draw."""
    return Random(seed)  # noqa: S311 (drawing lots, not keys)


def classes(frame: pd.DataFrame) -> list[int]:
    """The class that each row's features had at first."""
    return [LABELS[int(value)] for value in frame["a"]]


@pytest.mark.parametrize("seed", range(5))
def test_each_row_gets_features_of_another_class(seed: int) -> None:
    """As far as the smaller class reaches; whole rows move, and none is lost."""
    found = crossed(ROWS, LABELS, NONE, drawing(seed))
    wrong = sum(a != b for a, b in zip(classes(found), LABELS, strict=True))
    assert wrong == 6
    assert list(found.index) == list(ROWS.index)
    assert sorted(zip(found.a, found.b, strict=True)) == sorted(zip(ROWS.a, ROWS.b, strict=True))
    assert found.equals(crossed(ROWS, LABELS, NONE, drawing(seed)))


def test_spared_rows_keep_their_features() -> None:
    """Where all are spared, or all are of one class, nothing moves."""
    spared = np.array([True, True, False, False, False, False, False])
    found = crossed(ROWS, LABELS, spared, drawing(1))
    assert found[spared].equals(ROWS[spared])
    assert sum(a != b for a, b in zip(classes(found), LABELS, strict=True)) == 4
    assert crossed(ROWS, LABELS, ~NONE, drawing(1)).equals(ROWS)
    assert crossed(ROWS, ("x",) * 7, NONE, drawing(1)).equals(ROWS)


def test_the_smallest_class_changes_places_first() -> None:
    """Of three classes, each changes places with the next larger one, whichever comes first in the table."""
    labels = ("a", "a", "a", "a", "b", "c", "c")
    found = crossed(ROWS, labels, NONE, drawing(0))
    assert sum(labels[int(value)] != label for value, label in zip(found["a"], labels, strict=True)) == 5


def test_near_rows_are_found_through_noise() -> None:
    """By the columns that both have, on the scale of each."""
    rng = np.random.default_rng(0)
    others = pd.DataFrame(rng.normal(0, [1.0, 1000.0], size=(30, 2)), columns=["x", "y"])
    rows = others.iloc[[3, 4, 5]] + np.array([[0.0, 0.0], [0.01, 10.0], [50.0, 50_000.0]])
    assert near(rows.assign(z="text"), others).tolist() == [True, True, False]
    assert near(rows, others.rename(columns={"x": "p", "y": "q"})).tolist() == [False] * 3
    assert near(rows, others.iloc[:0]).tolist() == [False] * 3


@pytest.mark.parametrize(
    ("row", "is_near"), [([1.05, 1.0], True), ([1.12, 1.0], True), ([1.2, 1.0], False), ([1.12, 1.12], False)]
)
def test_nearness_is_the_mean_over_the_columns(row: list[float], *, is_near: bool) -> None:
    """Less than 0.1 standard deviations apart, as the root mean square over the columns."""
    others = pd.DataFrame([[1.0, 1.0], [-1.0, -1.0]] * 500, columns=["x", "y"])
    assert near(pd.DataFrame([row], columns=["x", "y"]), others).tolist() == [is_near]


@pytest.mark.parametrize("others_first", [False, True])
@pytest.mark.parametrize("columns", [1, 2, 3])
def test_in_crowded_columns_rows_are_not_near_by_chance(columns: int, *, others_first: bool) -> None:
    """Copies are, if moved by less than usual neighbours are apart, wherever the columns' zero may be."""
    rng = np.random.default_rng(columns)
    few, many = (pd.DataFrame(1e6 + rng.normal(size=(count, columns))) for count in (100, 400))
    copies = few[:20] + 1e-5
    rows, others = (few, pd.concat([many, copies]))[:: 1 if others_first else -1]
    found = near(rows, others)
    copied = found[:20] if others_first else found[-20:]
    assert copied.all()
    assert found.sum() - 20 < 0.1 * (80 if others_first else 400)


def test_equal_values_of_binned_columns_are_no_copies() -> None:
    """Where rows of one table are alike, those of another are as well."""
    rng = np.random.default_rng(0)
    rows, others = (
        pd.DataFrame(rng.integers(4, size=(count, 3)), columns=list("abc")) for count in (400, 100)
    )
    assert not near(rows, others).any()
    assert not near(others, rows).any()
    assert near(rows[:1], others[:0]).tolist() == [False]


def test_only_numbers_are_compared() -> None:
    """Texts and truth values are left out; a missing number counts as 0, in nullable columns too."""
    rows = pd.DataFrame({"x": [0.0, 10.0, None], "t": list("abc"), "b": [True, False, True]})
    others = rows.assign(t="z", b=[False, True, False]).iloc[:2]
    assert near(rows, others).tolist() == [True, True, True]
    assert near(rows.convert_dtypes(), others.convert_dtypes()).tolist() == [True, True, True]
    assert near(rows[["t"]], others).dtype == bool


def test_twins_are_rows_next_to_another() -> None:
    """A row is no twin of itself; one row alone, and rows without numbers, have none."""
    rows = pd.DataFrame({"x": [0.0, 0.01, 5.0, 9.0, 9.0], "t": list("abcde")})
    assert twins(rows).tolist() == [True, True, False, True, True]
    assert twins(rows[:0]).tolist() == []
    assert twins(rows[:1]).tolist() == [False]
    assert twins(rows[:2]).tolist() == [False, False]
    assert twins(rows[["t"]]).tolist() == [False] * 5


def test_a_column_that_is_the_same_everywhere_tells_nothing() -> None:
    """It has no scale, and is no reason to fail."""
    rows = pd.DataFrame({"x": [1.0, 2.0], "same": [5, 5]})
    assert near(rows, rows.iloc[:1]).tolist() == [True, False]


def test_rows_are_moved_a_little() -> None:
    """Measurements by a share of their spread, everything else not at all."""
    frame = pd.DataFrame({"x": [0.01, 0.02, 0.04], "count": [1, 2, 4], "name": list("abc")})
    found = moved(frame, drawing(0), 0.01)
    steps = (found.x - frame.x).abs()
    assert (steps > 0).all()
    assert (steps <= 0.01 * frame.x.std()).all()
    assert moved(frame[:1], drawing(0), 0.01).equals(frame[:1])  # one row has no spread
    assert found.drop(columns="x").equals(frame.drop(columns="x"))
