"""A grade with every status in it, and consoles that keep what they show."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from harness.errors import CheckFailed, Pending
from harness.grading.gradebook import Gradebook, Heading, Timing
from harness.grading.result import SubmissionInfo
from harness.grading.rubric import CheckSpec, Deliverable, Detection, OralItem, Question, Rubric
from harness.grading.ruling import Blocked

DIGEST = "sha256:" + "0" * 64
TITLES = {
    "A.passed": "the data is tracked",
    "A.partial": "only what has to run runs again after a parameter was changed",
    "A.failed": "a default remote is in the committed configuration",
    "A.blocked": "every version can be switched to",
    "B.pending": "what was tracked was pushed",
    "B.error": "the numbers are right",
}
NewConsole = Callable[..., Console]


@pytest.fixture
def new_console() -> NewConsole:
    """Makes a console of some width that shows into memory: ``console.file.getvalue()``."""

    def new(width: int = 80, *, encoding: str = "utf-8", terminal: bool = False) -> Console:
        file = io.TextIOWrapper(io.BytesIO(), encoding=encoding) if encoding != "utf-8" else io.StringIO()
        return Console(
            file=file, width=width, force_terminal=terminal, color_system="standard" if terminal else None
        )

    return new


@pytest.fixture
def gradebook() -> Gradebook:
    """One check of each status in two deliverables, a flag, two scenarios, an oral item."""
    checks = tuple(CheckSpec(name, name[0], title, 6) for name, title in TITLES.items())
    rubric = Rubric(
        "sample",
        "A sample of everything",
        Detection(),
        (Deliverable("A", "Versioning"), Deliverable("B", "Proof")),
        checks,
        (OralItem("A.explain", 5, (Question("Why?", "So."),)),),
    )
    info = SubmissionInfo("work", "zip", "abcdef0123" * 4, DIGEST)
    environment = {"python": "3.11", "dvc": "3.67", "isolation": "none", "seed": "1"}
    book = Gradebook(rubric, Heading("0.1", "sample", DIGEST, info, environment))
    book.ruling("A.passed").fact("hash", "5afc23b9 of 569 rows")
    book.ruling("A.partial").award(4, "train ran, everything behind it too")
    book.ruling("A.partial").lose(
        2, expected="the first stage is left alone", found="it ran again", hint="remove the line"
    )
    endings: tuple[BaseException | None, ...] = (
        None,
        None,
        CheckFailed("a [core] remote", "an empty file", "dvc remote add -d storage PATH"),
        Blocked(("A.failed",)),
        Pending("no objects were handed in", "hand in .dvc/cache, or show the push"),
        ZeroDivisionError("division by zero"),
    )
    for spec, ending in zip(checks, endings, strict=True):
        book.record(spec.id, ending, 0.5)
    book.tracebacks["B.error"] = "Traceback: somewhere in the harness"
    book.flag("crlf", "the data has Windows line ends")
    book.timings += [Timing("base", "a fresh clone", 1.0), Timing("repro", "dvc repro", 3.0)]
    return book
