"""The reference submission in every mode in which a machine can grade."""

from __future__ import annotations

import contextlib
import functools
import json
import shlex
import sys
from pathlib import Path

import pytest
from rich.console import Console

from fixtures.submissions.reference import reference
from fixtures.submissions.variant import FULL_MARKS
from harness.labs.inner import run_checks
from harness.labs.session import Options, Session
from harness.reports.progress import Progress
from harness.workspace.box.isolation import isolation
from harness.workspace.command import Limits, run
from harness.workspace.launcher import Launcher, PlainLauncher
from harness.workspace.warm.launcher import WarmLauncher

from .conftest import CHECKOUT, HOMELESS, ORDINARY, as_ordinary_user

pytestmark = pytest.mark.long
FULL = sum(FULL_MARKS.values())


def launcher_of(box: str, start: str) -> contextlib.AbstractContextManager[Launcher]:
    """What starts commands in a box or without, warm or cold."""
    found = isolation()
    if box == "boxed" and found.kind == "none":
        pytest.skip("; ".join(found.missing))
    plain = found.launcher() if box == "boxed" else PlainLauncher()
    if start == "cold":
        return contextlib.nullcontext(plain)
    return WarmLauncher(plain, found.bubblewrap if box == "boxed" else None)


@pytest.mark.parametrize("box", ["boxed", "plain"])
@pytest.mark.parametrize("start", ["warm", "cold"])
def test_the_reference_has_full_marks(tmp_path: Path, box: str, start: str) -> None:
    """In a box and without, started warm and cold: 80 of 80."""
    options = Options(submission=str(reference()), grade_json=tmp_path / "grade.json")
    with Progress(Console(quiet=True)) as progress, launcher_of(box, start) as launcher:
        run_all = functools.partial(run_checks, arguments=["-q"])
        finished = Session(options, run_all, progress, launcher).grade()
    lost = {check.id: check.found for check in finished.grade.checks if check.points < check.max_points}
    assert lost == {}
    assert (finished.grade.score, finished.grade.outcome) == (FULL, "graded")


@ORDINARY
@pytest.mark.parametrize("options", ["--require-isolation", "--require-isolation --cold"])
def test_the_reference_has_full_marks_as_an_ordinary_user(options: str) -> None:
    """In the boxes of a user without privileges, warm and cold: 80 of 80, and the grade names them."""
    file = "/var/tmp/grade.json"  # noqa: S108 (a folder of the test's own is mounted there)
    line = [sys.executable, "-m", "pytest", str(CHECKOUT / "harness"), "-p", "no:cacheprovider"]
    line += ["--submission", str(reference()), "--grade-json", file, *options.split()]
    script = f"{shlex.join(line)} >/dev/null; cat {file}"
    done = run(as_ordinary_user("sh", "-c", script), cwd=CHECKOUT, env=HOMELESS, limits=Limits(seconds=600))
    grade = json.loads(done.stdout)
    assert (grade["score"], grade["environment"]["isolation"]) == (FULL, "bubblewrap"), done.describe()
