"""What a lab's rubric lets a submission use."""

from __future__ import annotations

import math

import pytest

from harness.errors import HarnessError
from harness.grading.rubric import Detection, Rubric
from harness.labs.limits import limits_of
from harness.workspace.box.allowance import MB, Allowance
from harness.workspace.command import Limits


def rubric(**limits: object) -> Rubric:
    """A rubric that says nothing but these limits."""
    return Rubric("tiny", "Tiny", Detection(), (), (), extra={"limits": limits} if limits else {})


def test_what_is_left_out_is_as_usual() -> None:
    """A rubric without limits has those of the house, and half an hour for a submission."""
    found = limits_of(rubric())
    assert found.allowance == Allowance()
    assert (found.command.seconds, found.command.budget.seconds) == (Limits().seconds, 1800)


def test_each_limit_is_taken() -> None:
    """Sizes are in MB, times in seconds or minutes."""
    found = limits_of(
        rubric(
            submission_minutes=0.5,
            command_seconds=20,
            cpu_seconds=5,
            memory_mb=300,
            processes=64,
            file_mb=60,
            disk_mb=120,
            files=3000,
            output_mb=0.5,
        )
    )
    wanted = Allowance(memory=300 * MB, processes=64, file=60 * MB, disk=120 * MB, files=3000, cpu=5)
    assert found.allowance == wanted
    assert (found.command.seconds, found.command.printed) == (20, MB // 2)
    assert found.command.budget.seconds == 30


def test_workspaces_share_the_time_and_stop_alone() -> None:
    """The limits of two workspaces take from one budget, and stopping one stops the other not."""
    found = limits_of(rubric(submission_minutes=1))
    one, other = found.fresh(), found.fresh()
    one.budget.spend(60)
    one.stop.set()
    assert other.budget.left == 0
    assert not other.stop.is_set()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("memory", 1),
        ("memory_mb", 0),
        ("processes", -1),
        ("disk_mb", "much"),
        ("files", True),
        ("file_mb", math.nan),
    ],
)
def test_what_is_no_limit_is_refused(key: str, value: object) -> None:
    """A key that there is none of, and a value that is no number above 0, are the rubric's mistake."""
    with pytest.raises(HarnessError, match=rf"\[limits\] of tiny.*{key}"):
        limits_of(rubric(**{key: value}))
