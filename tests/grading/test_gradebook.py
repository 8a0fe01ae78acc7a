"""Collecting results, and the grade made of them."""

from __future__ import annotations

from harness.errors import CheckFailed
from harness.grading.gradebook import Gradebook, Heading, ungraded
from harness.grading.result import Flag
from harness.grading.rubric import Question


def test_results_are_in_the_rubrics_order(gradebook: Gradebook) -> None:
    """The order in which checks ran does not show in the grade."""
    for name in ("B.four", "A.two", "A.one", "B.three"):
        gradebook.record(name, None, 0)
    grade = gradebook.grade()
    assert [result.id for result in grade.checks] == ["A.one", "A.two", "B.three", "B.four"]
    assert (grade.outcome, grade.score) == ("graded", 10)


def test_a_result_that_never_came_is_an_error(gradebook: Gradebook) -> None:
    """A missing check is never a pass, and the grade is not to be trusted."""
    gradebook.record("A.one", None, 0)
    grade = gradebook.grade()
    assert [result.status for result in grade.checks] == ["passed", "error", "error", "error"]
    assert grade.checks[1].found == "the harness failed: the check did not report a result"
    assert grade.outcome == "error"


def test_a_check_has_one_ruling(gradebook: Gradebook) -> None:
    """What a test decides and what is recorded are the same."""
    gradebook.ruling("A.one").lose(2, expected="a", found="b")
    assert gradebook.record("A.one", None, 0).status == "failed"


def test_flags_are_written_once(gradebook: Gradebook) -> None:
    """The same advice of two checks is one flag."""
    for name in ("A.one", "B.four"):
        gradebook.ruling(name).flag("crlf", "Windows line ends")
        gradebook.record(name, None, 0)
    gradebook.flag("stale", "old")
    assert gradebook.grade().flags == (Flag("crlf", "Windows line ends"), Flag("stale", "old"))


def test_oral_questions_are_made_from_facts(gradebook: Gradebook) -> None:
    """A question whose fact nobody told is not asked."""
    assert len(gradebook.grade().manual[0].questions) == 1
    gradebook.tell(n=4)
    manual = gradebook.grade().manual[0]
    assert manual.questions[1] == Question("Why 4?", "4 it is.")
    assert (manual.max_points, manual.points) == (5, None)


def test_a_problem_makes_a_grade_untrustworthy(gradebook: Gradebook) -> None:
    """Even when every check reported, a problem of ours shows in outcome and flags."""
    for spec in gradebook.rubric.checks:
        gradebook.record(spec.id, CheckFailed("a", "b"), 0)
    gradebook.broke("collection", "a file cannot be read", "Traceback …")
    grade = gradebook.grade()
    assert grade.outcome == "error"
    assert grade.flags == (Flag("harness-error", "a file cannot be read"),)
    assert gradebook.tracebacks == {"collection": "Traceback …"}


def test_what_could_not_be_graded_says_why(heading: Heading) -> None:
    """A grade without checks carries its reason as a flag."""
    grade = ungraded(heading, "unreadable", Flag("unreadable", "it is a picture"))
    assert (grade.outcome, grade.checks, grade.max_score) == ("unreadable", (), 0)
    assert grade.flags == (Flag("unreadable", "it is a picture"),)
