"""Which test judges which rule, and in what order."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.grading.rubric import Rubric


@dataclass(frozen=True)
class Candidate:
    """A collected test: its place, its name, the id it carries, and whether it waits for scenarios."""

    position: int
    name: str
    id: str | None
    waits: bool


def arrange(rubric: Rubric, candidates: Sequence[Candidate]) -> list[int]:
    """Return the positions of the tests in the order to run them.

    What needs no scenario comes first, needs before what needs them, and otherwise the rubric's order.
    HarnessError when a test carries no id or an unknown one, when two carry the same, or when a rule has no
    test.
    """
    tests = _matched(rubric, candidates)
    waits = _waiting(rubric, tests)
    place = {spec.id: number for number, spec in enumerate(rubric.checks)}
    sorter = TopologicalSorter({spec.id: spec.needs for spec in rubric.checks})
    sorter.prepare()
    order: list[str] = []
    ready: set[str] = set()
    while sorter.is_active():
        ready.update(sorter.get_ready())
        first = min(ready, key=lambda id_: (waits[id_], place[id_]))
        ready.remove(first)
        order.append(first)
        sorter.done(first)
    return [tests[id_].position for id_ in order]


def _matched(rubric: Rubric, candidates: Sequence[Candidate]) -> dict[str, Candidate]:
    tests: dict[str, Candidate] = {}
    wrong: list[str] = []
    known = {spec.id for spec in rubric.checks}
    for candidate in candidates:
        if candidate.id is None:
            wrong.append(f"the test {candidate.name} carries no id; mark it with @check")
        elif candidate.id not in known:
            wrong.append(f"the test {candidate.name} judges {candidate.id}, which the rubric does not have")
        elif candidate.id in tests:
            wrong.append(f"{candidate.id} has two tests, {tests[candidate.id].name} and {candidate.name}")
        else:
            tests[candidate.id] = candidate
    wrong += [f"{spec.id} has no test" for spec in rubric.checks if spec.id not in tests]
    if wrong:
        raise HarnessError(f"the lab {rubric.lab} does not fit its rubric: {'; '.join(wrong)}")
    return tests


def _waiting(rubric: Rubric, tests: dict[str, Candidate]) -> dict[str, bool]:
    """A check waits for scenarios when its test does, or the test of something that it needs."""
    waits = {id_: test.waits for id_, test in tests.items()}
    for id_ in TopologicalSorter({spec.id: spec.needs for spec in rubric.checks}).static_order():
        waits[id_] = waits[id_] or any(waits[need] for need in rubric.check(id_).needs)
    return waits
