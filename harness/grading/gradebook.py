"""Collects what the checks of one submission decide, and makes the grade of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.grading.result import CheckResult, Flag, Grade, ManualResult, Outcome, SubmissionInfo
from harness.grading.ruling import Ruling

if TYPE_CHECKING:
    from harness.grading.rubric import Rubric


@dataclass(frozen=True)
class Heading:
    """What a grade says about itself: who graded what, with which lab, where."""

    harness: str
    lab: str
    lab_digest: str
    submission: SubmissionInfo
    environment: dict[str, str]


@dataclass(frozen=True)
class Timing:
    """How long one scenario took, in seconds."""

    name: str
    title: str
    seconds: float


@dataclass
class Gradebook:
    """The results of one submission as they come in; one that never came is an error, never a pass."""

    rubric: Rubric
    heading: Heading
    results: dict[str, CheckResult] = field(default_factory=dict)
    rulings: dict[str, Ruling] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    tracebacks: dict[str, str] = field(default_factory=dict)
    timings: list[Timing] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)

    def ruling(self, id: str) -> Ruling:  # noqa: A002  # the rubric's word
        """Return the one ruling of a check; it sees the results that are in so far."""
        if id not in self.rulings:
            self.rulings[id] = Ruling(self.rubric.check(id), self.results)
        return self.rulings[id]

    def record(self, id: str, ending: BaseException | None, seconds: float) -> CheckResult:  # noqa: A002
        """Take in how the test of a check ended, and return the result."""
        ruling = self.ruling(id)
        result = ruling.settle(ending, seconds)
        self.results[result.id] = result
        for flag in ruling.flags:
            self.flag(flag.id, flag.text)
        return result

    def flag(self, id: str, text: str) -> None:  # noqa: A002  # the rubric's word
        """Add advice that costs no points; said twice it is written once."""
        if Flag(id, text) not in self.flags:
            self.flags.append(Flag(id, text))

    def tell(self, **facts: object) -> None:
        """Add facts of the submission from which oral questions are made."""
        self.facts.update({name: str(value) for name, value in facts.items()})

    def problem(self, text: str) -> None:
        """Note that the harness or the lab failed: there will be no grade to trust."""
        if text not in self.problems:
            self.problems.append(text)

    def broke(self, where: str, text: str, traceback: str) -> None:
        """Note a problem together with what a maintainer needs to see."""
        self.problem(text)
        self.tracebacks[where] = traceback

    def grade(self) -> Grade:
        """Return the grade: every check of the rubric is in it, in the rubric's order."""
        checks = tuple(self.results.get(spec.id) or self._missing(spec.id) for spec in self.rubric.checks)
        failed = bool(self.problems) or any(result.status == "error" for result in checks)
        outcome: Outcome = "error" if failed else "graded"
        return Grade(
            harness=self.heading.harness,
            lab=self.heading.lab,
            lab_digest=self.heading.lab_digest,
            submission=self.heading.submission,
            outcome=outcome,
            checks=checks,
            manual=self._manual(),
            flags=(*self.flags, *(Flag("harness-error", problem) for problem in self.problems)),
            environment=self.heading.environment,
        )

    def _missing(self, id: str) -> CheckResult:  # noqa: A002  # the rubric's word
        ending = HarnessError("the check did not report a result")
        return self.ruling(id).settle(ending, 0.0)

    def _manual(self) -> tuple[ManualResult, ...]:
        return tuple(ManualResult(item.id, item.points, item.filled(self.facts)) for item in self.rubric.oral)


def ungraded(heading: Heading, outcome: Outcome, why: Flag) -> Grade:
    """Return the grade of a submission of which nothing could be judged, with the reason as its only flag."""
    return Grade(
        harness=heading.harness,
        lab=heading.lab,
        lab_digest=heading.lab_digest,
        submission=heading.submission,
        outcome=outcome,
        flags=(why,),
        environment=heading.environment,
    )
