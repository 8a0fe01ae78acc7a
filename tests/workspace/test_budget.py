"""The time that all commands of a submission have together."""

from __future__ import annotations

import pytest

from harness.errors import CheckFailed
from harness.workspace.budget import Budget, said


def test_time_is_counted_down() -> None:
    """What commands spend is taken off, and never more than there is."""
    budget = Budget(10)
    budget.spend(4)
    assert budget.left == 6
    budget.require("dvc repro")
    budget.spend(9)
    assert budget.left == 0


def test_a_command_without_time_fails_the_check() -> None:
    """When all is spent, a command fails its check, in words that name the limit and what to do."""
    budget = Budget(120)
    budget.spend(121)
    with pytest.raises(CheckFailed, match="ran past the 2 minutes that they have together") as failure:
        budget.require("dvc repro")
    assert failure.value.hint


@pytest.mark.parametrize(
    ("seconds", "words"), [(45, "45 s"), (60, "60 s"), (120, "2 minutes"), (1800, "30 minutes")]
)
def test_a_span_is_said_as_people_say_it(seconds: float, words: str) -> None:
    """Short spans in seconds, longer ones in minutes."""
    assert said(seconds) == words
