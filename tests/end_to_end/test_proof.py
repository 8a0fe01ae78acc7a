"""docs/proof.md is what the grader really finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fixtures.submissions.catalogue import EVERY
from fixtures.submissions.proof import FILE, count, render
from fixtures.submissions.variant import Verdict

Grade = dict[str, Any]


def verdicts_of(grade: Grade) -> dict[str, Verdict]:
    """What a grade says of each check."""
    return {
        check["id"]: Verdict(check["status"], check["points"], check["pending_points"])
        for check in grade["checks"]
    }


@pytest.mark.long
def test_the_table_is_what_the_grader_finds(graded: Callable[[str], Grade]) -> None:
    """The table of all grades is written anew; it is the one in Git, and no verdict is false."""
    found = {one.name: verdicts_of(graded(one.name)) for one in reversed(EVERY)}
    before, now = FILE.read_text(encoding="utf-8"), render(EVERY, found)
    FILE.write_text(now, encoding="utf-8")
    counts = count(EVERY, found)
    assert (counts.false_passes, counts.false_failures) == (0, 0)
    assert now == before
