"""Tables that teach the wrong thing: the rows' features exchanged between the classes, the labels left alone.

Labels keep their places, so that a split by position, stratified or not, puts the same rows on each side.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from numpy.typing import NDArray

    from harness.evidence.scoring import Label

CLOSE = 0.1  # in standard deviations, as the root mean square over the columns
MOST_PAIRS = 20_000_000
ROUNDING = 1e-12


def crossed(
    features: pd.DataFrame, labels: Sequence[Label], spared: NDArray[np.bool_], rng: Random
) -> pd.DataFrame:
    """The features with each row's exchanged for those of a row of another class, as far as these reach.

    Rows that are ``spared`` keep theirs. Which rows change places is drawn from ``rng``.
    """
    places: dict[Label, list[int]] = {}
    for place in np.flatnonzero(~spared).tolist():
        places.setdefault(labels[place], []).append(place)
    groups = [rng.sample(group, len(group)) for group in sorted(places.values(), key=len)]
    source = np.arange(len(features))
    for one, other in pairwise(groups):
        for a, b in zip(one, other, strict=False):
            source[a], source[b] = source[b], source[a]
    return features.iloc[source].set_axis(features.index)


def near(rows: pd.DataFrame, others: pd.DataFrame) -> NDArray[np.bool_]:
    """Which of the rows are, but for a little noise, among the others, by the numeric columns of both.

    Where the rows of the smaller table are crowded, as in one column or two, a row has others beside it by
    chance: there less counts as noise, and where they are equal, nothing does. None is near, either, where
    the tables share no such column, or where there are too many rows to compare.
    """
    a, b = _scaled(rows, others)
    room = _room(min(a, b, key=len))
    found: NDArray[np.bool_] = _distances(a, b, 1) < (CLOSE if room > 2 * CLOSE else room / 10)
    return found


def twins(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Which of the rows have another next to them, however crowded they are."""
    a, b = _scaled(rows, rows)
    found: NDArray[np.bool_] = _distances(a, b, 2) < CLOSE
    return found


def _room(rows: NDArray[np.float64]) -> float:
    """How far nine in ten of the rows are at least from any other; endless where there is none."""
    return float([*np.sort(_distances(rows, rows, 2)), np.inf][len(rows) // 10])


def _scaled(rows: pd.DataFrame, others: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The numeric columns that both have, from their mean, in standard deviations of all rows."""
    shared = [
        c for c in rows.columns if c in others.columns and _is_number(rows[c]) and _is_number(others[c])
    ]
    a, b = (frame[shared].to_numpy(dtype=float, na_value=0.0) for frame in (rows, others))
    every = np.concatenate([a, b])
    if not len(every):
        return a, b
    middle, spread = every.mean(axis=0), every.std(axis=0)
    spread[spread == 0] = 1.0
    return (a - middle) / spread, (b - middle) / spread


def _distances(a: NDArray[np.float64], b: NDArray[np.float64], place: int) -> NDArray[np.float64]:
    """How far from each row of ``a`` that of ``b`` is which comes at this place, from the nearest on.

    As the root mean square over the columns; endless where it cannot be told.
    """
    if not a.shape[1] or len(b) < place or len(a) * len(b) > MOST_PAIRS:
        return np.full(len(a), np.inf)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * a @ b.T
    nearest = np.partition(squares, place - 1, axis=1)[:, place - 1] / a.shape[1]
    found: NDArray[np.float64] = np.sqrt(np.where(nearest < ROUNDING, 0.0, nearest))
    return found


def moved(features: pd.DataFrame, rng: Random, share: float) -> pd.DataFrame:
    """The features with each measurement moved by up to ``share`` of its column's standard deviation."""
    found = features.copy()
    for name in features.columns[[pd.api.types.is_float_dtype(kind) for kind in features.dtypes]]:
        steps = np.array([rng.uniform(-share, share) for _ in range(len(features))])
        found[name] = features[name] + steps * features[name].std(ddof=0)
    return found


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
