"""Rows compare by value, and labels come apart from features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.evidence.rows import (
    among,
    column_that_tells,
    contains,
    csv_of,
    frame_of,
    grew,
    join_label,
    label_column,
    same_rows,
    split_label,
    without_index,
)
from harness.evidence.table import Table, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable

FLOATS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
ROWS = st.lists(st.tuples(FLOATS, st.integers(0, 3)), min_size=1, max_size=12)


def table(text: str) -> Table:
    """A table in CSV."""
    return read_table("x.csv", text.encode())


def written(rows: Iterable[tuple[float, int]], form: str = "{!r}") -> Table:
    """Rows as a table, floats in one of several forms."""
    return table("a,label\n" + "".join(f"{form.format(one)},{other}\n" for one, other in rows))


DATA = table("a,b,label\n1,0.5,0\n2,0.1,1\n2,0.1,1\n3,0.7,0\n4,0.8,1\n")


def test_same_rows_however_written() -> None:
    """The writing of floats and integers does not matter, values and order do."""
    assert same_rows(
        DATA, table("a,b,label\n1.0,5e-1,0\n2,.1,1\n2,0.1000000000000001,1\n3,0.7,0\n4,0.8,1.0\n")
    )
    assert not same_rows(DATA, table("a,b,label\n1,0.5,0\n2,0.1,1\n2,0.1,1\n3,0.7,0\n4,0.80001,1\n"))
    assert not same_rows(DATA, table("a,b,label\n2,0.1,1\n1,0.5,0\n2,0.1,1\n3,0.7,0\n4,0.8,1\n"))
    assert not same_rows(DATA, table("a,b,other\n1,0.5,0\n2,0.1,1\n2,0.1,1\n3,0.7,0\n4,0.8,1\n"))
    assert not same_rows(DATA, table("a,b,label\n1,0.5,0\n"))


@given(ROWS)
@settings(max_examples=50, deadline=None)
def test_rows_survive_rewriting(rows: list[tuple[float, int]]) -> None:
    """Rows written with 17 digits are those written with the shortest digits."""
    assert same_rows(written(rows), written(rows, "{:.17g}"))


@given(ROWS, ROWS, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_containing(rows: list[tuple[float, int]], more: list[tuple[float, int]], order: object) -> None:
    """Rows and others in any order contain the rows; without one of them they do not."""
    mixed = [*rows, *more]
    getattr(order, "shuffle")(mixed)  # noqa: B009 - Hypothesis' Random
    assert contains(written(mixed), written(rows))
    assert not contains(written(rows), written([*rows, rows[0]]))


def test_containing_counts() -> None:
    """A row that comes twice must be there twice, and columns may be in another order."""
    assert contains(DATA, table("label,b,a\n1,0.1,2\n1,0.1,2\n"))
    assert not contains(DATA, table("a,b,label\n2,0.1,1\n2,0.1,1\n2,0.1,1\n"))
    assert not contains(DATA, table("a,b\n1,0.5\n"))


def test_texts_and_gaps() -> None:
    """Texts compare as texts, and empty cells are equal to empty cells."""
    one = table("a,b\nx,\ny,2\n")
    assert same_rows(one, table('a,b\r\n"x",\r\ny,2.0\r\n'))
    assert not same_rows(one, table("a,b\nx,1\ny,2\n"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.00000000001", "1.00000000002", False),
        ("1.000000000011", "1.000000000012", True),
        ("123456789012", "123456789013", False),
        ("1234567890121", "1234567890122", True),
        ("2e-200", "2.00000000001e-200", False),
        ("0", "-0.0", True),
        ("0", "1e-320", True),
        ("True", "1", False),
        ("inf", "1e308", False),
    ],
)
def test_twelve_digits_count(one: str, other: str, *, same: bool) -> None:
    """Numbers are the same to 12 significant digits, whatever their size; truth values are no numbers."""
    assert same_rows(table(f"a\n{one}\n"), table(f"a\n{other}\n")) is same


def test_extreme_numbers() -> None:
    """Very small, very large and infinite numbers compare without a warning."""
    one = table("a\n1e-310\n1e308\n0\ninf\n-0.0\n")
    assert same_rows(one, one)
    assert not same_rows(one, table("a\n1e-300\n1e308\n0\ninf\n0\n"))


@pytest.mark.parametrize(
    ("more", "found"), [("2,0.1,1\n", True), ("5,,\n", True), (",,\n,,\n", False), ("", False)]
)
def test_growth_by_rows_with_values(more: str, found: bool) -> None:  # noqa: FBT001
    """A repeated row is one more, an empty one is not."""
    later = table("a,b,label\n" + more + "1,0.5,0\n2,0.1,1\n2,0.1,1\n3,0.7,0\n4,0.8,1\n")
    assert grew(DATA, later) is found
    assert not grew(DATA, table("a,b,label\n" + "9,9,9\n" * 7))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (",a,y\n7,0.5,0\n3,0.5,1\n", ("a", "y")),
        (",y\n7,0\n3,1\n", ("y",)),
        (",a\n7,0.5\n7,0.5\n", ("Unnamed: 0", "a")),
        (",a\n7.5,1\n1.5,2\n", ("Unnamed: 0", "a")),
        ("id,a\n7,1\n3,2\n", ("id", "a")),
    ],
)
def test_a_column_that_numbers_the_rows(text: str, columns: tuple[str, ...]) -> None:
    """Only a first column without a name, of whole numbers that are all different, is an index."""
    assert without_index(table(text)).columns == columns
    assert without_index(Table("x.npy", pd.DataFrame())).columns == ()


@pytest.mark.parametrize(
    ("guesses", "found"), [(["target", "label"], "label"), (["LABEL"], "label"), (["nothing"], None)]
)
def test_label_by_guess(guesses: list[str], found: str | None) -> None:
    """The first guess that is a column, whatever its case, is the label; other columns stay undecided."""
    both = table("side,label\n0,0\n1,1\n0,1\n1,0\n")
    assert label_column(both, guesses) == found


def test_label_by_values() -> None:
    """Without a guess, the only column of few values that are known labels is the label."""
    assert label_column(DATA, [], [0, 1]) == "label"
    assert label_column(DATA, [], ["M", "B"]) is None
    assert label_column(table("side,label\n2,0\n3,1\n2,1\n"), [], [0, 1]) == "label"
    assert label_column(table("a,y\n0.5,0\n0.25,1\n0.1,0\n"), []) == "y"
    assert label_column(table("same,y\n1,0\n1,1\n1,0\n"), []) == "y"
    assert label_column(table("a,y\n1,M\n2,\n3,M\n4,\n"), []) == "y"  # an empty cell is a value of its own
    assert label_column(table("a,y\n1,0\n2,1\n3,2\n4,0\n5,1\n6,2\n"), []) == "y"
    assert label_column(table("a,y\n1,0\n2,1\n3,2\n4,0\n5,1\n"), []) is None


def test_splitting() -> None:
    """Features keep their header and values, labels are plain numbers."""
    split = split_label(DATA, "label")
    assert (split.labels, split.column) == ((0, 1, 1, 0, 1), "label")
    assert split.features.startswith(b"a,b\n1,0.5\n")
    assert b"label" not in split.features
    with pytest.raises(KeyError):
        split_label(DATA, "nothing")


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        (["1.0", "0.5"], [1, 0.5]),
        (["True", "False"], [True, False]),
        (["9223372036854775807", "9223372036854775808"], [2**63 - 1, "9223372036854775808"]),
        (["M", "1"], ["M", "1"]),
    ],
)
def test_labels_are_plain(written: list[str], plain: list[object]) -> None:
    """Whole numbers are whole however they are written; what no number of 64 bits can be stays text."""
    labels = split_label(table("y\n" + "\n".join(written) + "\n"), "y").labels
    assert repr(labels) == repr(tuple(plain))


def test_other_labels_are_texts() -> None:
    """A value that JSON does not have is told by its text."""
    days = Table("x.parquet", pd.DataFrame({"y": pd.to_datetime(["2026-01-05", "2026-01-06"])}))
    assert split_label(days, "y").labels == ("2026-01-05 00:00:00", "2026-01-06 00:00:00")


def test_features_and_labels_apart() -> None:
    """Two files of the same number of rows make a split; others make none."""
    split = join_label(table("a\n1\n2\n"), table("i,j,y\n1,1,M\n2,2,B\n"))
    assert split is not None
    assert (split.labels, split.column, split.features) == (("M", "B"), "y", b"a\n1\n2\n")
    assert join_label(table("a\n1\n2\n"), table("y\n1\n")) is None


def test_rows_are_found_among_others_by_the_columns_of_both() -> None:
    """In whatever order the columns stand, and to twelve digits; other columns have no part in it."""
    one = pd.DataFrame({"a": [1, 2, 3], "b": [0.1, 0.2, 0.3], "c": ["x", "y", "z"]})
    other = pd.DataFrame({"d": [5, 5], "b": [0.3 + 1e-15, 0.1], "a": [3.0, 2.0]})
    assert among(one, other).tolist() == [False, False, True]
    assert among(other, one).tolist() == [True, False]
    assert among(one[["a"]], other).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("extra", "found"),
    [
        ({"kind": ["M", "B"] * 10}, "kind"),
        ({"size": list(range(20)), "kind": [2.5, 1.5] * 10}, "kind"),
        ({"kind": ["M", "B"] * 9 + ["B", "M"]}, None),
        ({"kind": ["M"] * 20}, None),
        ({}, None),
    ],
)
def test_a_column_tells_the_labels_of_rows_that_are_known(
    extra: dict[str, list[object]], found: str | None
) -> None:
    """Whatever it calls them and in whatever order the rows are; each label has one word of its own."""
    known = pd.DataFrame({"a": range(30), "b": [place / 7 for place in range(30)]})
    rows = known.head(20).join(pd.DataFrame(extra, index=range(20)))
    labels = [0, 1] * 15
    assert column_that_tells(rows, known, labels) == found
    assert column_that_tells(rows.sample(frac=1, random_state=0), known, labels) == found


def test_few_rows_tell_no_column() -> None:
    """Nor rows of one class, nor rows with few of the columns."""
    known = pd.DataFrame({"a": range(30), "b": range(30), "c": range(30)})
    rows = known.assign(kind=["M", "B"] * 15)
    labels = [0, 1] * 15
    assert column_that_tells(rows.head(14), known, labels) is None
    assert column_that_tells(rows.iloc[::2], known, labels) is None
    assert column_that_tells(rows[["a", "kind"]], known, labels) is None
    assert column_that_tells(rows[["a", "b", "kind"]], known, labels) == "kind"


@pytest.mark.parametrize("names", [["a", "b"], ["1.5", "2"]])
def test_a_frame_comes_back_from_its_features(names: list[str]) -> None:
    """Digit by digit; its first line names the columns, even where it is numbers."""
    frame = pd.DataFrame({names[0]: [0.1 + 0.2, 5e-324], names[1]: ["x", "y"]})
    assert frame_of(csv_of(frame)).equals(frame)
