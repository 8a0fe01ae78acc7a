"""In which way an evaluation comes to its predictions: told by the scores of several runs, not by its word.

It may ask the model as it is, put a scaler before it, give numbered classes their names back, or set a
threshold to the chances: a parameter of its own, or a number in its script. A way counts only if every run's
scores are right under it: a number that was made up would have to be right by accident each time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from harness.evidence.scoring import match

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.evidence.scoring import Label
    from harness.labs.dvc_versioning.recompute import Scored
    from harness.workspace.prediction import Way

DIGITS = 12  # of a chance, so that one less the other class's is the number that was meant


@dataclass(frozen=True)
class Choice:
    """A way by its name, and how chances become classes in it.

    ``limit`` names the threshold, None for the model's own predictions. It is set to the second class's
    chances, with ``first`` to the first one's. With ``reached`` a chance that equals it is enough.
    """

    name: str
    limit: str | None = None
    reached: bool = True
    first: bool = False

    def __str__(self) -> str:
        if self.limit is None:
            return self.name
        whose = " of the first class" if self.first else ""
        return f"{self.name}, with {self.limit} as the threshold{whose}"

    def labels(self, ways: Sequence[Way], limits: Mapping[str, float]) -> tuple[Label, ...] | None:
        """What the rows are predicted to be in this way; None where there is no such way or threshold."""
        way = next((one for one in ways if one.name == self.name), None)
        if way is None or self.limit is None:
            return way.labels if way else None
        if self.limit not in limits or not way.chances:
            return None
        limit = limits[self.limit]
        chances = [round(1 - one, DIGITS) for one in way.chances] if self.first else way.chances
        passed = (chance >= limit if self.reached else chance > limit for chance in chances)
        return tuple(way.classes[one != self.first] for one in passed)


def taken(scored: Scored, choice: Choice | None) -> Scored:
    """A run with the predictions of this way, where there is one and the run has it."""
    labels = choice.labels(scored.ways, scored.limits) if choice else None
    return scored if labels is None else replace(scored, predictions=labels)


def settled(runs: Sequence[Scored]) -> Choice | None:
    """The first way in which the scores of all these runs are right, the plainest first; None: in none."""
    if not runs or not all(one.reported and one.reported.complete and one.labels for one in runs):
        return None
    names = [way.name for way in runs[0].ways]
    plain = (Choice(name) for name in names)
    cut = (
        Choice(name, limit, reached, first)
        for name in names
        for limit in runs[0].limits
        for reached in (True, False)
        for first in (False, True)
    )
    return next((one for one in chain(plain, cut) if all(_right(run, one) for run in runs)), None)


def _right(scored: Scored, choice: Choice) -> bool:
    labels, reported = choice.labels(scored.ways, scored.limits), scored.reported
    if labels is None or reported is None:
        return False
    return match(reported.values, scored.labels, labels).average is not None
