"""How soon a student sees the first results of `harness check`."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from pathlib import Path

from fixtures.submissions.build import kept
from harness.workspace.environment import interpreter_bin
from harness.workspace.launcher import Order, PlainLauncher
from tests.benchmarks.measuring import ROUNDS, benchmark, keep

RESULT = b"D1."


def seconds_to_the_first_result(submission: Path) -> float:
    """The seconds until a line with a check's result comes out; AssertionError when none does."""
    order = Order((str(interpreter_bin() / "harness"), "check", str(submission)), Path.cwd(), os.environ)
    begin = time.monotonic()
    said = b""
    with contextlib.closing(PlainLauncher().start(order)) as running:
        while data := os.read(running.stdout, 4096):
            said += data
            if RESULT in said:
                return time.monotonic() - begin
    raise AssertionError(f"no result came out: {said.decode()}")


@benchmark
def test_first_feedback() -> None:
    """The time from typing the command to the first result."""
    submission = kept("reference")
    seconds_to_the_first_result(submission)
    found = sorted(seconds_to_the_first_result(submission) for _ in range(ROUNDS))
    median = round(statistics.median(found), 3)
    keep("first feedback", {"seconds": median, "spread": [round(found[0], 3), round(found[-1], 3)]})
