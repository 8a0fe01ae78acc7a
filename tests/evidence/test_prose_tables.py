"""Tables as people write them and as terminals draw them."""

from __future__ import annotations

import pytest

from harness.evidence.prose_names import Names
from harness.evidence.prose_tables import MAX_ROWS, Row, rows_in

NAMES = Names(frozenset({"fit.size", "fit.depth"}), frozenset({"accuracy"}))

MARKDOWN = """
| Run | Size | Depth | Accuracy |
|:---|---:|---|---|
| one | 5 | 2 | 0.9 |
| two | `6` | 3 | 91% |
"""
PLAIN = """
Run    Size   Depth   Accuracy
------ ------ ------ -----
one    5      2       0.9
two    6      3       91%
"""
BOX = """
┏━━━━━┳━━━━━━┳━━━━━━━┳━━━━━━━━━━┓
┃ Run ┃ Size ┃ Depth ┃ Accuracy ┃
┡━━━━━╇━━━━━━╇━━━━━━━╇━━━━━━━━━━┩
│ one │ 5    │ 2     │ 0.9      │
├─────┼──────┼───────┼──────────┤
│ two │ 6    │ 3     │ 91%      │
└─────┴──────┴───────┴──────────┘
"""
EXP_SHOW = """
 Experiment                 Created        accuracy   fit.size   fit.depth
 ──────────────────────────────────────────────────────────────────────────
 workspace                  -              0.8        4          4
 main                       Nov 20, 2026   0.8        4          4
 ├── 0a1b2c3 [one-try]      10:01 AM       0.9        5          2
 └── 4d5e6f7 [two-try]      10:02 AM       0.91       6          3
"""
TURNED = """
| Parameter | one | two |
|---|---|---|
| size | 5 | 6 |
| depth | 2 | 3 |
| accuracy | 0.9 | 0.91 |
"""
JOINED = """
| Run | size / depth | accuracy |
| --- | --- | --- |
| one | 5 / 2 | 0.9 |
| two | 6 / 3 | 0.91 |
"""


@pytest.mark.parametrize(
    "text",
    [MARKDOWN, PLAIN, PLAIN.replace("   ", "\t"), BOX, EXP_SHOW, TURNED, JOINED],
    ids=["markdown", "plain", "tabs", "box", "exp show", "turned", "joined"],
)
def test_each_kind_of_table_tells_the_same(text: str) -> None:
    """Two experiments with their parameters and numbers, however the table is drawn."""
    rows = rows_in(text.splitlines(), NAMES)
    assert [row.params for row in rows] == [{"fit.size": 5, "fit.depth": 2}, {"fit.size": 6, "fit.depth": 3}]
    assert [row.numbers for row in rows] == [{"accuracy": 0.9}, {"accuracy": pytest.approx(0.91)}]


@pytest.mark.parametrize(
    "text",
    [
        "| Metric | Value |\n|---|---|\n| accuracy | 0.9 |",
        "| size | size |\n|---|---|\n| 1 | 2 |",
        "| size | depth |\n|---|---|",
        "| size | depth |\n|---|---|\n| small | deep |",
        "| Run | size |\n|---|---|\n| workspace | 3 |",
        "size  depth",
        "| Stage | reads |\n|---|---|\n| fit | size, depth |",
        "",
    ],
)
def test_other_tables_tell_nothing(text: str) -> None:
    """Without parameters in the header, or without values below it, there is no experiment."""
    assert rows_in(text.splitlines(), NAMES) == ()


def test_a_row_knows_its_line() -> None:
    """Lines count from 1, rules included; a missing value leaves its parameter out."""
    lines = ["text", "| run | size | depth |", "|---|---|---|", "| a | 5 | - |"]
    assert rows_in(lines, NAMES) == (Row(4, {"fit.size": 5}, {}),)


def test_tables_have_an_end() -> None:
    """A table of thousands of rows is cut."""
    lines = ["| run | size |"] + [f"| a | {number} |" for number in range(5000)]
    assert len(rows_in(lines, NAMES)) < MAX_ROWS


def test_two_columns_are_the_least() -> None:
    """A parameter needs something beside it that has a name."""
    assert rows_in(["| size | depth |", "|---|---|", "| 5 | 2 |"], NAMES) == (
        Row(3, {"fit.size": 5, "fit.depth": 2}, {}),
    )
    assert rows_in(["| size | |", "|---|---|", "| 5 | 2 |"], NAMES) == ()


def test_cells_that_do_not_fit_their_header() -> None:
    """One value below two names is neither's, a number below an unknown name is nobody's."""
    lines = [
        "| size / depth | accuracy | rows |",
        "|---|---|---|",
        "| 50 | 0.9 | 116 |",
        "| 5 / 2 | 0.8 | 116 |",
    ]
    assert rows_in(lines, NAMES) == (Row(4, {"fit.size": 5, "fit.depth": 2}, {"accuracy": 0.8}),)


@pytest.mark.parametrize("name", ["main", "**Master**", "`workspace` ", "* main *"])
def test_the_branch_itself_is_no_experiment(name: str) -> None:
    """Whatever marks they carry."""
    assert rows_in(["| run | size |", "|---|---|", f"| {name} | 5 |"], NAMES) == ()


def test_a_table_may_lie_on_its_side() -> None:
    """Parameters down the first column, an experiment in each other one, all told at the table's line."""
    lines = [
        "Tried:",
        "",
        "| Run | one | two |",
        "|---|---|---|",
        "| size | 5 | 6 |",
        "| depth | 2 | 3 |",
        "| accuracy | 0.8 | 0.9 |",
    ]
    assert rows_in(lines, NAMES) == (
        Row(3, {"fit.size": 5, "fit.depth": 2}, {"accuracy": 0.8}),
        Row(3, {"fit.size": 6, "fit.depth": 3}, {"accuracy": 0.9}),
    )
