"""How soon a student sees the first results of `harness check`."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from pathlib import Path

from fixtures.submissions.build import kept
from harness.workspace.environment import interpreter_bin
from tests.benchmarks.measuring import ROUNDS, benchmark, keep

RESULT = "D1."


def seconds_to_the_first_result(submission: Path) -> float:
    """The seconds until a line with a check's result comes out; AssertionError when none does."""
    begin = time.monotonic()
    words = [str(interpreter_bin() / "harness"), "check", str(submission)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ) as process:  # noqa: S603 (our own command)
        assert process.stdout is not None
        for row in process.stdout:
            if RESULT in row:
                return time.monotonic() - begin
    raise AssertionError("no result came out")


@benchmark
def test_first_feedback() -> None:
    """The time from typing the command to the first result."""
    submission = kept("reference")
    seconds_to_the_first_result(submission)
    found = sorted(seconds_to_the_first_result(submission) for _ in range(ROUNDS))
    median = round(statistics.median(found), 3)
    keep("first feedback", {"seconds": median, "spread": [round(found[0], 3), round(found[-1], 3)]})
