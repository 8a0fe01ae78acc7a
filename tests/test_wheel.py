"""What students install: whole, free of the solution, and able to grade far from the checkout."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path

import git
import pytest

from fixtures.submissions.reference import reference
from harness.workspace.command import Completed, Limits, run

ROOT = Path(__file__).parents[1]
MINUTES = 60


def do(*argv: str | Path, cwd: Path) -> Completed:
    """Run a command as a person would, without the variables of this checkout; it has ten minutes."""
    hidden = ("PYTHON", "PYTEST", "GIT_", "DVC_", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return run(tuple(map(str, argv)), cwd=cwd, env=env, limits=Limits(seconds=10 * MINUTES))


def must(*argv: str | Path, cwd: Path) -> Completed:
    """The same, for a command that this test takes for granted."""
    done = do(*argv, cwd=cwd)
    assert done.ok, done.describe()
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `build` makes it: from the source distribution, not from the checkout."""
    dist = tmp_path_factory.mktemp("dist")
    must(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, ROOT, cwd=dist)
    (built,) = dist.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def contents(wheel: Path) -> tuple[str, ...]:
    """The paths inside the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return tuple(archive.namelist())


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel, its pinned dependencies, and nothing else."""
    home = tmp_path_factory.mktemp("installed")
    must(sys.executable, "-m", "venv", home / "venv", cwd=home)
    pip = (home / "venv" / "bin" / "python", "-m", "pip", "install", "-qq", "--compile")
    must(*pip, "--require-hashes", "-r", ROOT / "requirements" / "core.txt", cwd=home)
    must(*pip, "--no-deps", wheel, cwd=home)
    must(home / "venv" / "bin" / "python", "-m", "pip", "check", cwd=home)
    return home / "venv" / "bin"


def test_one_top_level_package(contents: tuple[str, ...]) -> None:
    """The wheel installs `harness` and its own metadata, and no other top-level name."""
    tops = {path.split("/")[0] for path in contents}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"harness"}


@pytest.mark.parametrize(
    "path",
    [
        "harness/py.typed",
        "harness/plugin.py",
        "harness/fixtures/__init__.py",
        "harness/grading/grade.schema.json",
        "harness/labs/dvc_versioning/rubric.toml",
        "harness/student_template/dvc_versioning/README.md",
        "harness/student_template/dvc_versioning/.gitignore",
        "harness/student_template/dvc_versioning/data/raw/data.csv",
    ],
)
def test_what_grading_needs_is_inside(contents: tuple[str, ...], path: str) -> None:
    """Plugin, schema, rubrics, fixtures and the starting point of students travel in the wheel."""
    assert path in contents


def test_the_solution_stays_in_the_checkout(contents: tuple[str, ...]) -> None:
    """Neither the reference submission's scripts nor the builders that know them are in the wheel."""
    solution = ROOT / "fixtures" / "submissions"
    assert [path for path in contents if "submissions/" in path or "solution" in path] == []
    assert solution.is_dir()


def test_every_file_is_inside(contents: tuple[str, ...]) -> None:
    """Whatever Git tracks of the package, its fixtures and the starting point: no data file is forgotten."""
    with git.Repo(ROOT) as repository:
        tracked = repository.git.ls_files("harness", "fixtures", "student_template").splitlines()
    travelling = (path for path in tracked if not path.startswith("fixtures/submissions/"))
    homes = (path if path.startswith("harness/") else f"harness/{path}" for path in travelling)
    assert set(homes) - set(contents) == set()


@pytest.mark.long
@pytest.mark.xdist_group("installed wheel")
def test_the_installed_wheel_grades(programs: Path, tmp_path: Path) -> None:
    """From an empty folder far from the checkout, the wheel gives the reference submission full marks."""
    submission = reference(ROOT / ".reference")
    grade = tmp_path / "grade.json"
    neutral = tmp_path / "empty"
    neutral.mkdir()
    done = do(programs / "pytest", "harness", "--submission", submission, "--grade-json", grade, cwd=neutral)
    assert done.exit_code == 0, done.describe()
    found = json.loads(grade.read_bytes())
    assert (found["outcome"], found["score"], found["max_score"]) == ("graded", 80.0, 80.0)
    assert list(neutral.iterdir()) == []


@pytest.mark.long
@pytest.mark.xdist_group("installed wheel")
def test_without_a_submission_the_wheel_says_what_to_type(programs: Path, tmp_path: Path) -> None:
    """The wheel has no reference submission to grade: it says so, and how to name a submission."""
    done = do(programs / "pytest", "harness", cwd=tmp_path)
    assert done.exit_code == pytest.ExitCode.USAGE_ERROR, done.describe()
    assert "--submission" in done.stdout + done.stderr
