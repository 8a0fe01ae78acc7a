"""The scorecard: everything a reader needs, and nothing that steers the terminal."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from harness.errors import CheckFailed
from harness.grading.gradebook import Gradebook
from harness.reports.scorecard import show_scorecard


def card(console: Console, gradebook: Gradebook, *, strict: bool = False) -> str:
    """The scorecard as this console shows it."""
    show_scorecard(console, gradebook.grade(), gradebook, strict=strict)
    if isinstance(console.file, io.StringIO):
        return console.file.getvalue()
    assert isinstance(console.file, io.TextIOWrapper)
    console.file.flush()
    assert isinstance(console.file.buffer, io.BytesIO)
    return console.file.buffer.getvalue().decode("ascii")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(
    new_console: Callable[..., Console], gradebook: Gradebook, width: int
) -> None:
    """Long titles and findings are wrapped."""
    lines = card(new_console(width), gradebook).splitlines()
    assert max(map(len, lines)) <= width


def test_a_lost_check_says_expected_found_and_hint(
    new_console: Callable[..., Console], gradebook: Gradebook
) -> None:
    """Each on a line of its own, below the check's."""
    lines = card(new_console(100), gradebook).splitlines()
    start = next(n for n, line in enumerate(lines) if "A.failed" in line)
    assert lines[start].split() == [
        "✗",
        "failed",
        "0/6",
        "A.failed",
        "a",
        "default",
        "remote",
        "is",
        "in",
        "the",
        "committed",
        "configuration",
    ]
    assert [line.split()[0] for line in lines[start + 1 : start + 4]] == ["expected", "found", "hint"]
    assert "dvc remote add -d storage PATH" in lines[start + 3]


def test_parts_of_a_check_that_passed_read_like_no_loss(
    new_console: Callable[..., Console], gradebook: Gradebook
) -> None:
    """One line of evidence, without its share of the points, and how many more there are."""
    for points, part in ((2, "one of two came out"), (4, "the other did, too")):
        gradebook.ruling("A.failed").award(points, part)
    gradebook.record("A.failed", None, 0.5)
    text = card(new_console(100), gradebook)
    assert " one of two came out (and 1 more)" in text
    assert "awarded 2 of 6" not in text


def test_deliverables_have_their_points(new_console: Callable[..., Console], gradebook: Gradebook) -> None:
    """A heading for each, with what was awarded of how much."""
    text = card(new_console(), gradebook)
    assert "Versioning" in text
    assert "10 of 24" in text
    assert "0 of 12" in text


def test_the_three_numbers_are_there(new_console: Callable[..., Console], gradebook: Gradebook) -> None:
    """Awarded, lost, pending, of how many; under strict nothing is pending."""
    assert "Awarded 10   Lost 14   Pending 6   of 36 points" in card(new_console(), gradebook)
    assert "Awarded 10   Lost 20   Pending 0   of 36 points" in card(new_console(), gradebook, strict=True)


def test_an_error_is_never_the_students_loss(
    new_console: Callable[..., Console], gradebook: Gradebook
) -> None:
    """The scorecard says that there is no grade to trust, and shows what a maintainer needs."""
    text = " ".join(card(new_console(), gradebook).split())
    assert "the harness failed, 6 points are not judged" in text
    assert "never the student's loss" in text
    assert "Traceback: somewhere in the harness" in text


def test_scenarios_show_their_share(new_console: Callable[..., Console], gradebook: Gradebook) -> None:
    """The longest first, with seconds and percent."""
    text = card(new_console(), gradebook)
    assert text.index("75%") < text.index("25%")
    assert "dvc repro" in text


def test_flags_oral_points_and_versions_are_there(
    new_console: Callable[..., Console], gradebook: Gradebook
) -> None:
    """Advice, the examiner's points, and what the grade was made with."""
    text = card(new_console(120), gradebook)
    for part in (
        "crlf",
        "the data has Windows line ends",
        "A.explain",
        "seed 1",
        "DVC 3.67",
        "isolation none",
    ):
        assert part in text


def test_ascii_is_enough(new_console: Callable[..., Console], gradebook: Gradebook) -> None:
    """A terminal that knows ASCII only shows the same."""
    assert "x failed" in card(new_console(encoding="ascii"), gradebook)


def test_a_submissions_words_are_only_words(
    new_console: Callable[..., Console], gradebook: Gradebook
) -> None:
    """Escape sequences and markup out of a submission are shown as text, in colour too."""
    evil = "\x1b]0;title\x07 [bold red]A[/] \x1b[2J"
    gradebook.ruling("A.failed").fact("file", evil)
    gradebook.record("A.failed", CheckFailed(evil, evil, evil), 0)
    gradebook.flag(evil, evil)
    text = card(new_console(120, terminal=True), gradebook)
    assert "\x1b]0" not in text
    assert "\x1b[2J" not in text
    assert "[bold red]A[/]" in text
    assert "\x07" not in text
