"""A lab's rubric as data: what is judged, for how many points, and what each rule needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class Deliverable:
    """One part of the lab, under which its checks are listed."""

    id: str
    title: str


@dataclass(frozen=True)
class CheckSpec:
    """One rule of the rubric; ``needs`` are ids of checks without which it cannot be judged."""

    id: str
    deliverable: str
    title: str
    points: float
    needs: tuple[str, ...] = ()
    hint: str | None = None


@dataclass(frozen=True)
class Question:
    """What to ask a student, with the answer for the examiner beside."""

    ask: str
    answer: str

    def placeholders(self) -> frozenset[str]:
        """Return the names of the facts that the question is made from."""
        return frozenset(PLACEHOLDER.findall(self.ask + self.answer))

    def filled(self, facts: Mapping[str, str]) -> Question | None:
        """Return the question with its facts in place, or None when one of them is not known."""
        if not self.placeholders() <= facts.keys():
            return None
        return Question(*(PLACEHOLDER.sub(lambda m: facts[m[1]], text) for text in (self.ask, self.answer)))


@dataclass(frozen=True)
class OralItem:
    """Points that the examiner gives by hand, and the questions to give them for."""

    id: str
    points: float
    questions: tuple[Question, ...]

    def filled(self, facts: Mapping[str, str]) -> tuple[Question, ...]:
        """Return the questions whose facts are all known, with the facts in place."""
        return tuple(filled for question in self.questions if (filled := question.filled(facts)))


@dataclass(frozen=True)
class Detection:
    """Patterns of paths that give a lab away, as ``fnmatch`` reads them: ``*`` crosses slashes."""

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rubric:
    """What a lab's ``rubric.toml`` says; ``extra`` holds the tables that only the lab reads."""

    lab: str
    title: str
    detect: Detection
    deliverables: tuple[Deliverable, ...]
    checks: tuple[CheckSpec, ...]
    oral: tuple[OralItem, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def max_score(self) -> float:
        """The sum of the points of the automated checks."""
        return sum(spec.points for spec in self.checks)

    def check(self, id: str) -> CheckSpec:  # noqa: A002  # the rubric's word
        """Return the rule with this id; KeyError when the rubric has none."""
        return {spec.id: spec for spec in self.checks}[id]
