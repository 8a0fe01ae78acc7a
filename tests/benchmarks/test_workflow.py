"""A whole grade against the lab's commands in a plain shell script, on the same machine, in turn."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from fixtures.submissions.area import SOLUTION, TEMPLATE
from harness.workspace.command import Limits, run
from harness.workspace.environment import Surroundings
from harness.workspace.warm.launcher import chosen_launcher
from tests.benchmarks.grading import graded
from tests.benchmarks.measuring import ROUNDS, benchmark, keep, ratios, seconds

SCRIPT = Path(__file__).with_name("lab.sh")
IDENTITY = {
    f"GIT_{role}_{field}": value
    for role in ("AUTHOR", "COMMITTER")
    for field, value in (("NAME", "Robin Example"), ("EMAIL", "robin@course.example"))
}


def typed(root: Path) -> None:
    """The lab's commands, typed: every command starts from nothing, bytecode is there, the disk is warm."""
    machine = Surroundings.under(root / "machine")
    machine.make()
    place = root / "place"
    place.mkdir()
    words = ("sh", str(SCRIPT), str(TEMPLATE), str(SOLUTION / "reference"))
    done = run(words, cwd=place, env={**machine.variables(), **IDENTITY}, limits=Limits())
    assert done.ok, done.describe()
    assert (place / "teammate" / "metrics" / "scores.json").is_file()


def as_typed_by_a_ta(root: Path) -> None:
    """`pytest harness`, from nothing, with everything that it warms up."""
    found = root / "grade.json"
    words = (sys.executable, "-m", "pytest", "harness", "--grade-json", str(found))
    done = run(words, cwd=Path.cwd(), env=os.environ, limits=Limits())
    assert done.ok, done.describe()
    assert '"score": 80.0' in found.read_text(encoding="utf-8")


def in_a_warm_worker() -> float:
    """The seconds of a grade in a worker that has graded before."""
    with chosen_launcher(cold=False) as launcher:
        assert graded(launcher).score == graded(launcher).score == 80
        return seconds(lambda: graded(launcher))


@benchmark
def test_workflow(tmp_path: Path) -> None:
    """The shell script, a grade with its warm-up, a grade in a warm worker: in turn, after a first round."""
    found: dict[str, list[float]] = {"shell script": [], "full grade": [], "full grade, warm worker": []}
    for number in range(ROUNDS + 1):
        here = tmp_path / str(number)
        here.mkdir()
        values = (
            seconds(partial(typed, here)),
            seconds(partial(as_typed_by_a_ta, here)),
            in_a_warm_worker(),
        )
        for name, value in zip(found, values, strict=True):
            found[name].append(value)
    found = {name: values[1:] for name, values in found.items()}
    keep("workflow", ratios(found, "shell script"))
