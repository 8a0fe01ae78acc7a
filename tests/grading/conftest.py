"""A rubric of two deliverables and four checks, for the arithmetic of grades."""

from __future__ import annotations

import pytest

from harness.grading.gradebook import Gradebook, Heading
from harness.grading.result import SubmissionInfo
from harness.grading.rubric import CheckSpec, Deliverable, Detection, OralItem, Question, Rubric

DIGEST = "sha256:" + "0" * 64


@pytest.fixture
def rubric() -> Rubric:
    """A.one; A.two needs it; B.three needs both; B.four is free."""
    return Rubric(
        lab="sample",
        title="A sample",
        detect=Detection(),
        deliverables=(Deliverable("A", "First"), Deliverable("B", "Second")),
        checks=(
            CheckSpec("A.one", "A", "one holds", 2),
            CheckSpec("A.two", "A", "two holds", 3, needs=("A.one",), hint="try two"),
            CheckSpec("B.three", "B", "three holds", 4, needs=("A.one", "A.two")),
            CheckSpec("B.four", "B", "four holds", 1),
        ),
        oral=(OralItem("A.explain", 5, (Question("Why?", "So."), Question("Why {n}?", "{n} it is."))),),
    )


@pytest.fixture
def heading() -> Heading:
    """The heading of a grade of nothing in particular."""
    info = SubmissionInfo("work", "folder", "a" * 40, DIGEST)
    return Heading("0.0", "sample", DIGEST, info, {"python": "3", "dvc": "3", "isolation": "none"})


@pytest.fixture
def gradebook(rubric: Rubric, heading: Heading) -> Gradebook:
    """An empty gradebook."""
    return Gradebook(rubric, heading)
