"""Whole grades of the catalogue's submissions, each computed once per test session."""

from __future__ import annotations

import fcntl
import functools
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fixtures.submissions.build import kept
from harness.labs.inner import run_checks
from harness.labs.session import Options, Session
from harness.reports.progress import Progress
from harness.workspace.launcher import Launcher
from harness.workspace.warm.launcher import chosen_launcher

Grade = dict[str, Any]
GradeFolder = Callable[[Path | str], Grade]
GradeNamed = Callable[[str], Grade]


@pytest.fixture(scope="session")
def kept_launcher() -> Iterator[Launcher]:
    """What starts the commands of all grades of this worker, as where a class is graded."""
    with chosen_launcher(cold=False) as launcher:
        yield launcher


@pytest.fixture(scope="session")
def grade_path(tmp_path_factory: pytest.TempPathFactory, kept_launcher: Launcher) -> GradeFolder:
    """Grades what lies at a path, and returns what grade.json says."""

    def grade(path: Path | str) -> Grade:
        file = tmp_path_factory.mktemp("grade") / "grade.json"
        options = Options(submission=str(path), grade_json=file)
        console = Console(file=io.StringIO())
        with Progress(console, live=False) as progress:
            checks = functools.partial(run_checks, arguments=["-q"])
            Session(options, checks, progress, launcher=kept_launcher).grade()
        found: Grade = json.loads(file.read_text(encoding="utf-8"))
        return found

    return grade


@pytest.fixture(scope="session")
def built() -> Callable[[str], Path]:
    """Where a submission of the catalogue lies, to be read only; built at the first call ever."""
    return kept


@pytest.fixture(scope="session")
def grades_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Where this run of pytest keeps the catalogue's grades, for all of its workers."""
    mine = tmp_path_factory.getbasetemp()
    folder = (mine if worker_id == "master" else mine.parent) / "catalogue-grades"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def graded(built: Callable[[str], Path], grade_path: GradeFolder, grades_folder: Path) -> GradeNamed:
    """The grade of a submission of the catalogue, computed once by whichever worker needs it first."""

    def grade(name: str) -> Grade:
        file = grades_folder / f"{name}.json"
        with (grades_folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.is_file():
                file.write_text(json.dumps(grade_path(built(name))), encoding="utf-8")
            found: Grade = json.loads(file.read_text(encoding="utf-8"))
        return found

    return functools.cache(grade)
