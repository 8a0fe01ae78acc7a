"""The four scores of a classifier from labels and predictions, and how reported ones compare with them.

The definitions are scikit-learn's (`precision_recall_fscore_support`), in plain Python, so that nothing that
a submission could have changed takes part.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Label: TypeAlias = "bool | int | float | str"
Confusion: TypeAlias = "Mapping[tuple[Label, Label], int]"
NAMES = ("accuracy", "precision", "recall", "f1")
EXACT = 1e-9
LEAST_DECIMALS = 3
MOST_DECIMALS = 12
PERCENT = 100.0


@dataclass(frozen=True)
class Right:
    """The right values under one way of averaging: `binary:<label>`, `micro`, `macro` or `weighted`."""

    average: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class Difference:
    """One score that is not what it should be; `reported` is None where it is missing."""

    name: str
    reported: float | None
    right: float


@dataclass(frozen=True)
class Match:
    """How reported scores compare with the right ones.

    `average` is the way of averaging under which all agree, None when there is none; then `right` and
    `differences` are those of the nearest. `decimals` is the coarsest rounding among the values, None when
    all are exact. `percent` says that all were reported times a hundred.
    """

    average: str | None
    decimals: int | None
    right: Right
    differences: tuple[Difference, ...]
    percent: bool = False


def canonical(label: Label) -> Label:
    """A label as it compares: numbers by value whatever their type, and text that spells a number as one."""
    try:
        number = float(label)
    except (ValueError, OverflowError):
        return label
    if not math.isfinite(number):
        return str(label)
    return int(number) if number.is_integer() else number


def right_values(labels: Sequence[Label], predictions: Sequence[Label]) -> tuple[Right, ...]:
    """The right values under every way of averaging, with undefined ratios as 0, then as 1.

    Raises ValueError when the two differ in length or are empty.
    """
    if not labels or len(labels) != len(predictions):
        raise ValueError(f"{len(labels)} labels and {len(predictions)} predictions cannot be compared")
    return right_of(count_pairs(labels, predictions))


def count_pairs(labels: Sequence[Label], predictions: Sequence[Label]) -> Confusion:
    """How often each pair of label and prediction comes: the confusion matrix without its zeros."""
    return Counter(zip(map(canonical, labels), map(canonical, predictions), strict=True))


def right_of(pairs: Confusion) -> tuple[Right, ...]:
    """The right values under every way of averaging for a confusion matrix; raises ValueError when empty."""
    pairs = {pair: number for pair, number in pairs.items() if number}
    if not pairs:
        raise ValueError("there is no row to score")
    classes = sorted({label for pair in pairs for label in pair}, key=lambda one: (str(type(one)), one))
    counts = {label: _counts(pairs, label) for label in classes}
    right = sum(number for (label, guess), number in pairs.items() if label == guess)
    accuracy = right / sum(pairs.values())
    found = [
        Right(name, {"accuracy": accuracy} | dict(zip(NAMES[1:], values, strict=True)))
        for undefined in (0.0, 1.0)
        for name, values in _averages(counts, undefined)
    ]
    return tuple(one for place, one in enumerate(found) if one not in found[:place])


def match(reported: Mapping[str, float], labels: Sequence[Label], predictions: Sequence[Label]) -> Match:
    """Compare reported scores with the right ones; all must agree under one average, exactly or as rounded.

    A value agrees when it is right to 1e-9, or to the decimals that it shows, at least three. Percentages
    agree when all values are a hundred times the right ones: the same statement in another unit.
    """
    rights = right_values(labels, predictions)
    plain = [_matched(reported, one) for one in rights]
    percent = [replace(_matched(from_percent(reported), one), percent=True) for one in rights]
    return min(plain + percent, key=lambda one: (len(one.differences), one.percent, _gap(one)))


def from_percent(reported: Mapping[str, float]) -> dict[str, float]:
    """Percentages as fractions, without the noise that dividing a rounded number brings."""
    return {name: round(value / PERCENT, MOST_DECIMALS) for name, value in reported.items()}


def accuracy(predictions: Sequence[Label], labels: Sequence[Label]) -> float:
    """The share of predictions that are right, from 0 to 1; there must be at least one."""
    pairs = list(zip(map(canonical, predictions), map(canonical, labels), strict=True))
    return sum(one == other for one, other in pairs) / len(pairs)


def agrees(reported: float, right: float) -> bool:
    """True when a value is right to 1e-9, or as rounded to the decimals that it shows, at least three."""
    shown = decimals(reported)
    half = 0.5 * 10.0**-shown if shown <= MOST_DECIMALS else 0.0
    return abs(reported - right) <= half + EXACT


def decimals(value: float) -> int:
    """How many decimals a value shows, at least three: trailing zeros cannot be seen."""
    text = f"{value:.17g}" if "e" in repr(value) else repr(value)
    return max(LEAST_DECIMALS, len(text.partition(".")[2]))


def _matched(reported: Mapping[str, float], right: Right) -> Match:
    differences = tuple(
        Difference(name, reported.get(name), value)
        for name, value in right.values.items()
        if name not in reported or not agrees(reported[name], value)
    )
    inexact = [
        decimals(reported[name])
        for name, value in right.values.items()
        if name in reported and abs(reported[name] - value) > EXACT
    ]
    average = None if differences else right.average
    return Match(average, min(inexact, default=None), right, differences)


def _gap(one: Match) -> float:
    return sum(abs(d.reported - d.right) if d.reported is not None else 1.0 for d in one.differences)


@dataclass(frozen=True)
class _Counts:
    """True positives, false positives and false negatives of one class."""

    hits: int
    false: int
    missed: int

    @property
    def support(self) -> int:
        return self.hits + self.missed

    def scores(self, undefined: float) -> tuple[float, float, float]:
        """Precision, recall and f1; `undefined` stands where nothing was to be divided by."""
        return (
            _ratio(self.hits, self.hits + self.false, undefined),
            _ratio(self.hits, self.support, undefined),
            _ratio(2 * self.hits, 2 * self.hits + self.false + self.missed, undefined),
        )


def _counts(pairs: Confusion, label: Label) -> _Counts:
    false = sum(number for (truth, guess), number in pairs.items() if guess == label != truth)
    missed = sum(number for (truth, guess), number in pairs.items() if truth == label != guess)
    return _Counts(pairs.get((label, label), 0), false, missed)


def _averages(
    counts: Mapping[Label, _Counts], undefined: float
) -> Iterator[tuple[str, tuple[float, float, float]]]:
    scores = {label: one.scores(undefined) for label, one in counts.items()}
    if len(counts) <= 2:  # noqa: PLR2004 - binary
        yield from ((f"binary:{label}", values) for label, values in reversed(scores.items()))
    total = _Counts(*(sum(column) for column in zip(*map(_row, counts.values()), strict=True)))
    yield "macro", _mean(list(scores.values()), [1] * len(scores))
    yield "weighted", _mean(list(scores.values()), [one.support for one in counts.values()])
    yield "micro", total.scores(undefined)


def _row(one: _Counts) -> tuple[int, int, int]:
    return one.hits, one.false, one.missed


def _mean(rows: Sequence[tuple[float, float, float]], weights: Sequence[int]) -> tuple[float, float, float]:
    whole = sum(weights)
    precision, recall, f1 = (
        sum(row[place] * weight for row, weight in zip(rows, weights, strict=True)) / whole
        for place in range(3)
    )
    return precision, recall, f1


def _ratio(part: int, whole: int, undefined: float) -> float:
    return part / whole if whole else undefined
