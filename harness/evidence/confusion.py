"""What confusion matrices say about reported scores: whether any gives them, and how many rows they miss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evidence.scoring import agrees, count_pairs, from_percent, match, right_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.evidence.scoring import Confusion, Label

# More matrices than this are not tried: their scores lie so close that nothing could be refuted.
MOST_MATRICES = 60_000
NEAR_ROWS = 10
LARGEST_SHARE = 1.0


def feasible(reported: Mapping[str, float], rows: int, positives: int | None = None) -> bool:
    """True unless no two-class confusion matrix of so many rows gives the reported scores, as rounded.

    `positives` is the number of rows of one class, where it is known. Any one way of averaging may give them.
    True as well where too many matrices are possible to try.
    """
    if rows <= 0:
        return False
    reported = _as_shares(reported)
    correct = [number for number in range(rows + 1) if _possible(reported, number / rows)]
    if sum(_number(number, rows, positives) for number in correct) > MOST_MATRICES:
        return True
    return any(_given(reported, pairs) for number in correct for pairs in _matrices(number, rows, positives))


def rows_apart(
    reported: Mapping[str, float],
    labels: Sequence[Label],
    predictions: Sequence[Label],
    most: int = NEAR_ROWS,
) -> int | None:
    """The fewest predictions that must be others for the reported scores to be right; None above `most`.

    With two classes this is exact. With more, it is the rows by which the accuracy is off, at least one.
    """
    if match(reported, labels, predictions).average is not None:
        return 0
    reported = _as_shares(reported)
    pairs = count_pairs(labels, predictions)
    classes = sorted({label for pair in pairs for label in pair}, key=str)
    if len(classes) != 2:  # noqa: PLR2004 - binary
        return _accuracy_apart(reported, pairs, most)
    near = sorted(_near(pairs, classes, most), key=lambda one: one[0])
    return next((apart for apart, matrix in near if _given(reported, matrix)), None)


def _as_shares(reported: Mapping[str, float]) -> Mapping[str, float]:
    return from_percent(reported) if max(reported.values(), default=0) > LARGEST_SHARE else reported


def _possible(reported: Mapping[str, float], accuracy: float) -> bool:
    return "accuracy" not in reported or agrees(reported["accuracy"], accuracy)


def _given(reported: Mapping[str, float], pairs: Confusion) -> bool:
    return any(
        all(agrees(value, right.values[name]) for name, value in reported.items())
        for right in right_of(pairs)
    )


def _number(correct: int, rows: int, positives: int | None) -> int:
    return rows + 1 if positives is not None else (correct + 1) * (rows - correct + 1)


def _matrices(correct: int, rows: int, positives: int | None) -> Iterator[Confusion]:
    for hits in range(correct + 1):
        wrong = rows - correct
        missing = range(wrong + 1) if positives is None else [positives - hits]
        for missed in missing:
            if 0 <= missed <= wrong:
                yield {(1, 1): hits, (1, 0): missed, (0, 1): wrong - missed, (0, 0): correct - hits}


def _near(pairs: Confusion, classes: Sequence[Label], most: int) -> Iterator[tuple[int, Confusion]]:
    """The matrices of the same labels that so many other predictions would give, with their number."""
    no, yes = classes
    hits, missed = pairs.get((yes, yes), 0), pairs.get((yes, no), 0)
    false, right = pairs.get((no, yes), 0), pairs.get((no, no), 0)
    for more in range(max(-hits, -most), min(missed, most) + 1):
        left = most - abs(more)
        for better in range(max(-right, -left), min(false, left) + 1):
            yield (
                abs(more) + abs(better),
                {
                    (yes, yes): hits + more,
                    (yes, no): missed - more,
                    (no, yes): false - better,
                    (no, no): right + better,
                },
            )


def _accuracy_apart(reported: Mapping[str, float], pairs: Confusion, most: int) -> int | None:
    rows = sum(pairs.values())
    right = sum(number for (label, guess), number in pairs.items() if label == guess)
    for apart in range(1, most + 1):
        near = {max(0, right - apart), min(rows, right + apart), right}
        if any(_possible(reported, number / rows) for number in near):
            return apart
    return None
