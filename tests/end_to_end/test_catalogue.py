"""Every submission of the catalogue gets exactly its verdict: 22 checks, points and flags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fixtures.submissions.catalogue import EVERY
from fixtures.submissions.variant import Variant

Grade = dict[str, Any]


QUICK = {"reference", "pointer_removed", "params_as_dependency", "windows_remote_lost", "template_only"}


def cases() -> list[Any]:
    """All variants; but for a few that stand for their kind they are long."""
    return [
        pytest.param(variant, id=variant.name, marks=() if variant.name in QUICK else pytest.mark.long)
        for variant in EVERY
    ]


@pytest.mark.parametrize("variant", cases())
def test_a_submission_gets_its_verdict(variant: Variant, graded: Callable[[str], Grade]) -> None:
    """Status, points and pending points of all checks, and the flags, are those of the catalogue."""
    grade = graded(variant.name)
    found = {
        check["id"]: (check["status"], check["points"], check["pending_points"]) for check in grade["checks"]
    }
    told = {check["id"]: check["found"] for check in grade["checks"]}
    expected = {id_: tuple(verdict) for id_, verdict in variant.verdicts().items()}
    assert grade["outcome"] == "graded"
    assert {id_: (row, told[id_]) for id_, row in found.items() if row != expected[id_]} == {}
    assert set(found) == set(expected)
    assert {flag["id"] for flag in grade["flags"]} == variant.flags


@pytest.mark.parametrize("variant", cases())
def test_whatever_was_lost_has_a_hint(variant: Variant, graded: Callable[[str], Grade]) -> None:
    """A check that is not passed tells what was found and what to do next."""
    for check in graded(variant.name)["checks"]:
        if check["status"] != "passed":
            assert check["found"], check["id"]
            assert check["hint"], check["id"]
