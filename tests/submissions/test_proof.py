"""The proof table shows every submission and every check, and counts a wrong grader's errors."""

from __future__ import annotations

import re

from fixtures.submissions.catalogue import EVERY
from fixtures.submissions.proof import FILE, Counts, count, expected, render
from fixtures.submissions.variant import FAILED, FULL_MARKS, Verdict, pending


def test_the_file_lists_exactly_the_catalogue() -> None:
    """docs/proof.md is what a grader that is never wrong gives for the submissions that there are."""
    text = FILE.read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z_0-9]+)` \|", text, re.MULTILINE)
    assert sorted(listed) == sorted(one.name for one in EVERY)
    assert text == render(EVERY, expected(EVERY)), "write it with: pytest tests/end_to_end/test_proof.py"


def test_a_right_grader_is_never_wrong() -> None:
    """All verdicts are compared, 22 for each submission, and none is false."""
    assert count(EVERY, expected(EVERY)) == Counts(22 * len(EVERY), 0, 0)


def test_errors_are_counted() -> None:
    """A pass that is not deserved and a loss that is not deserved are counted; what is open is neither."""
    found = expected(EVERY)
    found["no_remote"]["D1.remote"] = Verdict("passed", FULL_MARKS["D1.remote"])
    found["reference"]["D1.init"] = FAILED
    found["reference"]["D1.push"] = pending(3.0)
    assert count(EVERY, found) == Counts(22 * len(EVERY), 1, 1)
    assert "**1**" in render(EVERY, found)


def test_every_check_has_a_row_and_a_column() -> None:
    """The ids stand in the table of checks, their names at the head of each matrix."""
    text = render(EVERY, expected(EVERY))
    heads = [line for line in text.splitlines() if line.startswith("| submission | score |")]
    assert len(heads) == 3
    assert all(f"| `{id_}` |" in text and f" {id_.partition('.')[2]} " in heads[0] for id_ in FULL_MARKS)
