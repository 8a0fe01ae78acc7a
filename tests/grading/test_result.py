"""A grade as data and as JSON: the contract of design 4.3."""

from __future__ import annotations

import pytest

from harness.errors import CheckFailed
from harness.grading.gradebook import Gradebook
from harness.grading.result import CheckResult, Evidence, Status, grade_from_json, grade_to_json, rounded

KEYS = """schema harness lab lab_digest submission outcome score max_score pending_score checks manual flags
environment seconds"""
CHECK_KEYS = """id deliverable title status points pending_points max_points expected found hint evidence
seconds"""


def test_the_keys_are_those_of_the_contract_in_its_order(gradebook: Gradebook) -> None:
    """Other tools read these keys: none is missing, none is new."""
    gradebook.ruling("A.one").fact("hash", "5afc")
    gradebook.record("A.one", CheckFailed("a", "b"), 0.5)
    data = grade_to_json(gradebook.grade())
    assert list(data) == KEYS.split()
    assert data["schema"] == "harness/grade/1"
    assert list(data["submission"]) == ["name", "kind", "commit", "digest"]
    assert list(data["checks"][0]) == CHECK_KEYS.split()
    assert data["checks"][0]["evidence"] == [{"kind": "hash", "text": "5afc"}]
    assert list(data["manual"][0]) == ["id", "max_points", "points", "questions"]
    assert data["manual"][0]["questions"] == [{"ask": "Why?", "answer": "So."}]


def test_a_grade_comes_back_from_json_as_it_was(gradebook: Gradebook) -> None:
    """To and from JSON lose nothing."""
    gradebook.ruling("A.one").fact("hash", "5afc")
    gradebook.record("A.one", CheckFailed("a", "b"), 0.5)
    gradebook.flag("crlf", "Windows line ends")
    grade = gradebook.grade()
    assert grade_from_json(grade_to_json(grade)) == grade


@pytest.mark.parametrize(("points", "written"), [(1 / 3, 0.3333), (-0.0, 0.0), (2, 2.0)])
def test_points_are_written_with_four_decimals(points: float, written: float) -> None:
    """Thirds are cut, and there is no minus zero."""
    assert str(rounded(points)) == str(written)


@pytest.mark.parametrize(("status", "lost"), [("partial", 3.0), ("error", 0.0)])
def test_lost_points_are_what_is_neither_awarded_nor_pending(status: Status, lost: float) -> None:
    """An error loses nothing."""
    result = CheckResult("A", "A", "a", status, 1, 2, 6, evidence=(Evidence("value", "x"),))
    assert result.lost_points == lost
