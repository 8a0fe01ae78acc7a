"""The grade of one submission as data, and the form in which it is written (``harness/grade/1``)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from harness.grading.rubric import Question

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = "harness/grade/1"

Status = Literal["passed", "partial", "failed", "blocked", "pending", "error"]
Kind = Literal["folder", "git", "bundle", "zip", "tar"]
EvidenceKind = Literal["command", "file", "hash", "value"]
Outcome = Literal["graded", "unreadable", "error"]


def rounded(points: float) -> float:
    """Return points as they are written: to four decimals, so that thirds add up, and never -0."""
    return round(points, 4) + 0.0


@dataclass(frozen=True)
class Evidence:
    """One thing that a verdict rests on."""

    kind: EvidenceKind
    text: str


@dataclass(frozen=True)
class Flag:
    """Advice or a warning that costs no points."""

    id: str
    text: str


@dataclass(frozen=True)
class CheckResult:
    """What became of one rule; ``points + pending_points`` never exceeds ``max_points``."""

    id: str
    deliverable: str
    title: str
    status: Status
    points: float
    pending_points: float
    max_points: float
    expected: str | None = None
    found: str | None = None
    hint: str | None = None
    evidence: tuple[Evidence, ...] = ()
    seconds: float = 0.0

    @property
    def lost_points(self) -> float:
        """Points shown not to be earned; none while the harness has not judged."""
        if self.status == "error":
            return 0.0
        return rounded(self.max_points - self.points - self.pending_points)


@dataclass(frozen=True)
class ManualResult:
    """An oral item: what to ask, and the points that the examiner gave, None before the examination."""

    id: str
    max_points: float
    questions: tuple[Question, ...]
    points: float | None = None


@dataclass(frozen=True)
class SubmissionInfo:
    """What was graded; ``commit`` is None when it could not be opened."""

    name: str
    kind: Kind
    commit: str | None
    digest: str


@dataclass(frozen=True)
class Grade:
    """All check results of one submission."""

    harness: str
    lab: str
    lab_digest: str
    submission: SubmissionInfo
    outcome: Outcome
    checks: tuple[CheckResult, ...] = ()
    manual: tuple[ManualResult, ...] = ()
    flags: tuple[Flag, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def score(self) -> float:
        """Points awarded by the automated checks."""
        return rounded(sum(result.points for result in self.checks))

    @property
    def max_score(self) -> float:
        """Points of all automated checks."""
        return rounded(sum(result.max_points for result in self.checks))

    @property
    def pending_score(self) -> float:
        """Points that can be neither given nor refused before the examiner has seen the evidence."""
        return rounded(sum(result.pending_points for result in self.checks))

    @property
    def lost_score(self) -> float:
        """Points shown not to be earned."""
        return rounded(sum(result.lost_points for result in self.checks))

    @property
    def unjudged_score(self) -> float:
        """Points of the checks in which the harness itself failed: neither awarded, nor lost, nor pending."""
        return rounded(sum(result.max_points for result in self.checks if result.status == "error"))


def grade_to_json(grade: Grade) -> dict[str, Any]:
    """Return the grade as the JSON object that design 4.3 fixes, keys in its order."""
    return {
        "schema": SCHEMA,
        "harness": grade.harness,
        "lab": grade.lab,
        "lab_digest": grade.lab_digest,
        "submission": asdict(grade.submission),
        "outcome": grade.outcome,
        "score": grade.score,
        "max_score": grade.max_score,
        "pending_score": grade.pending_score,
        "checks": [
            asdict(result) | {"evidence": [asdict(e) for e in result.evidence]} for result in grade.checks
        ],
        "manual": [_manual_to_json(item) for item in grade.manual],
        "flags": [asdict(flag) for flag in grade.flags],
        "environment": dict(grade.environment),
        "seconds": grade.seconds,
    }


def grade_from_json(data: Mapping[str, Any]) -> Grade:
    """Return the grade that a JSON object of design 4.3 holds; the object is valid against the schema."""
    return Grade(
        harness=data["harness"],
        lab=data["lab"],
        lab_digest=data["lab_digest"],
        submission=SubmissionInfo(**data["submission"]),
        outcome=data["outcome"],
        checks=tuple(_check_from_json(result) for result in data["checks"]),
        manual=tuple(_manual_from_json(item) for item in data["manual"]),
        flags=tuple(Flag(**flag) for flag in data["flags"]),
        environment=data["environment"],
        seconds=data["seconds"],
    )


def _manual_to_json(item: ManualResult) -> dict[str, Any]:
    questions = [asdict(question) for question in item.questions]
    return {"id": item.id, "max_points": item.max_points, "points": item.points, "questions": questions}


def _manual_from_json(item: Mapping[str, Any]) -> ManualResult:
    questions = tuple(Question(**question) for question in item["questions"])
    return ManualResult(item["id"], item["max_points"], questions, item["points"])


def _check_from_json(result: Mapping[str, Any]) -> CheckResult:
    return CheckResult(
        **{**result, "evidence": tuple(Evidence(**evidence) for evidence in result["evidence"])}
    )
