"""The catalogue is complete and consistent."""

from __future__ import annotations

from collections import Counter

import pytest

from fixtures.submissions.catalogue import EVERY, home, named
from fixtures.submissions.variant import FULL_MARKS

MADE_UP = {"fabricated", "cheats", "leaks", "two_faced", "hidden_rows"}


def test_names_are_unique() -> None:
    """A name leads to one submission."""
    assert len({entry.name for entry in EVERY}) == len(EVERY)


def test_holds_enough_of_each_kind() -> None:
    """At least 80 broken, 40 right but different, and 2 pending submissions are there."""
    kinds = [entry.kind for entry in EVERY]
    assert kinds.count("broken") >= 80
    assert kinds.count("right") >= 40
    assert kinds.count("pending") >= 2


def test_every_broken_submission_can_be_repaired() -> None:
    """Whatever is broken, and not made up on purpose, says how whoever follows the hints puts it right."""
    honest = [entry for entry in EVERY if entry.kind == "broken" and home(entry.name).stem not in MADE_UP]
    assert [entry.name for entry in honest if entry.repair is None] == []


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.name)
def test_verdicts_are_possible(entry: object) -> None:
    """Ids exist, points fit the check and the status, right submissions lose nothing."""
    entry = named(str(getattr(entry, "name", "")))
    assert set(entry.expect) <= set(FULL_MARKS)
    for id_, verdict in entry.verdicts().items():
        assert 0 <= verdict.points + verdict.pending <= FULL_MARKS[id_] + 1e-9
        if verdict.status == "partial":
            assert 0 < verdict.points < FULL_MARKS[id_]
        if verdict.status == "pending":
            assert verdict.points + verdict.pending == pytest.approx(FULL_MARKS[id_], abs=1e-3)
        if verdict.status in {"failed", "blocked"}:
            assert verdict.points == verdict.pending == 0
    assert entry.kind != "right" or entry.score == 80
    assert entry.kind != "pending" or entry.score + entry.pending_score == 80


def test_every_check_is_broken_in_two_ways() -> None:
    """For every check at least two submissions fail it, in whole or in part, and not for a need."""
    verdicts = [pair for entry in EVERY if entry.kind == "broken" for pair in entry.expect.items()]
    lost = Counter(id_ for id_, verdict in verdicts if verdict.status in {"failed", "partial"})
    assert {id_: lost[id_] for id_ in FULL_MARKS if lost[id_] < 2} == {}


def test_unknown_name_is_told() -> None:
    """A name that is not there is answered with those that are."""
    with pytest.raises(KeyError, match="plain_clone"):
        named("no_such_submission")
