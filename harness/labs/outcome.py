"""A check's result in the words of pytest's own reports, JUnit XML above all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from harness.grading.result import CheckResult


def shape(report: pytest.TestReport, result: CheckResult, location: tuple[str, int | None, str]) -> None:
    """Make a report say what the result says.

    Points lost are a failure, an unjudged check is an error, and what is blocked or pending is skipped with
    the reason. A report of an error is filed under "setup", because that is what JUnit calls an error.
    """
    path, line, _ = location
    if result.status == "passed":
        report.outcome, report.longrepr = "passed", None
    elif result.status in {"blocked", "pending"}:
        report.outcome, report.longrepr = "skipped", (path, line or 0, reason(result))
    elif result.status == "error":
        report.outcome, report.longrepr = "failed", f"{reason(result)}\n\n{report.longreprtext}"
        report.when = "teardown" if report.when == "teardown" else "setup"
    else:
        report.outcome, report.longrepr = "failed", reason(result)
        report.when = "call"


def reason(result: CheckResult) -> str:
    """Return what a result rests on, one line for each: expected, found and hint."""
    words = (("expected", result.expected), ("found", result.found), ("hint", result.hint))
    head = f"{result.id} {result.status}: {result.points:g} of {result.max_points:g} points"
    return "\n".join([head, *(f"{word}: {text}" for word, text in words if text)])


def properties(result: CheckResult) -> list[tuple[str, object]]:
    """Return the figures that JUnit XML has no place for, as properties of the test case."""
    return [
        ("check", result.id),
        ("status", result.status),
        ("points", result.points),
        ("pending_points", result.pending_points),
        ("max_points", result.max_points),
    ]
