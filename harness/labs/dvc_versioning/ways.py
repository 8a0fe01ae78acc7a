"""In which way an evaluation comes to its predictions: told by the scores of several runs, not by its code.

It may ask the model as it is, put a scaler before it, give numbered classes their names back, or set a
threshold of its own to the chances. A way counts only if every run's scores are right under it, with one
threshold for all of them: a number that was made up would have to be right by accident each time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from harness.evidence.scoring import match

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.evidence.scoring import Label
    from harness.labs.dvc_versioning.recompute import Scored
    from harness.workspace.prediction import Way

Span = tuple[float, float]
FEWEST_ROWS = 30  # with fewer, too many thresholds come to the same scores


@dataclass(frozen=True)
class Choice:
    """A way by its name, and how chances become classes in it.

    ``span``: every threshold between these two, all of which come to the same; None: the model's own
    predictions. ``reached``: a chance that equals the threshold counts as the second class.
    """

    name: str
    span: Span | None = None
    reached: bool = True

    def __str__(self) -> str:
        if self.span is None:
            return self.name
        low, high = self.span
        return f"{self.name}, with a threshold between {max(low, 0.0):.4g} and {min(high, 1.0):.4g}"

    def labels(self, ways: Sequence[Way]) -> tuple[Label, ...] | None:
        """What the rows are predicted to be in this way; None where there is no such way."""
        way = next((one for one in ways if one.name == self.name), None)
        if way is None or self.span is None:
            return way.labels if way else None
        low, high = (min(max(end, 0.0), 1.0) for end in self.span)
        middle = (low + high) / 2
        passed = (chance >= middle if self.reached else chance > middle for chance in way.chances)
        return tuple(way.classes[one] for one in passed) if way.chances else None


def taken(scored: Scored, choice: Choice | None) -> Scored:
    """A run with the predictions of this way, where there is one and the run has it."""
    labels = choice.labels(scored.ways) if choice else None
    return scored if labels is None else replace(scored, predictions=labels)


def settled(runs: Sequence[Scored]) -> Choice | None:
    """The first way in which the scores of all these runs are right, the plainest first; None: in none."""
    if not runs or not all(one.reported and one.reported.complete and one.labels for one in runs):
        return None
    names = [way.name for way in runs[0].ways if all(_way(one, way.name) for one in runs)]
    plain = (Choice(name) for name in names)
    cuts = (choice for name in names for choice in _thresholds(runs, name))
    whole = (one for one in plain if all(_agrees(run, one.labels(run.ways)) for run in runs))
    return next(chain(whole, cuts), None)


def _agrees(scored: Scored, labels: Sequence[Label] | None) -> bool:
    reported = scored.reported
    if labels is None or reported is None:
        return False
    return match(reported.values, scored.labels, labels).average is not None


def _way(scored: Scored, name: str) -> Way | None:
    return next((one for one in scored.ways if one.name == name), None)


def _thresholds(runs: Sequence[Scored], name: str) -> Iterator[Choice]:
    """Where one threshold makes the scores of all runs right: the spans in which it may lie."""
    for reached in (True, False):
        spans: list[Span] = [(-math.inf, math.inf)]
        for scored in runs:
            mine = list(_spans(scored, _way(scored, name)))
            spans = [both for one in spans for other in mine if (both := _common(one, other))]
        yield from (Choice(name, span, reached) for span in spans)


def _spans(scored: Scored, way: Way | None) -> Iterator[Span]:
    """Between which two chances, next to each other, a threshold makes one run's scores right."""
    if way is None or len(way.chances) < FEWEST_ROWS:
        return
    for low, high in pairwise((-math.inf, *sorted(set(way.chances)), math.inf)):
        if _agrees(scored, [way.classes[chance > low] for chance in way.chances]):
            yield low, high


def _common(one: Span, other: Span) -> Span | None:
    """What two spans share; each holds one of its ends, and which one is the same for all."""
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low < high else None
