"""The numbers of a grade, and how it ends."""

from __future__ import annotations

from harness.errors import CheckFailed, Pending
from harness.grading.gradebook import Gradebook
from harness.grading.score import ending_of, score_of


def judged(gradebook: Gradebook, *endings: BaseException | None) -> None:
    """Record how the four checks ended, in order."""
    for spec, ending in zip(gradebook.rubric.checks, endings, strict=True):
        gradebook.record(spec.id, ending, 0)


def test_a_grade_shows_three_numbers(gradebook: Gradebook) -> None:
    """Awarded, lost and pending add up to all points."""
    judged(gradebook, None, CheckFailed("a", "b"), Pending("a", "b"), None)
    score = score_of(gradebook.grade())
    assert (score.awarded, score.lost, score.pending, score.unjudged, score.max) == (3, 3, 4, 0, 10)


def test_strict_counts_pending_as_lost(gradebook: Gradebook) -> None:
    """Nothing is pending under strict, and nothing more is awarded."""
    judged(gradebook, None, CheckFailed("a", "b"), Pending("a", "b"), None)
    score = score_of(gradebook.grade(), strict=True)
    assert (score.awarded, score.lost, score.pending) == (3, 7, 0)


def test_points_that_the_harness_could_not_judge_are_apart(gradebook: Gradebook) -> None:
    """An error is neither awarded, nor lost, nor pending."""
    judged(gradebook, None, None, OSError("disk"), None)
    score = score_of(gradebook.grade())
    assert (score.awarded, score.lost, score.pending, score.unjudged) == (6, 0, 0, 4)


def test_a_grade_without_a_loss_ends_well(gradebook: Gradebook) -> None:
    """Pending is no loss, unless strict says so."""
    judged(gradebook, None, None, Pending("a", "b"), None)
    assert ending_of(gradebook.grade()) == "well"
    assert ending_of(gradebook.grade(), strict=True) == "lost"


def test_any_lost_point_is_a_loss(gradebook: Gradebook) -> None:
    """A partial check is one too."""
    gradebook.ruling("B.three").award(3.5, "most")
    gradebook.ruling("B.three").lose(0.5, expected="a", found="b")
    judged(gradebook, None, None, None, None)
    assert ending_of(gradebook.grade()) == "lost"


def test_an_error_outweighs_a_loss(gradebook: Gradebook) -> None:
    """A grade that cannot be trusted has failed, whatever else is in it."""
    judged(gradebook, CheckFailed("a", "b"), None, OSError("disk"), None)
    assert ending_of(gradebook.grade()) == "failed"
