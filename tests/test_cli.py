"""The ``harness`` command."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fixtures.workspaces import NewWorkspace, commit_all, write_tree
from harness.cli import EXIT_CODES, main
from harness.grading.grade_file import read_grade
from harness.labs.reference import reference_submission

TINY = Path(__file__).parent / "labs" / "tiny"
COUNT = "grep -c '' greeting.txt > count.txt\n"


def check(*words: object) -> Result:
    """Type ``harness check`` with the tiny lab."""
    return CliRunner().invoke(main, ["check", "--lab", str(TINY), *map(str, words)])


@pytest.fixture
def handed_in(new_workspace: NewWorkspace) -> Path:
    """A submission with a greeting that is still to come."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"greeting.txt": "later\n", "count.sh": COUNT})
    commit_all(workspace, handed_in.__name__)
    return workspace.repo


def test_what_is_pending_is_no_loss(handed_in: Path, tmp_path: Path) -> None:
    """Exit code 0, a scorecard, a grade file and JUnit XML."""
    done = check(handed_in, "--ci", "--json", tmp_path / "g.json", "--junitxml", tmp_path / "j.xml")
    assert done.exit_code == 0, done.output
    assert "Pending 1" in done.output
    assert read_grade(tmp_path / "g.json").score == 5
    assert (tmp_path / "j.xml").is_file()


def test_under_strict_it_is(handed_in: Path) -> None:
    """Exit code 1."""
    assert check(handed_in, "--strict").exit_code == 1


def test_the_seed_is_in_the_grade(handed_in: Path) -> None:
    """--seed draws other values, and the grade names it."""
    assert "seed 77" in check(handed_in, "--seed", "77").output


@pytest.mark.parametrize("words", [("--thorough",), ("--thorough", "3"), ("--cold",)])
def test_how_it_is_checked_changes_no_points(handed_in: Path, words: tuple[str, ...]) -> None:
    """Cold starts, and random edits that this lab does not know, leave the grade as it is."""
    done = check(handed_in, "--ci", *words)
    assert done.exit_code == 0, done.output
    assert "Pending 1" in done.output


def test_a_path_after_thorough_is_the_submission(handed_in: Path) -> None:
    """And no number of edits; two paths are one too many."""
    lab = ("check", "--ci", "--lab", str(TINY))
    assert CliRunner().invoke(main, [*lab, "--thorough", str(handed_in)]).exit_code == 0
    two = CliRunner().invoke(main, [*lab, "--thorough", "here", str(handed_in)])
    assert two.exit_code == 2
    assert "--thorough takes a number of edits, not 'here'" in two.output


@pytest.mark.long
def test_random_edits_are_advice_beside_the_grade(tmp_path: Path) -> None:
    """The reference stands them, keeps its points, and the grade says that they were tried."""
    words = ("--ci", "--thorough", "2", "--json", str(tmp_path / "g.json"))
    done = CliRunner().invoke(main, ["check", str(reference_submission()), *words])
    assert done.exit_code == 0, done.output
    grade = read_grade(tmp_path / "g.json")
    assert grade.score == grade.max_score
    assert [flag.text for flag in grade.flags if flag.id == "thorough"] == [
        "2 random edits tried (seed 1): DVC re-ran what it should each time"
    ]


def test_what_cannot_be_opened_is_exit_code_3(tmp_path: Path) -> None:
    """One sentence and no scorecard."""
    done = check(tmp_path)
    assert done.exit_code == 3
    assert done.output.count("\n") == 1
    assert "looked for a Git repository" in done.output


@pytest.mark.parametrize(
    "words",
    [
        ("--lab", "nonsense"),
        ("--no-such-option",),
        ("--seed", "x"),
        ("--jobs", "0"),
        ("--json", "/"),
        ("--thorough=-1",),
    ],
)
def test_misuse_is_exit_code_2(words: tuple[str, ...]) -> None:
    """Unknown labs and options, values out of range, a grade file that cannot be written."""
    assert check(*words).exit_code == 2


def test_a_broken_lab_is_exit_code_4(handed_in: Path, tmp_path: Path) -> None:
    """The harness's failure is never the student's."""
    (tmp_path / "rubric.toml").write_text("lab =", encoding="utf-8")
    done = check(handed_in, "--lab", tmp_path)
    assert done.exit_code == 4
    assert "is not a rubric" in done.output


def test_every_ending_has_its_own_code() -> None:
    """Design 4.1 fixes 0 to 4; an interruption is what a shell expects."""
    assert EXIT_CODES == {"well": 0, "lost": 1, "usage": 2, "unreadable": 3, "failed": 4, "interrupted": 130}


def test_help_and_version_are_there() -> None:
    """A person who types nothing sees what there is to type."""
    assert "check" in CliRunner().invoke(main, ["--help"]).output
