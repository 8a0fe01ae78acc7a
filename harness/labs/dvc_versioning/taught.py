"""What became of a model that was trained on wrong rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal[
    "learns",
    "seen",
    "turned",
    "memorised",
    "looked up",
    "told",
    "follows",
    "refused",
    "watchful",
    "scant",
    "unmoved",
    "unknown",
]


@dataclass(frozen=True)
class Taught:
    """What became of the model that was trained on wrong rows.

    ``learns``: it was wrong then, as it should be. ``seen``: it still knew the held-out rows, since training
    sees them. ``turned``: it did not, and was wrong when these rows alone were. ``memorised``: it knew them,
    since it has them by heart. ``looked up``: that showed before any wrong rows. ``told``: a column tells the
    class by itself. ``follows``: it becomes another where training finds fewer of the held-out rows.
    ``refused``: training is given the held-out rows, and does not run on others. ``scant``: it is given
    them, and they are too few, or too nearly all of one class, to show what it learns. ``watchful``: it makes
    another model of the same values where tables have other bytes and nothing is left of earlier runs.
    ``unmoved``: it still knew them, and nothing shows why. ``unknown``: nothing could be tried.

    ``before``, ``after``: accuracies on the held-out rows, but ``after`` is that beside them for what was
    looked up.
    """

    verdict: Verdict
    before: float = 0.0
    after: float = 0.0
