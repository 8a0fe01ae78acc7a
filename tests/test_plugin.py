"""The pytest door, as a person types it: real processes, exit codes and all."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.workspaces import NewWorkspace, commit_all, write_tree
from harness.grading.grade_file import read_grade
from harness.workspace.command import Completed, Limits, run

ROOT = Path(__file__).parents[1]
TINY = ROOT / "tests" / "labs" / "tiny"
COUNT = "grep -c '' greeting.txt > count.txt\n"
LOOKS_AGAIN = """

@pytest.fixture(scope="session", autouse=True)
def looks_again(submission):
    from harness.evidence.repository import GitRepository

    tree = GitRepository(submission.repository).tree(submission.commit)
    tree.read("greeting.txt")
    yield
    tree.read("count.sh")
"""
Typed = Callable[..., Completed]


@pytest.fixture
def hello(new_workspace: NewWorkspace) -> Path:
    """A submission that earns all points of the tiny lab."""
    workspace = new_workspace()
    write_tree(
        workspace.repo, {"greeting.txt": "hello\n", "count.sh": "grep -c '' greeting.txt > count.txt\n"}
    )
    commit_all(workspace, hello.__name__)
    return workspace.repo


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    """Runs pytest with the plugin in an empty folder; the temp dir has to be empty again afterwards."""
    empty, temporary = tmp_path / "elsewhere", tmp_path / "temporary"
    for folder in (empty, temporary):
        folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), "COLUMNS": "100"}
    environment.pop("PYTEST_ADDOPTS", None)

    def run_pytest(*words: object, folder: Path = empty, **variables: str) -> Completed:
        argv = (sys.executable, "-P", "-m", "pytest", "-p", "harness.plugin", *map(str, words))
        done = run(argv, cwd=folder, env=environment | variables, limits=Limits(seconds=100))
        assert list(temporary.iterdir()) == []
        return done

    return run_pytest


def test_a_grade_in_any_folder(typed: Typed, hello: Path, tmp_path: Path) -> None:
    """The scorecard, the grade file, exit code 0, and none of pytest's own chatter."""
    done = typed("harness", "--submission", hello, "--lab", TINY, "--grade-json", "out/grade.json")
    assert done.exit_code == 0, done.describe()
    assert "Awarded 6   Lost 0   Pending 0   of 6 points" in done.stdout
    assert "test session starts" not in done.stdout
    assert done.stderr == ""
    data = json.loads((tmp_path / "elsewhere" / "out" / "grade.json").read_text(encoding="utf-8"))
    assert (data["outcome"], data["score"]) == ("graded", 6.0)


def test_a_loss_is_exit_code_1(typed: Typed, new_workspace: NewWorkspace) -> None:
    """The lost check is shown with what was expected, found, and a hint."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"greeting.txt": "go away\n", "count.sh": "echo 1 > count.txt\n"})
    commit_all(workspace, "rude")
    done = typed("harness", "--submission", workspace.repo, "--lab", TINY)
    assert done.exit_code == 1, done.describe()
    for part in ("failed", "a greeting that begins with hello", "'go away", "begin with hello"):
        assert part in done.stdout


def test_strict_makes_pending_a_loss(typed: Typed, new_workspace: NewWorkspace) -> None:
    """Pytest's own word for strictness is the harness's too."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"greeting.txt": "later\n", "count.sh": "echo 1 > count.txt\n"})
    commit_all(workspace, "later")
    words = ("harness", "--submission", workspace.repo, "--lab", TINY)
    assert typed(*words).exit_code == 0
    strict = typed(*words, "--strict")
    assert strict.exit_code == 1
    assert "Lost 1   Pending 0" in strict.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("harness", "--submission", "missing", "--lab", TINY), "cannot open 'missing'"),
        (("harness", "--submission", ".", "--lab", TINY), "looked for a Git repository"),
        (("harness", "--submission", ".", "--lab", "nonsense"), "there is no lab 'nonsense'"),
        (("harness", "tests"), "by a whole lab at a time"),
        (("elsewhere", "--submission", "."), "elsewhere is no lab"),
        (("harness", "--submission", ".", "--grade-json", "/"), "could not be written to /"),
        (("harness", "--submission", ".", "--collect-only"), "leave --collect-only out"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(typed: Typed, words: tuple[object, ...], sentence: str) -> None:
    """Exit code 4, the reason on standard error, no traceback."""
    done = typed(*words)
    assert done.exit_code == 4, done.describe()
    assert sentence in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_broken_lab_is_exit_code_3(typed: Typed, hello: Path, tmp_path: Path) -> None:
    """It is our failure: nothing is lost, and every check is an error."""
    lab = tmp_path / "broken"
    lab.mkdir()
    (lab / "rubric.toml").write_text((TINY / "rubric.toml").read_text(encoding="utf-8"), encoding="utf-8")
    (lab / "test_broken.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    done = typed("harness", "--submission", hello, "--lab", lab)
    assert done.exit_code == 3, done.describe()
    assert "Awarded 0   Lost 0   Pending 0" in done.stdout
    assert "nothing_of_that_name" in done.stdout


def test_the_folder_where_it_is_typed_has_no_word_in_it(typed: Typed, hello: Path) -> None:
    """A submission's conftest.py, ini file and tests are not loaded when a student stands in it."""
    boom = "raise SystemExit('loaded')\n"
    write_tree(hello, {"conftest.py": boom, "test_own.py": boom, "tests/conftest.py": boom})
    write_tree(
        hello, {"pytest.ini": "[pytest]\npython_files = nothing\nfilterwarnings = error\nxfail_strict = 1\n"}
    )
    done = typed("harness", "--submission", ".", "--lab", TINY, folder=hello)
    assert done.exit_code == 0, done.describe()


def interrupted_lab(folder: Path, interrupt: str) -> Path:
    """The tiny lab, whose second check interrupts the grade, and which looks into Git once more after it."""
    lab = Path(shutil.copytree(TINY, folder, ignore=shutil.ignore_patterns("__pycache__")))
    test, fixtures = lab / "test_greeting.py", lab / "conftest.py"
    signal = f"import os, signal, time\n    time.sleep(1)\n    {interrupt}\n    time.sleep(9)"
    text = test.read_text(encoding="utf-8")
    checks = text.replace(
        "text = _greeting(submission)\n    gradebook", f"{signal}\n    text = ''\n    gradebook"
    )
    assert checks != text
    test.write_text(checks, encoding="utf-8")
    fixtures.write_text(fixtures.read_text(encoding="utf-8") + LOOKS_AGAIN, encoding="utf-8")
    return lab


@pytest.mark.parametrize(
    "interrupt",
    [
        pytest.param("os.kill(os.getpid(), signal.SIGINT)", id="to the harness alone"),
        pytest.param("os.killpg(0, signal.SIGINT)", id="to all processes of its group, as a terminal does"),
    ],
)
def test_ctrl_c_leaves_a_grade_file_and_nothing_else(
    typed: Typed, new_workspace: NewWorkspace, tmp_path: Path, interrupt: str
) -> None:
    """A real signal in the middle of a scenario that would take half a minute: nothing counts as damaged."""
    lab = interrupted_lab(tmp_path / "lab", interrupt)
    workspace = new_workspace()
    write_tree(workspace.repo, {"greeting.txt": "hello\n", "count.sh": "sleep 30\n"})
    commit_all(workspace, "slow")
    done = typed("harness", "--submission", workspace.repo, "--lab", lab, "--grade-json", tmp_path / "g.json")
    assert done.exit_code == 2, done.describe()
    assert done.seconds < 20
    grade = read_grade(tmp_path / "g.json")
    assert grade.outcome == "error"
    assert [flag.text for flag in grade.flags] == ["it was interrupted"]
    assert "Traceback" not in done.stderr


def test_ordinary_tests_are_run_as_ever(typed: Typed, tmp_path: Path) -> None:
    """The plugin changes nothing where no grade is asked for."""
    write_tree(tmp_path / "elsewhere", {"tests/test_one.py": "def test_one(seed=None): assert 1\n"})
    done = typed("tests", "-q", "-p", "no:cacheprovider")
    assert done.exit_code == 0, done.describe()
    assert "1 passed" in done.stdout


def test_workers_are_scenarios_not_processes(typed: Typed, hello: Path) -> None:
    """pytest-xdist does not go with a grade, and the message says what does."""
    done = typed("-p", "xdist", "-n", "2", "harness", "--submission", hello, "--lab", TINY)
    assert done.exit_code == 4
    assert "--jobs N" in done.stderr


def test_junit_is_written_beside(typed: Typed, hello: Path, tmp_path: Path) -> None:
    """CI's door: pytest's own option works, relative to where it was typed."""
    assert typed("harness", "--submission", hello, "--lab", TINY, "--junitxml=junit.xml").exit_code == 0
    text = (tmp_path / "elsewhere" / "junit.xml").read_text(encoding="utf-8")
    assert 'tests="3"' in text
    assert 'name="points"' in text
