"""The harness's own scores are scikit-learn's, and reported ones agree exactly, as rounded, or not at all."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from harness.evidence.scoring import (
    Difference,
    agrees,
    canonical,
    decimals,
    match,
    right_of,
    right_values,
)

Pair = tuple[int, int]
TWO_CLASSES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40)
CLASSES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)

LABELS = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
GUESSES = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def reported(average: str = "binary:1", digits: int | None = None) -> dict[str, float]:
    """The right values of the sample under one average, rounded on demand."""
    values = next(one.values for one in right_values(LABELS, GUESSES) if one.average == average)
    return {name: value if digits is None else round(value, digits) for name, value in values.items()}


def sklearn_scores(rows: list[Pair], average: str, undefined: int) -> dict[str, float]:
    """What scikit-learn says of labels and predictions."""
    labels, guesses = zip(*rows, strict=True)
    kind, _, positive = average.partition(":")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, f1, _ = precision_recall_fscore_support(
            labels, guesses, average=kind, pos_label=int(positive or 1), zero_division=undefined
        )
    return {
        "accuracy": accuracy_score(labels, guesses),
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


@pytest.mark.parametrize("undefined", [0, 1])
@given(rows=st.one_of(TWO_CLASSES, CLASSES))
@settings(max_examples=40, deadline=None)
def test_same_as_scikit_learn(undefined: int, rows: list[Pair]) -> None:
    """Under every way of averaging, with undefined ratios as 0 and as 1, the values are scikit-learn's."""
    ours = right_values([one for one, _ in rows], [other for _, other in rows])
    averages = ["macro", "micro", "weighted"]
    classes = {label for row in rows for label in row}
    if len(classes) == 2 and classes <= {0, 1}:
        averages += ["binary:0", "binary:1"]
    for average in averages:
        theirs = sklearn_scores(rows, average, undefined)
        assert any(
            one.average == average and one.values == pytest.approx(theirs, abs=1e-12) for one in ours
        ), (average, theirs)


@given(CLASSES, st.permutations(range(4)))
def test_names_of_classes_do_not_matter(rows: list[Pair], names: list[int]) -> None:
    """Other labels for the same classes give the same averages."""
    renamed = [(f"class {names[one]}", f"class {names[other]}") for one, other in rows]

    def averages(pairs: list[tuple[str, str]] | list[Pair]) -> list[dict[str, float]]:
        found = right_values([one for one, _ in pairs], [other for _, other in pairs])
        return [dict(one.values) for one in found if ":" not in one.average]

    assert all(
        one == pytest.approx(other) for one, other in zip(averages(rows), averages(renamed), strict=True)
    )


@pytest.mark.parametrize("average", ["binary:1", "binary:0", "macro", "weighted", "micro"])
@pytest.mark.parametrize("digits", [None, 3, 4, 6])
def test_right_values_match(average: str, digits: int | None) -> None:
    """The right values match under each average, exact or rounded to three decimals or more."""
    found = match(reported(average, digits), LABELS, GUESSES)
    assert found.average == average
    assert found.differences == ()
    assert found.decimals in {None, digits}
    assert not found.percent


@given(TWO_CLASSES, st.sampled_from([None, 3, 5, 9]))
@settings(max_examples=60)
def test_every_right_value_matches(rows: list[Pair], digits: int | None) -> None:
    """Whatever the predictions, their own scores match them, however they are rounded."""
    labels, guesses = [one for one, _ in rows], [other for _, other in rows]
    for right in right_values(labels, guesses):
        shown = {
            name: value if digits is None else round(value, digits) for name, value in right.values.items()
        }
        assert match(shown, labels, guesses).average is not None


def test_two_decimals_are_too_few() -> None:
    """Two decimals match only where the third is a zero."""
    assert match(reported(digits=2), LABELS, GUESSES).average is None
    assert match({"accuracy": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0}, [1, 0], [1, 0]).average


def test_one_average_for_all() -> None:
    """A precision of one average beside a recall of another does not match, and the nearest is named."""
    mixed = reported("binary:1") | {"recall": reported("binary:0")["recall"]}
    found = match(mixed, LABELS, GUESSES)
    assert found.average is None
    assert found.right.average == "binary:1"
    assert found.differences == (Difference("recall", mixed["recall"], reported("binary:1")["recall"]),)


def test_missing_score() -> None:
    """A score that is not reported is a difference without a reported value."""
    found = match({"accuracy": reported()["accuracy"]}, LABELS, GUESSES)
    assert {(one.name, one.reported) for one in found.differences} == {
        ("precision", None),
        ("recall", None),
        ("f1", None),
    }


def test_percentages() -> None:
    """All four times a hundred is the same statement, and said to be one; a mixture is wrong."""
    percent = {name: round(100 * value, 2) for name, value in reported().items()}
    assert match(percent, LABELS, GUESSES).percent
    assert match(percent, LABELS, GUESSES).average == "binary:1"
    assert match(percent | {"f1": reported()["f1"]}, LABELS, GUESSES).average is None


def test_labels_as_they_are_written() -> None:
    """Labels from a table and predictions from JSON compare by value, not by type."""
    assert right_values(["1", "0", "1.0"], [1, 0.0, True])[0].values["accuracy"] == 1.0
    assert canonical("nan") == "nan"
    assert canonical("M") == "M"
    assert canonical(0.5) == 0.5


@pytest.mark.parametrize(("labels", "guesses"), [([], []), ([1], [1, 0])])
def test_nothing_to_score(labels: list[int], guesses: list[int]) -> None:
    """No rows, or other numbers of rows, cannot be scored."""
    with pytest.raises(ValueError, match="cannot be compared"):
        right_values(labels, guesses)
    with pytest.raises(ValueError, match="no row"):
        right_of({(1, 1): 0})


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.948, 3), (0.9, 3), (1.0, 3), (0.94828, 5), (1e-05, 5), (0.9482758620689655, 16)],
)
def test_decimals(value: float, shown: int) -> None:
    """The decimals of a value are those that it shows, at least three."""
    assert decimals(value) >= shown
    assert decimals(value) == shown or value < 0.001


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.5, 0.9489, 0.9477])
def test_no_agreement(value: float) -> None:
    """What is no number, or off by more than rounding, does not agree."""
    assert not agrees(value, 0.9483)
