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

    None is where they share no such column, or where there are too many to compare.
    """
    return _closest(rows, others, 1)


def twins(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Which of the rows have another next to them, in the same sense."""
    return _closest(rows, rows, 2)


def _closest(rows: pd.DataFrame, others: pd.DataFrame, place: int) -> NDArray[np.bool_]:
    """Which of the rows have at least ``place`` of the others within reach."""
    shared = [
        c for c in rows.columns if c in others.columns and _is_number(rows[c]) and _is_number(others[c])
    ]
    if not shared or len(others) < place or len(rows) * len(others) > MOST_PAIRS:
        return np.zeros(len(rows), dtype=bool)
    a, b = (frame[shared].to_numpy(dtype=float, na_value=0.0) for frame in (rows, others))
    spread = np.std(np.concatenate([a, b]), axis=0)
    spread[spread == 0] = 1.0
    a, b = a / spread, b / spread
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * a @ b.T
    nearest = np.partition(squares, place - 1, axis=1)[:, place - 1]
    found: NDArray[np.bool_] = (nearest / len(shared)) < CLOSE**2
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
