"""Comparing tables by the values of their rows, and parting features from labels."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from harness.evidence.scoring import Label
    from harness.evidence.table import Table

DIGITS = 12
SMALLEST = -290  # power of ten; below it the scale would overflow
MOST_CLASSES = 20
INDEX_NAMES = ("", "Unnamed: 0")  # what pandas makes of the header that `to_csv` gives to a frame's index
FEWEST_SAME, TWO_CLASSES = 15, 2
FARTHEST = 1 << 63  # no label is a number beyond it


@dataclass(frozen=True)
class Split:
    """Features as CSV bytes with a header, and the labels of the same rows, which the harness keeps."""

    features: bytes
    labels: tuple[Label, ...]
    column: str


def same_rows(one: Table, other: Table) -> bool:
    """True when two tables have the same columns and the same rows in the same order.

    Values are compared to 12 significant digits, so that line ends and the writing of floats do not matter.
    """
    if one.columns != other.columns or one.row_count != other.row_count:
        return False
    return bool((_keys(one.frame) == _keys(other.frame)).all())


def contains(larger: Table, smaller: Table) -> bool:
    """True when each row of the smaller table is in the larger, as often, in whatever order.

    The columns must be the same, in whatever order; values are compared as `same_rows` does.
    """
    if sorted(larger.columns) != sorted(smaller.columns):
        return False
    many = Counter(_keys(larger.frame).tolist())
    few = Counter(_keys(smaller.frame[larger.frame.columns]).tolist())
    return all(many[key] >= number for key, number in few.items())


def among(rows: pd.DataFrame, others: pd.DataFrame) -> NDArray[np.bool_]:
    """Which of the rows are among the others, by the values of the columns of both, to 12 digits."""
    shared = [name for name in rows.columns if name in others.columns]
    return np.isin(_keys(rows[shared]), _keys(others[shared]))


def column_that_tells(rows: pd.DataFrame, others: pd.DataFrame, labels: Sequence[Label]) -> str | None:
    """The column of some rows that tells the ``labels`` of those which are among the others, in its words.

    The others lack it, and have twice as many columns as both share at most. None where there is none, where
    fewer than 15 rows are the same, or where these are all of one class.
    """
    shared = [name for name in others.columns if name in rows.columns]
    if not shared or 2 * len(shared) < others.shape[1]:
        return None
    known = dict(zip(_keys(others[shared]).tolist(), labels, strict=True))
    found = pd.Series(_keys(rows[shared]), index=rows.index).map(known).dropna()
    if len(found) < FEWEST_SAME or found.nunique() < TWO_CLASSES:
        return None
    for name in (name for name in rows.columns if name not in others.columns):
        told = rows.loc[found.index, name]
        if len(set(zip(found, told, strict=True))) == found.nunique() == told.nunique():
            return str(name)
    return None


def grew(former: Table, later: Table) -> bool:
    """True when the later table has each row of the former and at least one more that is not empty."""
    return _filled(later) > _filled(former) and contains(later, former)


def _filled(table: Table) -> int:
    """The number of rows with any value in them."""
    return int(table.frame.notna().any(axis=1).sum())


def without_index(table: Table) -> Table:
    """The table without a first column that only numbers its rows, which `to_csv` writes by default."""
    first = table.columns[0] if table.columns else None
    numbers = table.frame.iloc[:, 0] if first in INDEX_NAMES else None
    if numbers is None or not pd.api.types.is_integer_dtype(numbers) or not numbers.is_unique:
        return table
    return replace(table, frame=table.frame.iloc[:, 1:])


def label_column(table: Table, guesses: Iterable[str], values: Iterable[Label] | None = None) -> str | None:
    """The column of the labels: the first of the guesses that is there, else the only one that can be.

    Such a column has few different values, all of them among `values` where these are known (those of the raw
    data's label column). None when no column, or more than one, can be.
    """
    names = {name.lower(): name for name in reversed(table.columns)}
    for guess in guesses:
        if guess.lower() in names:
            return names[guess.lower()]
    known = None if values is None else {_plain(value) for value in values}
    found = [name for name in table.columns if _may_be_label(table.frame[name], known)]
    return found[0] if len(found) == 1 else None


def split_label(table: Table, column: str) -> Split:
    """A table parted into features and labels; raises KeyError where there is no such column."""
    return Split(csv_of(table.frame.drop(columns=[column])), labels_in(table, column), column)


def labels_in(table: Table, column: str) -> tuple[Label, ...]:
    """The values of a column as labels; raises KeyError where there is no such column."""
    return tuple(_plain(value) for value in table.frame[column].tolist())


def join_label(features: Table, labels: Table, column: str | None = None) -> Split | None:
    """Features and labels that lie in two files; `column` of the labels, their last when not named.

    None when the two do not have the same number of rows.
    """
    if features.row_count != labels.row_count or not labels.columns:
        return None
    name = column or labels.columns[-1]
    return Split(csv_of(features.frame), labels_in(labels, name), name)


def csv_of(frame: pd.DataFrame) -> bytes:
    """A frame as CSV with a header, as features are given to a model."""
    return frame.to_csv(index=False, lineterminator="\n").encode()


def frame_of(features: bytes) -> pd.DataFrame:
    """The frame that `csv_of` wrote, whose first line names the columns even where they are numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas 3 reads numbers so by default, and says that this is old
        return pd.read_csv(io.BytesIO(features), float_precision="round_trip")


def _plain(value: object) -> Label:
    """A label as JSON has it; numbers that are whole become int."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, int):
        return value if abs(value) < FARTHEST else str(value)
    return str(value)


def _may_be_label(column: pd.Series, known: set[Label] | None) -> bool:
    """True for a column of few different values, which are known ones where these are given."""
    different = column.nunique(dropna=False)
    few = 1 < different <= min(MOST_CLASSES, max(2, len(column) // 2))
    return bool(few) and (known is None or {_plain(value) for value in column.unique().tolist()} <= known)


def _keys(frame: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.integer]]:
    """One number for each row; rows of equal values, to the digits that count, get the same."""
    plain = {str(place): _rounded(frame.iloc[:, place]) for place in range(frame.shape[1])}
    hashes = pd.util.hash_pandas_object(pd.DataFrame(plain, index=frame.index), index=False)
    return hashes.to_numpy()


def _rounded(column: pd.Series) -> pd.Series:
    """Numbers to 12 significant digits, integers as floats; everything else as text."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.astype(str).str.strip()
    values = column.to_numpy(dtype=float)
    with np.errstate(divide="ignore"):
        magnitude = np.floor(np.log10(np.abs(values)))
    scale = np.power(10.0, DIGITS - 1 - np.clip(np.nan_to_num(magnitude, posinf=0.0), SMALLEST, None))
    return pd.Series(np.round(values * scale) / scale + 0.0, index=column.index)
