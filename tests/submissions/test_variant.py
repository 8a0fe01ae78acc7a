"""A catalogue entry knows the verdict of every check."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import harness
from fixtures.submissions.variant import BLOCKED, FAILED, FULL_MARKS, Verdict, partial, pending, variant

if TYPE_CHECKING:
    from fixtures.submissions.area import Area


EXPECTED = {"D1.init": partial(1.0), "D1.push": pending(3.0), "D1.remote": FAILED}


@variant("broken", expect=EXPECTED, flags=["crlf"])
def some_fault(area: Area) -> None:
    """One sentence.

    And more.
    """
    area.write("a", "1\n")


def test_full_marks_are_the_rubrics() -> None:
    """The points of every check, and their sum of 80, are those of the lab's rubric file."""
    file = Path(harness.__file__).parent / "labs" / "dvc_versioning" / "rubric.toml"
    rubric = tomllib.loads(file.read_text(encoding="utf-8"))
    assert {check["id"]: check["points"] for check in rubric["checks"]} == dict(FULL_MARKS)
    assert sum(FULL_MARKS.values()) == 80


def test_name_and_sentence_come_from_the_function() -> None:
    """The function's name and the first line of its docstring are the entry's."""
    assert (some_fault.name, some_fault.says) == ("some_fault", "One sentence.")
    assert some_fault.flags == frozenset({"crlf"})


def test_other_checks_get_full_marks() -> None:
    """All 22 checks have a verdict, and those that are not named are passed."""
    verdicts = some_fault.verdicts()
    assert list(verdicts) == list(FULL_MARKS)
    assert verdicts["D2.repro"] == Verdict("passed", 6.0)
    assert verdicts["D1.remote"] == FAILED


def test_scores_are_sums() -> None:
    """The score counts what was shown, the pending score what was not."""
    assert some_fault.score == 80 - 1 - 3 - 3
    assert some_fault.pending_score == 3.0
    assert BLOCKED.points == 0.0
