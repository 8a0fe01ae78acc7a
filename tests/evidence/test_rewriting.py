"""The same table in other bytes."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from harness.evidence.rewriting import in_other_bytes, with_labels_of_others

ROWS = "1.5,x,0\n2.25,y,1\n"


@pytest.mark.parametrize("name", ["a", "mean radius", '"a"', "\ufeffa", '\ufeff"a b"'])
def test_a_table_is_the_same_in_other_bytes(name: str) -> None:
    """Its first column's name has quotes then, or has lost them, behind a byte order mark, too."""
    data = f"{name},b,target\n{ROWS}".encode()
    other = in_other_bytes("t.csv", data)
    assert other != data
    assert in_other_bytes("t.csv", other) == data
    before, after = (pd.read_csv(io.BytesIO(one), encoding="utf-8-sig") for one in (data, other))
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (",a,b\n0,1,2\n", ',"a",b\n0,1,2\n'),
        ("1.5,2\n1,2\n", "1.5,2\n1,2"),
        ("1.5,2\n1,2", "1.5,2\n1,2\n"),
        ('"a,b",c\n1,2\n', '"a,b",c\n1,2'),
        ("one\n1\n", "one\n1"),
        ("1,2\r\n3,4\r\n", "1,2\r\n3,4"),
    ],
)
def test_a_table_without_a_first_name_is_the_same_in_other_bytes(text: str, other: str) -> None:
    """The index has none; where no name can be in quotes, the last line end is there or not."""
    assert in_other_bytes("t.csv", text.encode()) == other.encode()
    before, after = (pd.read_csv(io.StringIO(one), header=None) for one in (text, other))
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.parametrize(("path", "text"), [("t.txt", "a,b\n1,2\n"), ("t.csv", "")])
def test_what_is_no_table_stays(path: str, text: str) -> None:
    """Other files, and an empty one."""
    assert in_other_bytes(path, text.encode()) == text.encode()


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_rows_get_the_labels_of_others(end: str) -> None:
    """The header, the features and the number of rows of each label stay."""
    data = (end or "\n").join(("4,1,no,yes", "1.5,0", "2.5,0", "3.5,0", "4.5,1")) + end
    other = "4,1,no,yes\n1.5,0\n2.5,1\n3.5,0\n4.5,0\n"
    assert with_labels_of_others(data.encode()) == other.encode()


def test_a_table_without_rows_stays() -> None:
    """There are no labels to exchange in it."""
    assert with_labels_of_others(b"a,b\n") == b"a,b\n"
