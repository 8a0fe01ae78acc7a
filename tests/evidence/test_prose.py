"""Experiments that were only told, and the many texts that tell none."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence.prose import Described, described, described_in, distinct
from harness.evidence.prose_names import Names

if TYPE_CHECKING:
    from tests.evidence.conftest import Work

NAMES = Names(frozenset({"fit.size", "fit.depth", "fit.seed", "split.seed"}), frozenset({"accuracy", "f1"}))


def _sets(text: str, path: str = "README.md") -> list[dict[str, object]]:
    return [dict(one.params) for one in described_in(path, text.encode(), NAMES)]


def test_a_file_tells_in_three_ways() -> None:
    """Commands, tables and lines are found with their places and numbers."""
    text = (
        "I ran `dvc exp run -S fit.size=5` first.\n\n"
        "| run | size | depth | accuracy |\n|---|---|---|---|\n| a | 6 | 2 | **0.91** |\n\n"
        "Last: size = 7, depth: 3, accuracy = 92%\n"
    )
    assert described_in("README.md", text.encode(), NAMES) == (
        Described({"fit.size": 5}, "README.md:1", "command"),
        Described({"fit.size": 6, "fit.depth": 2}, "README.md:5", "table", {"accuracy": 0.91}),
        Described({"fit.size": 7, "fit.depth": 3}, "README.md:7", "line", {"accuracy": 0.92}),
    )


@pytest.mark.parametrize(
    "line",
    [
        "size=5, depth=2",
        "- **size**: 5 and `depth`: `2`",
        "Fit.Size=5 fit.depth=2",
        '{"size": 5, "depth": 2}',
        "size : 5 | depth : 2",
    ],
)
def test_a_line_with_several_pairs_tells(line: str) -> None:
    """Pairs in whatever markup are one parameter set."""
    assert _sets(line) == [{"fit.size": 5, "fit.depth": 2}]


@pytest.mark.parametrize(
    "line",
    [
        "size: 5",
        "Set size=5 in params.yaml",
        "accuracy: 0.9, f1: 0.8",
        "seed=1, depth=x",
        "oversize=5, my.depth=2",
        "size=50/100/150, depth=2/3",
        "size of 5 and depth of 2",
        "size=[1, 2], depth=[3]",
        "learning_rate=0.1, batch=5",
    ],
)
def test_a_line_without_a_set_tells_nothing(line: str) -> None:
    """One pair, other names, ambiguous short names, ranges and bare metrics are no experiment."""
    assert _sets(line) == []


def test_a_name_that_comes_again_begins_the_next_set() -> None:
    """Two experiments in one line are two."""
    assert _sets("A: size=5, depth=2; B: size=6, depth=2") == [
        {"fit.size": 5, "fit.depth": 2},
        {"fit.size": 6, "fit.depth": 2},
    ]


def test_scripts_tell_by_commands_only() -> None:
    """Calls with keyword arguments in a script are no experiments; the commands in it are."""
    text = 'fit(size=5, depth=2)\nrun(["dvc", "exp", "run", "-S", "fit.size=6"])\n'
    assert _sets(text, "run.py") == [{"fit.size": 6}]


def test_notebooks_are_read_by_cell() -> None:
    """A notebook's cells are texts; one that is no JSON tells nothing."""
    cells = [{"source": ["# x\n", "!dvc exp run -S fit.size=5\n"]}, {"source": "size=6, depth=1"}, {}, 3]
    data = json.dumps({"cells": cells}).encode()
    assert [one.where for one in described_in("a.ipynb", data, NAMES)] == ["a.ipynb:cell 1", "a.ipynb:cell 2"]
    assert described_in("a.ipynb", b"{", NAMES) == ()
    assert described_in("a.ipynb", b"[]", NAMES) == ()


def test_equal_sets_are_told_once() -> None:
    """The telling with numbers is kept; a command's part of a table's row is the same experiment."""
    told = [
        Described({"a": 1}, "r:1", "command"),
        Described({"a": 1.0, "b": 2}, "r:2", "line"),
        Described({"a": 1, "b": 2}, "r:3", "table", {"f1": 0.5}),
        Described({"b": 2}, "r:4", "table"),
    ]
    assert [one.where for one in distinct(told)] == ["r:3", "r:4"]


def test_the_templates_lines_do_not_tell(work: Work) -> None:
    """What the handout says is not the student's; what the student added is."""
    template = {"README.md": b"Try `dvc exp run -S fit.size=9`\n"}
    sha = work.commit("one", {"lab/README.md": template["README.md"] + b"dvc exp run -S fit.size=8\n"})
    assert [dict(one.params) for one in described(work.open().tree(sha), NAMES, template)] == [
        {"fit.size": 8}
    ]


def test_only_texts_and_scripts_of_the_students_are_read(work: Work) -> None:
    """Installed packages, data and pictures are not read; build files and scripts are."""
    line = b"\tdvc exp run -S fit.size=%d\n"
    names = ["Makefile", "run.ps1", "venv/lib/site-packages/x/README.md", "data.csv", "a.png", "docs/a.RST"]
    sha = work.commit("one", {name: line % number for number, name in enumerate(names)})
    found = described(work.open().tree(sha), NAMES, {})
    assert [one.where for one in found] == ["Makefile:1", "docs/a.RST:1", "run.ps1:1"]


@given(st.text("size=depth: |-\n`*0123.dvc exp run -S fit./$\\") | st.text())
def test_any_text_is_read(text: str) -> None:
    """No text makes the reader raise."""
    for path in ("README.md", "run.sh", "a.ipynb"):
        described_in(path, text.encode("utf-8", "replace"), NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "size=" * 100_000,
        "| " * 100_000,
        "for x in " * 50_000,
        ("dvc exp run -S fit.size=$x " * 100 + "\n") * 200,
        "-S " * 100_000,
        " " * 200_000 + "\n" + "\t" * 3000,
        ("a  " * 1000 + "\n") * 300,
        "dvc exp run " + " ".join(f"-S fit.size={'1,' * 60}" for _ in range(30)),
        "size \\\n" * 20_000,
    ],
)
def test_hostile_texts_take_no_time(text: str) -> None:
    """Repetition does not make the patterns slow."""
    started = time.perf_counter()
    described_in("README.md", text.encode(), NAMES)
    assert time.perf_counter() - started < 5


def test_of_the_same_set_the_one_with_most_numbers_is_kept() -> None:
    """Whatever comes first; of those with as many the first."""
    one, two = {"f1": 0.5}, {"f1": 0.5, "accuracy": 0.6}
    told = [
        Described({"fit.size": 5}, f"README.md:{place}", "line", numbers)
        for place, numbers in enumerate((one, two, {**two}, {}), start=1)
    ]
    assert [kept.where for kept in distinct(told)] == ["README.md:2"]


def test_lines_of_the_template_are_left_out_of_its_own_file_alone(work: Work) -> None:
    """In whatever folder; the same line in another file is the student's, and no bytes are too odd."""
    line = b"size = 7, depth = 3\n"
    files: dict[str, bytes | None] = {"README.md": line, "lab/README.md": line, "notes.md": line}
    tree = work.open().tree(work.commit("one", files))
    template = {"README.md": b"\xff\n" + line, "other.md": line}
    assert [one.where for one in described(tree, NAMES, template)] == ["notes.md:1"]


@pytest.mark.parametrize(
    ("path", "text", "where"),
    [
        ("README.md", b"exp run with size = 5, depth = 3\n", []),
        ("README.md", b"\xff\nsize = 5, depth = 3\n", ["README.md:2"]),
        ("n.ipynb", b'{"cells": [{"source": ["size = 5, ", "depth = 3"]}, {}]}', ["n.ipynb:cell 1"]),
        ("n.ipynb", b'{"cells": [3, {"source": "size = 5, depth = 3"}]}', ["n.ipynb:cell 2"]),
        ("n.ipynb", b'{"cells": 3}', []),
        ("n.ipynb", b"{", []),
    ],
)
def test_where_experiments_are_told(path: str, text: bytes, where: list[str]) -> None:
    """By line, in a notebook by cell; a line with a command is told by its command alone."""
    assert [one.where for one in described_in(path, text, NAMES)] == where
