"""Following the hints literally repairs a broken submission, but for what lies only in its history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import git
import pytest

from fixtures.submissions.build import kept, repaired
from fixtures.submissions.catalogue import EVERY
from fixtures.submissions.variant import Repair, Variant

Grade = dict[str, Any]
BROKEN = [variant for variant in EVERY if variant.repair is not None]
QUICK = "missing_edge"


def repair_of(variant: Variant) -> Repair:
    """The repair of a submission that has one."""
    assert variant.repair is not None
    return variant.repair


def cases() -> list[Any]:
    """All that can be repaired; but for one they are long."""
    return [
        pytest.param(one, id=one.name, marks=() if one.name == QUICK else pytest.mark.long) for one in BROKEN
    ]


@pytest.mark.parametrize("variant", cases())
def test_a_repaired_submission_gets_full_marks(variant: Variant, grade_path: Callable[[Path], Grade]) -> None:
    """Nothing is lost or pending after the repair but what the table says to lie in the history."""
    repair = repair_of(variant)
    grade = grade_path(repaired(variant.name))
    found = {
        check["id"]: (check["status"], check["points"], check["pending_points"]) for check in grade["checks"]
    }
    told = {check["id"]: check["found"] for check in grade["checks"]}
    expected = {id_: tuple(verdict) for id_, verdict in repair.verdicts().items()}
    assert {id_: (row, told[id_]) for id_, row in found.items() if row != expected[id_]} == {}
    assert {flag["id"] for flag in grade["flags"]} == repair.flags


@pytest.mark.long
@pytest.mark.parametrize(
    "variant", [one for one in BROKEN if repair_of(one).lasting], ids=lambda one: one.name
)
def test_a_lasting_loss_is_told(variant: Variant, graded: Callable[[str], Grade]) -> None:
    """Where no new commit helps, the hint of the check that failed says that it lies in the history."""
    lasting = repair_of(variant).lasting
    failed = [check for check in graded(variant.name)["checks"] if check["id"] in lasting]
    told = [check["hint"] for check in failed if check["status"] == "failed"]
    assert told
    assert all("in the history" in hint or "The history" in hint for hint in told)


@pytest.mark.long
@pytest.mark.parametrize("variant", BROKEN, ids=lambda one: one.name)
def test_a_repair_only_adds(variant: Variant) -> None:
    """No commit of the branches and tags that were handed in is missing afterwards."""
    before, after = git.Repo(kept(variant.name)), git.Repo(repaired(variant.name))
    commits = before.git.rev_list("--branches", "--tags", "HEAD").splitlines()
    assert set(commits) <= set(after.git.rev_list("--branches", "--tags", "HEAD").splitlines())
