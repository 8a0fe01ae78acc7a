"""How long the lab's commands take cold, how long warm, and how long a whole grade takes.

On a machine that does nothing else: `BENCH=5 pytest tests/benchmarks -s`, for five rounds.
Cold, warm and graded alternate, so that the ratios are those of one hour. The figures are printed as JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fixtures.submissions import history
from fixtures.submissions.area import FIRST_COMMIT, STUDENT, Area, _identity
from harness.labs.session import Options
from harness.plugin import grade
from harness.workspace.command import Completed, Limits, carry_out
from harness.workspace.launcher import Launcher, Order, PlainLauncher
from harness.workspace.warm.launcher import WarmLauncher

ROUNDS = int(os.environ.get("BENCH", "0"))


@dataclass(frozen=True)
class Timed(Area):
    """A student's machine whose commands are started by a launcher of one's choice, and kept."""

    launcher: Launcher = field(default_factory=PlainLauncher)
    typed: list[str] = field(default_factory=list)

    def run(self, *argv: str, check: bool = True, env: Mapping[str, str] | None = None) -> Completed:
        """Type one command."""
        variables = {**self.machine.variables(), **_identity(STUDENT, FIRST_COMMIT), **(env or {})}
        order = Order(argv, self.desk, variables, root=self.root / "machine")
        done = carry_out(order, Limits(), self.launcher)
        assert done.ok or not check, done.describe()
        self.typed.append(done.line)
        return done


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def played(root: Path, launcher: Launcher) -> tuple[float, list[str]]:
    """The time for all the lab's commands, and what was typed."""
    area = Timed(root, launcher=launcher)
    area.prepare()
    taken = seconds(lambda: history.play(area))
    launcher.leave(area.machine.home.parent)
    return taken, [line.replace(str(root), "") for line in area.typed]


@pytest.mark.skipif(not ROUNDS, reason="a benchmark: set BENCH to the number of rounds")
def test_workflow(tmp_path: Path) -> None:
    """The lab's commands cold, with a new worker, in a warm worker; and a grade of the reference."""
    found: dict[str, list[float]] = {"cold": [], "new worker": [], "warm worker": [], "grade": []}
    for number in range(ROUNDS):
        here = tmp_path / str(number)
        cold, typed = played(here / "cold", PlainLauncher())
        begin = time.monotonic()
        with WarmLauncher() as launcher:
            _, again = played(here / "new", launcher)
            new = time.monotonic() - begin
            warm, more = played(here / "warm", launcher)
        assert typed == again == more, "a benchmark in which the commands differ is void"
        graded = seconds(lambda: grade(Options(), live=False))
        for name, value in zip(found, (cold, new, warm, graded), strict=True):
            found[name].append(round(value, 3))
    medians = {name: statistics.median(values) for name, values in found.items()}
    ratios = {name: round(value / medians["cold"], 3) for name, value in medians.items()}
    print(json.dumps({"seconds": found, "medians": medians, "ratio to cold": ratios}, indent=1))  # noqa: T201
