"""A result in the words of pytest's reports."""

from __future__ import annotations

from typing import Literal

import pytest

from harness.grading.result import CheckResult, Status
from harness.labs.outcome import properties, reason, shape


def result(status: Status) -> CheckResult:
    """A result with words for everything."""
    return CheckResult("A.one", "A", "one", status, 1, 0, 2, "this", "that", "do this")


def report(when: Literal["setup", "call", "teardown"]) -> pytest.TestReport:
    """A report as pytest makes it of a test that raised something."""
    return pytest.TestReport(
        "test_a.py::test_one", ("test_a.py", 3, "test_one"), {}, "failed", "traceback", when
    )


@pytest.mark.parametrize(
    ("status", "outcome", "when"),
    [
        ("passed", "passed", "setup"),
        ("failed", "failed", "call"),
        ("partial", "failed", "call"),
        ("pending", "skipped", "setup"),
        ("blocked", "skipped", "setup"),
        ("error", "failed", "setup"),
    ],
)
def test_each_status_has_its_outcome(status: Status, outcome: str, when: str) -> None:
    """JUnit calls a failure in the call a failure, and one in the setup an error."""
    made = report("setup")
    shape(made, result(status), ("test_a.py", 3, "test_one"))
    assert (made.outcome, made.when) == (outcome, when)


def test_an_error_while_tidying_up_stays_there() -> None:
    """Pytest's reporters expect the end of a test to remain its end."""
    made = report("teardown")
    shape(made, result("error"), ("test_a.py", None, "test_one"))
    assert made.when == "teardown"
    assert "traceback" in made.longreprtext


def test_the_reason_has_a_line_for_each_thing() -> None:
    """Points first, then what was expected, found, and what to do."""
    assert reason(result("partial")).splitlines() == [
        "A.one partial: 1 of 2 points",
        "expected: this",
        "found: that",
        "hint: do this",
    ]


def test_figures_are_properties() -> None:
    """JUnit XML has no place for points."""
    assert dict(properties(result("partial")))["points"] == 1
