"""Features change places between the classes; labels, and the rows that are spared, stay."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pytest

from harness.evidence.crossing import crossed, moved, near

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


def test_near_rows_are_found_through_noise() -> None:
    """By the columns that both have, on the scale of each."""
    rng = np.random.default_rng(0)
    others = pd.DataFrame(rng.normal(0, [1.0, 1000.0], size=(30, 2)), columns=["x", "y"])
    rows = others.iloc[[3, 4, 5]] + np.array([[0.0, 0.0], [0.01, 10.0], [50.0, 50_000.0]])
    assert near(rows.assign(z="text"), others).tolist() == [True, True, False]
    assert near(rows, others.rename(columns={"x": "p", "y": "q"})).tolist() == [False] * 3
    assert near(rows, others.iloc[:0]).tolist() == [False] * 3


def test_a_column_that_is_the_same_everywhere_tells_nothing() -> None:
    """It has no scale, and is no reason to fail."""
    rows = pd.DataFrame({"x": [1.0, 2.0], "same": [5, 5]})
    assert near(rows, rows.iloc[:1]).tolist() == [True, False]


def test_rows_are_moved_a_little() -> None:
    """Measurements by a share of their spread, everything else not at all."""
    frame = pd.DataFrame({"x": [1.0, 2.0, 4.0], "count": [1, 2, 4], "name": list("abc")})
    found = moved(frame, drawing(0), 0.01)
    steps = (found.x - frame.x).abs()
    assert (steps > 0).all()
    assert (steps <= 0.01 * frame.x.std()).all()
    assert found.drop(columns="x").equals(frame.drop(columns="x"))
