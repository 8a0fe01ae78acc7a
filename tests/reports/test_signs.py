"""The signs of the statuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest
from rich.console import Console

from harness.grading.result import Status
from harness.reports.signs import SIGNS, knows_signs, points_of, sign_of


def test_every_status_has_a_sign_of_its_own() -> None:
    """No two statuses look alike, in either set of signs."""
    assert set(SIGNS) == set(get_args(Status))
    assert len({sign.sign for sign in SIGNS.values()}) == len(SIGNS)
    assert len({sign.plain for sign in SIGNS.values()}) == len(SIGNS)


def test_a_terminal_without_unicode_gets_ascii(new_console: Callable[..., Console]) -> None:
    """What cannot be encoded is not printed."""
    assert knows_signs(new_console())
    plain = new_console(encoding="ascii")
    assert not knows_signs(plain)
    assert sign_of("passed", plain).isascii()


@pytest.mark.parametrize(
    ("points", "text"), [(4.0, "4"), (2.5, "2.5"), (1.3333, "1.33"), (0, "0"), (10, "10")]
)
def test_points_are_written_as_a_person_does(points: float, text: str) -> None:
    """No useless zeros, at most two decimals."""
    assert points_of(points) == text
