"""The few ways in which a grade can go other than well, and whose fault each of them is."""

from __future__ import annotations

LONGEST_REASON = 1000


class CheckFailed(Exception):
    """The submission does not hold to a rule: what was expected, what was found, and the way out."""

    def __init__(self, expected: str, found: str, hint: str | None = None) -> None:
        super().__init__(f"expected {expected}; found {found}")
        self.expected = expected
        self.found = found
        self.hint = hint


class Pending(Exception):
    """The evidence was not handed in, so a rule can be neither shown nor refuted."""

    def __init__(self, found: str, hint: str) -> None:
        super().__init__(f"{found}; {hint}")
        self.found = found
        self.hint = hint


class Unreadable(Exception):
    """What was handed in cannot be opened as a submission; the message says what was looked for."""


class MalformedEvidence(Exception):
    """A handed-in file cannot be read as what it claims to be; the reason never repeats it at length."""

    def __init__(self, path: str, reason: str) -> None:
        reason = reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]}…"
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class HarnessError(Exception):
    """The harness itself failed: never the student's loss."""
