"""The mark that ties a test function to one rule of a rubric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

Needs = Literal["before", "inside"]
Test = TypeVar("Test", bound=Callable[..., object])

ATTRIBUTE = "harness_check"


@dataclass(frozen=True)
class CheckMark:
    """The rule that a test function judges, and when its needs are looked at."""

    id: str
    needs: Needs


def check(id: str, *, needs: Needs = "before") -> Callable[[Test], Test]:  # noqa: A002  # the rubric's word
    """Mark a test function as the judge of the rule ``id``.

    ``needs="before"``: the test does not start when a need blocks it. ``needs="inside"``: the test starts
    all the same and calls ``ruling.require_needs()`` itself, because what was handed in can refute its rule
    whatever became of the needs.
    """

    def mark(test: Test) -> Test:
        setattr(test, ATTRIBUTE, CheckMark(id, needs))
        return test

    return mark


def mark_of(test: object) -> CheckMark | None:
    """Return the mark of a test function, or None when it carries none."""
    mark = getattr(test, ATTRIBUTE, None)
    return mark if isinstance(mark, CheckMark) else None
