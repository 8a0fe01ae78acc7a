"""A grade as a worker makes it: in this process, with a launcher that may be warm already, in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.labs.inner import run_checks
from harness.labs.session import Options, Session

if TYPE_CHECKING:
    from harness.grading.result import CheckResult, Grade
    from harness.workspace.launcher import Launcher


class Silence:
    """A watcher that says nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def expects(self, checks: int) -> None:
        """Say nothing."""

    def started(self, name: str, title: str) -> None:
        """Say nothing."""

    def finished(self, name: str, title: str, seconds: float, *, failed: bool) -> None:
        """Say nothing."""

    def checked(self, result: CheckResult) -> None:
        """Say nothing."""


def graded(launcher: Launcher | None, submission: str | None = None, jobs: int | None = None) -> Grade:
    """The grade of a submission, or of the reference; AssertionError when the harness failed."""
    finished = Session(
        Options(submission=submission, jobs=jobs), run_checks, Silence(), launcher=launcher
    ).grade()
    assert finished.grade.outcome == "graded", finished.message
    return finished.grade
