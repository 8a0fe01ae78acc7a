"""The time that all commands of one submission have together."""

from __future__ import annotations

import math
import threading

from harness.errors import CheckFailed

MINUTE = 60.0


class Budget:
    """Counts down while commands run, side by side or not; shared by every workspace of a submission."""

    def __init__(self, seconds: float = math.inf) -> None:
        self.seconds = seconds
        self._left = seconds
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """The seconds that are left, 0 when there are none."""
        return max(0.0, self._left)

    def spend(self, seconds: float) -> None:
        """Take off what a command needed."""
        with self._lock:
            self._left -= seconds

    def require(self, line: str) -> None:
        """See that there is time left for the command `line`.

        Raises:
            CheckFailed: all of it is spent.
        """
        if not self.left:
            raise CheckFailed(
                f"`{line}` to run while the submission has time left",
                f"its commands ran past the {said(self.seconds)} that they have together",
                "Find the stage that takes so long, and make it do less: less data, fewer trees or epochs.",
            )


def said(seconds: float) -> str:
    """A span of time as a person says it."""
    return f"{seconds / MINUTE:g} minutes" if seconds >= 2 * MINUTE else f"{seconds:g} s"
