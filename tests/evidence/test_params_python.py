"""Parameters in Python files are read from the syntax tree, as DVC reads them, and never run."""

from __future__ import annotations

import pytest
from dvc.utils.serialize import parse_py
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import MalformedEvidence
from harness.evidence.params_python import MAX_BYTES, Literal, assignments, load_python, plain

SAMPLE = """
import os
N = 100
RATE: float = 0.5
NAME = "x"
LAYERS = [1, 2]
OPTIONS = {"a": 1, "b": {"c": None}}
COMPUTED = os.cpu_count()
a = b = 3
os.environ["X"] = "1"
del a

class Train:
    depth = 5
    flag: bool = True

    def __init__(self):
        self.rounds = 10
        local = 1

    def other(self):
        self.ignored = 1
"""


def test_same_as_dvc() -> None:
    """Names, annotated names, class attributes and `self` attributes are found as DVC finds them."""
    assert load_python(SAMPLE.encode(), "p.py") == parse_py(SAMPLE, "p.py")


def test_nothing_runs() -> None:
    """Calls are no literals: they are neither taken nor run."""
    assert load_python(b"X = exit(1)\nY = 1\n", "p.py") == {"Y": 1}


def test_tuples_and_sets() -> None:
    """Tuples and sets become lists, and bytes are no parameter."""
    assert load_python(b"T = (1, 2)\nS = {2, 1}\nB = b'x'\nD = {**T}\n", "p.py") == {"T": [1, 2], "S": [1, 2]}
    with pytest.raises(ValueError, match=r"^a bytes is no parameter$"):
        plain(b"x")
    assert plain(frozenset({"b", "a", 1})) == ["a", "b", 1]
    assert plain({1: ({"a": (2,)},)}) == {"1": [{"a": [2]}]}


def test_places() -> None:
    """Each value keeps the place where it is written."""
    found = assignments(SAMPLE, "p.py")["RATE"]
    assert isinstance(found, Literal)
    assert (found.value, found.node.lineno) == (0.5, 4)


@pytest.mark.parametrize("text", ["x = (", "\0", "x = " + "(" * 5_000, "x = " + "-" * 60_000 + "1"])
def test_malformed(text: str) -> None:
    """What Python cannot parse, however deep, is MalformedEvidence."""
    with pytest.raises(MalformedEvidence, match=r"p\.py: not valid Python"):
        load_python(text.encode(), "p.py")


def test_malformed_says_why() -> None:
    """With the parser's reason, and never at the cost of reading a huge file."""
    with pytest.raises(MalformedEvidence, match=r"^p\.py: not valid Python: '\(' was never closed$"):
        load_python(b"x = (", "p.py")
    with pytest.raises(MalformedEvidence, match=r"^p\.py: not valid Python: (RecursionError|MemoryError)$"):
        load_python(b"x = " + b"-" * 60_000 + b"1", "p.py")
    assert load_python(b"#" * MAX_BYTES, "p.py") == {}
    with pytest.raises(MalformedEvidence, match=rf"^p\.py: larger than {MAX_BYTES // 1024} KiB$"):
        load_python(b"#" * (MAX_BYTES + 1), "p.py")
    with pytest.raises(MalformedEvidence, match=r"^p\.py: nested more than 60 levels deep$"):
        load_python(b"x = " + b"[" * 80 + b"]" * 80, "p.py")


@given(st.text("ab=(){}[]:,.1'\n \\#", max_size=40))
def test_any_text(text: str) -> None:
    """Any text gives a mapping or MalformedEvidence, without a warning."""
    try:
        assert isinstance(load_python(text.encode(), "p.py"), dict)
    except MalformedEvidence:
        return
