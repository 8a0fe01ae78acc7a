"""A rubric as data."""

from __future__ import annotations

import pytest

from harness.grading.rubric import OralItem, Question, Rubric


def test_the_points_of_all_checks_are_the_most_there_is(rubric: Rubric) -> None:
    """max_score adds up the checks and leaves the oral points out."""
    assert rubric.max_score == 10


def test_a_check_is_found_by_its_id(rubric: Rubric) -> None:
    """check() returns the rule with that id and refuses an unknown one."""
    assert rubric.check("A.two").needs == ("A.one",)
    with pytest.raises(KeyError):
        rubric.check("A.ten")


def test_facts_are_put_into_a_question() -> None:
    """Placeholders in question and answer are replaced by the facts, whatever these contain."""
    question = Question("Why {rows}?", "Because of {rows} in {file}.")
    assert question.filled({"rows": "{file}", "file": "a.csv"}) == Question(
        "Why {file}?", "Because of {file} in a.csv."
    )


def test_a_question_without_its_facts_is_left_out() -> None:
    """An oral item asks only what can be asked."""
    item = OralItem("A.explain", 3, (Question("Why?", "So."), Question("Why {n}?", "So.")))
    assert item.filled({}) == (Question("Why?", "So."),)


def test_braces_that_are_no_placeholder_stay() -> None:
    """Text such as an empty JSON object is no placeholder."""
    assert Question("What is {}?", "{ 1 }").filled({}) == Question("What is {}?", "{ 1 }")
