"""The tables that a lesson is made of: which there are, their labels, and what is made wrong in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fixtures.workspaces import NewWorkspace, write_tree
from harness.evidence.rows import Split, csv_of
from harness.evidence.table import Table, read_table
from harness.labs.dvc_versioning.teaching_tables import (
    KEPT,
    MOST_TABLES,
    Rows,
    Wrong,
    labelled,
    rows_of,
    tables_of,
)

COUNT = 40
CLASSES = [place % 2 for place in range(COUNT)]
DATA = "name,a,b,target\n" + "".join(
    f"row{place},{place},{100 * label + place},{label}\n" for place, label in enumerate(CLASSES)
)


def rows(held_out: int = 10, data: str = DATA) -> Rows:
    """A table whose first rows are held out; the class shows in one of its columns."""
    table = read_table("out/train.csv", data.encode())
    among = np.arange(table.row_count) < held_out
    return Rows(table, data.encode(), table.frame[["a", "b"]], tuple(table.frame["target"]), among)


@pytest.mark.parametrize(
    ("wrong", "moved"),
    [("others", range(10, COUNT)), ("held out", range(10)), ("all", range(COUNT))],
)
def test_features_of_the_wrong_rows_are_exchanged(wrong: Wrong, moved: range) -> None:
    """Rows of the one class get those of the other; labels, other columns and the rest of the rows stay."""
    one = rows()
    after = read_table("x.csv", one.crossed(1, wrong)).frame
    before = one.table.frame
    assert list(after.columns) == list(before.columns)
    assert after[["name", "target"]].equals(before[["name", "target"]])
    others = [place for place in range(COUNT) if place not in moved]
    assert after.iloc[others].equals(before.iloc[others])
    for place in moved:
        assert bool(after["b"][place] >= 100) is (CLASSES[place] == 0)
        assert after["b"][place] - after["a"][place] in {0, 100}, "a row's features stay together"
    assert one.crossed(1, wrong) == one.crossed(1, wrong) != one.crossed(2, wrong)


def test_fewer_rows_are_left_of_those_held_out() -> None:
    """Some of each class, so that a score on them can be printed; nothing where none is among them."""
    one = rows()
    found = one.fewer(one.features.iloc[:30])
    assert found is not None
    left = read_table("x.csv", found).frame
    kept = [place for place in range(COUNT) if place < 2 * KEPT or place >= 30]
    assert list(left["a"]) == kept
    assert list(left["name"]) == [f"row{place}" for place in kept]
    assert one.fewer(one.features + 1000) is None
    assert one.fewer(one.features.iloc[: 2 * KEPT]) is None, "no more than what stays"
    assert one.fewer(one.features.iloc[: 2 * KEPT + 1]) is not None


def test_a_column_that_is_the_class_tells_it() -> None:
    """One value for each class, of its own: neither two for one, nor one for two."""
    frame = pd.DataFrame(
        {
            "word": ["M" if label else "B" for label in CLASSES],
            "same": [7] * COUNT,
            "more": [place if label else -1 for place, label in enumerate(CLASSES)],
            "a": range(COUNT),
        }
    )
    table = Table("t.csv", frame)
    labels, none = tuple(CLASSES), np.zeros(COUNT, dtype=bool)
    assert Rows(table, b"", frame, labels, none).telling == {"word"}
    assert Rows(table, b"", frame, (1,) * COUNT, none).telling == frozenset()
    texts = tuple(str(label) for label in labels)
    assert Rows(table, b"", frame, texts, none).telling == {"word"}


def test_the_tables_of_a_workspace(new_workspace: NewWorkspace) -> None:
    """By path, with their bytes; not those of tools, nor what cannot be read or written here."""
    workspace = new_workspace()
    files = {
        "b.csv": "a,b\n1,2\n",
        "data/raw/A.TSV": "a\tb\n1\t2\n",
        "data/torn.csv": "",
        "data/notes.txt": "a,b\n1,2\n",
        ".dvc/tmp/c.csv": "a,b\n1,2\n",
        "venv/site-packages/x/d.csv": "a,b\n1,2\n",
        "__pycache__/d.csv": "a,b\n1,2\n",
    }
    write_tree(workspace.repo, files)
    np.save(workspace.repo / "data" / "rows.npy", np.ones((2, 2)))
    found = tables_of(workspace)
    assert list(found) == ["b.csv", "data/rows.npy", "data/raw/A.TSV"]
    assert {path: table.path for path, (table, _) in found.items()} == {path: path for path in found}
    assert found["b.csv"][1] == b"a,b\n1,2\n"


def test_no_more_tables_than_can_be_crossed_in_time(new_workspace: NewWorkspace) -> None:
    """A folder of thousands is no reason to read them all."""
    workspace = new_workspace()
    write_tree(workspace.repo, {f"t{number:03}.csv": "a\n1\n" for number in range(MOST_TABLES + 5)})
    assert list(tables_of(workspace)) == [f"t{number:03}.csv" for number in range(MOST_TABLES)]


def test_labels_stand_in_a_table_or_beside_it() -> None:
    """In a narrow table of the same folder, with as many rows; a table of labels alone teaches nothing."""
    texts = {
        "out/train.csv": "a,b,y\n1,2,M\n3,4,B\n",
        "out/x.csv": "a,b\n5,6\n7,8\n",
        "out/long.csv": "a,b\n5,6\n7,8\n9,9\n",
        "out/y.csv": ",y\n0,B\n1,M\n",
        "else/x.csv": "a,b\n1,2\n3,4\n",
    }
    tables = {path: (read_table(path, text.encode()), text.encode()) for path, text in texts.items()}
    found = [(table.path, labels, data) for table, labels, data in labelled(tables, Split(b"a,b\n", (), "y"))]
    assert found == [
        ("out/train.csv", ("M", "B"), texts["out/train.csv"].encode()),
        ("out/x.csv", ("B", "M"), texts["out/x.csv"].encode()),
    ]
    assert list(labelled(tables, Split(b"a,b\n", (), "target"))) == []


@pytest.mark.parametrize(("kept", "count"), [(COUNT, 1), (COUNT // 4, 0)])
def test_labels_of_another_name_are_known_by_the_held_out_rows(kept: int, count: int) -> None:
    """In other words, too, where enough of these rows are there."""
    lines = [f"{place},{100 * (place % 2) + place},{'MB'[place % 2]}\n" for place in range(kept)]
    data = "a,b,diagnosis\n" + "".join(lines) + "200,200,M\n"
    held_out = Split(csv_of(rows().features), tuple(CLASSES), "target")
    found = rows_of({"other.csv": (read_table("other.csv", data.encode()), data.encode())}, held_out, ())
    assert [one.labels for one in found] == [tuple("MB" * (kept // 2) + "M")] * count
    assert all(one.held_out.tolist() == [True] * kept + [False] for one in found)
