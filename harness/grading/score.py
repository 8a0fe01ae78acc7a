"""From a grade to the figures and the exit status that stand for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from harness.grading.result import Grade

GradeEnding = Literal["well", "lost", "failed"]


@dataclass(frozen=True)
class Score:
    """The three numbers of a grade, and the points that the harness could not judge."""

    awarded: float
    lost: float
    pending: float
    unjudged: float
    max: float


def score_of(grade: Grade, *, strict: bool = False) -> Score:
    """Return the numbers of a grade; ``strict`` counts what is pending as lost."""
    pending = 0.0 if strict else grade.pending_score
    lost = grade.lost_score + (grade.pending_score - pending)
    return Score(grade.score, lost, pending, grade.unjudged_score, grade.max_score)


def ending_of(grade: Grade, *, strict: bool = False) -> GradeEnding:
    """Return ``failed`` when the harness did, ``lost`` when some points are, ``well`` otherwise."""
    if grade.outcome != "graded":
        return "failed"
    return "lost" if score_of(grade, strict=strict).lost > 0 else "well"
