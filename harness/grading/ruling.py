"""How a check says what it found, and the arithmetic that makes a result of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.errors import CheckFailed, HarnessError, MalformedEvidence, Pending
from harness.grading.result import CheckResult, Evidence, EvidenceKind, Flag, Status, rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.grading.rubric import CheckSpec

TOLERANCE = 1e-4  # thirds of a point, added up


class Blocked(Exception):
    """A check cannot be judged because checks that it needs earned nothing."""

    def __init__(self, needs: tuple[str, ...]) -> None:
        super().__init__(f"{' and '.join(needs)} must hold first")
        self.needs = needs


@dataclass(frozen=True)
class Part:
    """Some of a check's points, and what was decided about them."""

    decision: Literal["award", "lose", "defer"]
    points: float
    expected: str | None = None
    found: str | None = None
    hint: str | None = None


class Ruling:
    """What one check decides about its own points.

    A test that decides nothing and ends well awards all its points; CheckFailed loses all of them, Pending
    defers all of them. A test that decides about parts must decide about all its points.
    """

    def __init__(self, spec: CheckSpec, decided: Mapping[str, CheckResult]) -> None:
        self.spec = spec
        self.flags: list[Flag] = []
        self._decided = decided
        self._parts: list[Part] = []
        self._facts: list[Evidence] = []

    @property
    def max_points(self) -> float:
        """The points that there are to decide about."""
        return self.spec.points

    def award(self, points: float, why: str) -> None:
        """Award a part of the points, because of what was shown."""
        self._decide(Part("award", points, found=why))

    def lose(self, points: float, *, expected: str, found: str, hint: str | None = None) -> None:
        """Take a part of the points away, because of what was shown not to hold."""
        self._decide(Part("lose", points, expected, found, hint))

    def defer(self, points: float, *, found: str, hint: str) -> None:
        """Leave a part of the points to the examiner, because the evidence was not handed in."""
        self._decide(Part("defer", points, found=found, hint=hint))

    def fact(self, kind: EvidenceKind, text: str) -> None:
        """Add something that the verdict rests on."""
        evidence = Evidence(kind, text)
        if evidence not in self._facts:
            self._facts.append(evidence)

    def flag(self, id: str, text: str) -> None:  # noqa: A002  # the rubric's word
        """Add advice that costs no points."""
        self.flags.append(Flag(id, text))

    def require_needs(self) -> None:
        """Go on only when the needs allow a judgement.

        Blocked when a need earned 0 as failed or blocked; HarnessError when a need itself could not be
        judged. A partial or pending need stops nothing.
        """
        if unjudged := self._needs_that_are("error"):
            raise HarnessError(
                f"{self.spec.id} could not be judged because {' and '.join(unjudged)} could not"
            )
        if blocking := self._needs_that_are("failed", "blocked"):
            raise Blocked(blocking)

    def settle(self, ending: BaseException | None, seconds: float) -> CheckResult:
        """Return the result of the check whose test ended with ``ending``, or well when it is None."""
        try:
            parts = self._ended(ending)
        except HarnessError as error:
            ending, parts = error, []
        status = _status(parts, ending)
        return CheckResult(
            id=self.spec.id,
            deliverable=self.spec.deliverable,
            title=self.spec.title,
            status=status,
            points=_sum(parts, "award"),
            pending_points=_sum(parts, "defer"),
            max_points=self.max_points,
            **self._words(status, parts, ending),
            evidence=(*self._facts, *_reasons(parts, self.max_points)),
            seconds=round(seconds, 3),
        )

    def _decide(self, part: Part) -> None:
        if not math.isfinite(part.points) or part.points < 0:
            raise HarnessError(f"{self.spec.id} decided about {part.points} points, it must be 0 or more")
        if part.points:
            self._parts.append(part)

    def _needs_that_are(self, *statuses: Status) -> tuple[str, ...]:
        found = {
            need: self._decided[need].status if need in self._decided else "error" for need in self.spec.needs
        }
        return tuple(need for need, status in found.items() if status in statuses)

    def _ended(self, ending: BaseException | None) -> list[Part]:
        if isinstance(ending, CheckFailed):
            return [Part("lose", self.max_points, ending.expected, ending.found, ending.hint)]
        if isinstance(ending, MalformedEvidence):
            return [Part("lose", self.max_points, f"a readable {ending.path}", ending.reason)]
        if isinstance(ending, Pending):
            return [Part("defer", self.max_points, found=ending.found, hint=ending.hint)]
        if ending is not None:
            return []
        parts = self._parts or [Part("award", self.max_points)]
        decided = math.fsum(part.points for part in parts)
        if not math.isclose(decided, self.max_points, abs_tol=TOLERANCE):
            raise HarnessError(f"{self.spec.id} decided about {decided:g} of its {self.max_points:g} points")
        return parts

    def _words(
        self, status: Status, parts: list[Part], ending: BaseException | None
    ) -> dict[str, str | None]:
        if isinstance(ending, Blocked):
            first = f"Earn {' and '.join(ending.needs)} first: this check is judged after that."
            return {"expected": None, "found": f"not judged, because {ending}", "hint": first}
        if status == "error":
            again = "No points are lost by this: the submission has to be graded again."
            return {"expected": None, "found": f"the harness failed: {_told(ending)}", "hint": again}
        lost = [part for part in parts if part.decision == "lose"]
        open_parts = [part for part in parts if part.decision == "defer"]
        hint = next(
            (part.hint for part in (*lost, *open_parts) if part.hint), self.spec.hint if lost else None
        )
        return {
            "expected": _joined(part.expected for part in lost),
            "found": _joined(part.found for part in (*lost, *open_parts)),
            "hint": hint,
        }


def _told(ending: BaseException | None) -> str:
    return str(ending) if isinstance(ending, HarnessError) else f"{type(ending).__name__}: {ending}"


def _joined(texts: Iterable[str | None]) -> str | None:
    return "; ".join(dict.fromkeys(text for text in texts if text)) or None


def _sum(parts: list[Part], decision: str) -> float:
    return rounded(math.fsum(part.points for part in parts if part.decision == decision))


def _status(parts: list[Part], ending: BaseException | None) -> Status:
    if isinstance(ending, Blocked):
        return "blocked"
    if not parts:
        return "error"
    decisions = {part.decision for part in parts}
    if decisions == {"award"}:
        return "passed"
    if decisions == {"lose"}:
        return "failed"
    return "partial" if "lose" in decisions else "pending"


def _reasons(parts: list[Part], of: float) -> tuple[Evidence, ...]:
    """Say what each part was decided for; a whole check says it in its own words already."""
    if len(parts) == 1:
        return tuple(
            Evidence("value", part.found) for part in parts if part.decision == "award" and part.found
        )
    verbs = {"award": "awarded", "lose": "lost", "defer": "pending"}
    return tuple(
        Evidence("value", f"{verbs[part.decision]} {part.points:.4g} of {of:g}: {part.found}")
        for part in parts
    )
