"""The signs of the statuses; each is told apart by sign, word and colour, so that one may be missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from harness.grading.result import Status


@dataclass(frozen=True)
class Sign:
    """How a status looks; ``plain`` is for terminals that know ASCII only."""

    sign: str
    plain: str
    style: str


SIGNS: Mapping[Status, Sign] = {
    "passed": Sign("✓", "+", "green"),
    "partial": Sign("◐", "~", "yellow"),
    "failed": Sign("✗", "x", "red"),
    "blocked": Sign("⊘", "-", "red"),
    "pending": Sign("…", "?", "cyan"),
    "error": Sign("!", "!", "bold magenta"),
}


def knows_signs(console: Console) -> bool:
    """Say whether a console can show more than ASCII."""
    return console.encoding.lower().replace("-", "").startswith("utf")


def sign_of(status: Status, console: Console) -> str:
    """Return the sign of a status that this console can show."""
    return SIGNS[status].sign if knows_signs(console) else SIGNS[status].plain


def points_of(points: float) -> str:
    """Return points as a person writes them: 4, 2.5, 1.33."""
    return f"{points:.2f}".rstrip("0").rstrip(".")
