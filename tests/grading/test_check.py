"""The mark on a test function."""

from __future__ import annotations

from harness.grading.check import CheckMark, check, mark_of


def test_a_marked_function_is_the_same_function_with_a_mark() -> None:
    """Marking changes nothing about a function but what mark_of says of it."""

    def judge() -> int:
        return 7

    assert check("A.one")(judge) is judge
    assert judge() == 7
    assert mark_of(judge) == CheckMark("A.one", "before")


def test_a_check_may_look_at_its_needs_itself() -> None:
    """needs="inside" is kept in the mark."""
    assert mark_of(check("A.one", needs="inside")(print_nothing)) == CheckMark("A.one", "inside")


def print_nothing() -> None:
    """Do nothing."""


def test_what_was_not_marked_has_no_mark() -> None:
    """A plain function, an object with a stranger's attribute and None carry no mark."""

    class Stranger:
        harness_check = "A.one"

    assert mark_of(lambda: None) is None
    assert mark_of(Stranger()) is None
    assert mark_of(None) is None
