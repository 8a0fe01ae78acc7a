"""From what a check decides to its status and points: the table of design 4.2."""

from __future__ import annotations

import pytest

from harness.errors import CheckFailed, HarnessError, MalformedEvidence, Pending
from harness.grading.gradebook import Gradebook
from harness.grading.result import CheckResult, Evidence, Flag
from harness.grading.rubric import CheckSpec
from harness.grading.ruling import Blocked, Ruling

SPEC = CheckSpec("A.one", "A", "one holds", 6, hint="try one")


def ruling(**decided: CheckResult) -> Ruling:
    """A ruling about six points."""
    return Ruling(SPEC, decided)


def test_a_test_that_ends_well_awards_everything() -> None:
    """Nothing decided is all points awarded."""
    result = ruling().settle(None, 0.25)
    assert (result.status, result.points, result.pending_points, result.lost_points) == ("passed", 6, 0, 0)
    assert (result.expected, result.found, result.hint, result.seconds) == (None, None, None, 0.25)


def test_a_failed_check_loses_everything_and_says_why() -> None:
    """CheckFailed gives its words to the result."""
    result = ruling().settle(CheckFailed("a file", "no file", "make one"), 0)
    assert (result.status, result.points, result.lost_points) == ("failed", 0, 6)
    assert (result.expected, result.found, result.hint) == ("a file", "no file", "make one")


def test_a_lost_check_without_a_hint_has_the_rubrics() -> None:
    """No loss is without the student's next step."""
    assert ruling().settle(CheckFailed("a file", "no file"), 0).hint == "try one"


def test_a_file_that_cannot_be_read_loses_everything_and_is_named() -> None:
    """What was handed in as evidence and is none is the student's loss, with the rubric's hint."""
    one = ruling()
    one.award(2, "something")
    result = one.settle(MalformedEvidence("dvc.lock", "line 3: no YAML"), 0)
    assert (result.status, result.points, result.lost_points) == ("failed", 0, 6)
    assert (result.expected, result.found) == ("a readable dvc.lock", "line 3: no YAML")
    assert result.hint == "try one"


def test_a_need_that_cannot_be_read_blocks(gradebook: Gradebook) -> None:
    """It failed like any other, and is no error of ours."""
    gradebook.record("A.one", MalformedEvidence("dvc.yaml", "it is empty"), 0)
    with pytest.raises(Blocked):
        gradebook.ruling("A.two").require_needs()


def test_a_pending_check_keeps_its_points_open() -> None:
    """Pending defers all points and says what to hand in."""
    result = ruling().settle(Pending("no cache", "hand in .dvc/cache"), 0)
    assert (result.status, result.points, result.pending_points, result.lost_points) == ("pending", 0, 6, 0)
    assert (result.expected, result.found, result.hint) == (None, "no cache", "hand in .dvc/cache")


def test_failing_wins_over_parts_awarded_before() -> None:
    """A test that awards a part and then fails has lost everything."""
    one = ruling()
    one.award(2, "something")
    assert one.settle(CheckFailed("a", "b"), 0).status == "failed"


def test_parts_awarded_and_lost_are_partial() -> None:
    """Some held, some did not: the result says which, and the hint is that of the loss."""
    one = ruling()
    one.award(4, "train ran")
    one.lose(2, expected="nothing else runs", found="prepare ran", hint="remove the line")
    result = one.settle(None, 0)
    assert (result.status, result.points, result.lost_points) == ("partial", 4, 2)
    assert (result.expected, result.found, result.hint) == (
        "nothing else runs",
        "prepare ran",
        "remove the line",
    )
    assert [fact.text for fact in result.evidence] == [
        "awarded 4 of 6: train ran",
        "lost 2 of 6: prepare ran",
    ]


def test_parts_awarded_and_deferred_are_pending() -> None:
    """Nothing was refuted: the points are those shown, the rest waits."""
    one = ruling()
    one.award(4, "two of three")
    one.defer(2, found="the third is told in the README", hint="hand in refs/exps")
    result = one.settle(None, 0)
    assert (result.status, result.points, result.pending_points) == ("pending", 4, 2)
    assert result.hint == "hand in refs/exps"


def test_parts_lost_and_deferred_are_partial() -> None:
    """A loss with something open is partial, and the points are split."""
    one = ruling()
    one.lose(2, expected="x", found="y")
    one.defer(4, found="z", hint="show it")
    result = one.settle(None, 0)
    assert (result.status, result.points, result.pending_points, result.lost_points) == ("partial", 0, 4, 2)
    assert (result.found, result.hint) == ("y; z", "show it")


def test_several_losses_are_told_together_and_once_each() -> None:
    """The words of all lost parts are joined, and all lost is failed."""
    one = ruling()
    for found in ("y", "y", "z"):
        one.lose(2, expected="x", found=found)
    result = one.settle(None, 0)
    assert (result.status, result.expected, result.found) == ("failed", "x", "y; z")


def test_thirds_add_up() -> None:
    """Shares that are no round number are a whole check, and are written with four decimals."""
    one = ruling()
    for _ in range(2):
        one.award(6 / 7, "a share")
    one.lose(6 * 5 / 7, expected="x", found="y")
    result = one.settle(None, 0)
    assert (result.status, result.points, result.lost_points) == ("partial", 1.7143, 4.2857)


@pytest.mark.parametrize("points", [1.0, 7.0])
def test_parts_that_do_not_add_up_are_our_error(points: float) -> None:
    """A check that forgets points, or finds too many, is not the student's loss."""
    one = ruling()
    one.award(points, "something")
    result = one.settle(None, 0)
    assert (result.status, result.points, result.lost_points) == ("error", 0, 0)
    assert f"decided about {points:g} of its 6 points" in str(result.found)


def test_a_part_without_points_is_no_part() -> None:
    """An empty share neither fails a check nor makes it partial."""
    one = ruling()
    one.award(6, "all")
    one.lose(0, expected="x", found="y")
    assert one.settle(None, 0).status == "passed"


@pytest.mark.parametrize("points", [-1.0, float("nan"), float("inf")])
def test_points_that_are_none_are_refused(points: float) -> None:
    """A part is worth a number of points, 0 or more."""
    with pytest.raises(HarnessError, match="it must be 0 or more"):
        ruling().award(points, "something")


def test_any_other_exception_is_our_error() -> None:
    """What is neither the student's failure nor missing evidence never costs points."""
    result = ruling().settle(ZeroDivisionError("division by zero"), 0)
    assert (result.status, result.points, result.lost_points) == ("error", 0, 0)
    assert result.found == "the harness failed: ZeroDivisionError: division by zero"


def test_facts_and_flags_are_kept() -> None:
    """Evidence is kept once each in order, and flags for the gradebook."""
    one = ruling()
    one.fact("hash", "5afc")
    one.fact("hash", "5afc")
    one.fact("command", "dvc repro")
    one.flag("crlf", "Windows line ends")
    assert one.settle(None, 0).evidence == (Evidence("hash", "5afc"), Evidence("command", "dvc repro"))
    assert one.flags == [Flag("crlf", "Windows line ends")]


def test_a_failed_need_blocks(gradebook: Gradebook) -> None:
    """The dependent is blocked with 0 points and names the need."""
    gradebook.record("A.one", CheckFailed("a", "b"), 0)
    with pytest.raises(Blocked) as caught:
        gradebook.ruling("A.two").require_needs()
    result = gradebook.record("A.two", caught.value, 0)
    assert (result.status, result.points, result.pending_points) == ("blocked", 0, 0)
    assert result.found == "not judged, because A.one must hold first"


def test_a_blocked_need_blocks_too_and_every_one_is_named(gradebook: Gradebook) -> None:
    """Blocking goes down the chain."""
    gradebook.record("A.one", CheckFailed("a", "b"), 0)
    gradebook.record("A.two", Blocked(("A.one",)), 0)
    with pytest.raises(Blocked, match=r"A.one and A.two must hold first"):
        gradebook.ruling("B.three").require_needs()


def test_a_partial_or_pending_need_blocks_nothing(gradebook: Gradebook) -> None:
    """Only what earned 0 as failed or blocked is in the way."""
    gradebook.ruling("A.one").award(1, "half")
    gradebook.ruling("A.one").lose(1, expected="a", found="b")
    gradebook.record("A.one", None, 0)
    gradebook.record("A.two", Pending("a", "b"), 0)
    gradebook.ruling("B.three").require_needs()


def test_what_needs_an_unjudged_check_is_unjudged(gradebook: Gradebook) -> None:
    """Our error in a need is our error in what needs it, and so is a need without any result."""
    gradebook.record("A.one", OSError("disk"), 0)
    with pytest.raises(HarnessError, match=r"A.two could not be judged because A.one could not"):
        gradebook.ruling("A.two").require_needs()
    with pytest.raises(HarnessError, match=r"because A.one and A.two could not"):
        gradebook.ruling("B.three").require_needs()


def test_words_of_blocked_and_broken_checks() -> None:
    """What to do first, and that nothing is lost, in full."""
    blocked = ruling().settle(Blocked(("A.x", "A.y")), 0)
    assert blocked.hint == "Earn A.x and A.y first: this check is judged after that."
    broken = ruling().settle(RuntimeError("oh"), 0)
    assert broken.hint == "No points are lost by this: the submission has to be graded again."


def test_what_is_awarded_or_deferred_whole_is_told_once() -> None:
    """One award of all points gives its reason as evidence; several parts name their points each."""
    whole = ruling()
    whole.award(6, "all of it")
    assert whole.settle(None, 0.12345).evidence == (Evidence("value", "all of it"),)
    assert whole.settle(None, 0.12345).seconds == 0.123
    parts = ruling()
    parts.award(4, "most")
    parts.defer(2, found="the rest", hint="show it")
    assert parts.settle(None, 0).evidence == (
        Evidence("value", "awarded 4 of 6: most"),
        Evidence("value", "pending 2 of 6: the rest"),
    )
    lost = ruling()
    lost.lose(6, expected="x", found="y")
    assert lost.settle(None, 0).evidence == (), "its own words say it already"


def test_rounded_thirds_are_the_whole() -> None:
    """Three thirds of four points, rounded, and the other two are all six."""
    thirds = ruling()
    for name in "abc":
        thirds.award(1.33333, name)
    thirds.award(2, "d")
    assert thirds.settle(None, 0).status == "passed"
