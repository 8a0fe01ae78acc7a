"""Which test judges which rule, and in what order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import HarnessError
from harness.grading.plan import Candidate, arrange
from harness.grading.rubric import Rubric


def candidates(*ids: str | None, waits: frozenset[str] = frozenset()) -> list[Candidate]:
    """Tests that carry these ids, in this order."""
    return [Candidate(n, f"test_{n}", name, name in waits) for n, name in enumerate(ids)]


def test_the_rubric_decides_the_order(rubric: Rubric) -> None:
    """Where nothing waits, needs come first and the rest is as in the rubric."""
    assert arrange(rubric, candidates("B.four", "B.three", "A.two", "A.one")) == [3, 2, 1, 0]


def test_what_waits_for_scenarios_comes_last(rubric: Rubric) -> None:
    """A check without scenarios is judged before one with, whatever the rubric's order."""
    tests = candidates("A.one", "A.two", "B.three", "B.four", waits=frozenset({"A.two"}))
    assert arrange(rubric, tests) == [0, 3, 1, 2]


def test_what_needs_a_waiting_check_waits_too(rubric: Rubric) -> None:
    """B.three itself is quick, but A.one is not."""
    tests = candidates("A.one", "A.two", "B.three", "B.four", waits=frozenset({"A.one"}))
    assert arrange(rubric, tests) == [3, 0, 1, 2]


def test_a_check_waits_as_long_as_its_need_does(rubric: Rubric) -> None:
    """A.two is quick, but its need waited: what waits itself and stands before it goes first."""
    one, two, three, four = rubric.checks
    other = replace(rubric, checks=(one, four, two, three))
    tests = candidates("A.one", "A.two", "B.three", "B.four", waits=frozenset({"A.one", "B.four"}))
    assert arrange(other, tests) == [0, 3, 1, 2]


def test_all_that_does_not_fit_is_told_at_once(rubric: Rubric) -> None:
    """One complaint after the other."""
    with pytest.raises(HarnessError, match=r"A\.two has no test; B\.three has no test; B\.four has no test$"):
        arrange(rubric, candidates("A.one"))


@pytest.mark.parametrize(
    ("ids", "complaint"),
    [
        (("A.one", "A.two", "B.three"), "B.four has no test"),
        (("A.one", "A.two", "B.three", "B.four", None), "test_4 carries no id"),
        (("A.one", "A.two", "B.three", "B.four", "A.one"), "A.one has two tests, test_0 and test_4"),
        (("A.one", "A.two", "B.three", "B.four", "C.x"), "test_4 judges C.x, which the rubric does not have"),
    ],
)
def test_a_lab_that_does_not_fit_its_rubric_is_refused(
    rubric: Rubric, ids: tuple[str | None, ...], complaint: str
) -> None:
    """Tests and rules correspond one to one, or the lab does not run."""
    with pytest.raises(HarnessError, match="does not fit its rubric") as caught:
        arrange(rubric, candidates(*ids))
    assert complaint in str(caught.value)
