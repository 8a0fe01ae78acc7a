"""The tiny lab's three checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import CheckFailed, Pending
from harness.evidence.repository import GitRepository
from harness.grading.check import check

if TYPE_CHECKING:
    from harness.grading.gradebook import Gradebook
    from harness.grading.ruling import Ruling
    from harness.submission import Submission
    from harness.workspace.scenario_tree import ScenarioTree


def _greeting(submission: Submission) -> str:
    data = GitRepository(submission.repository).tree(submission.commit).read("greeting.txt")
    if data is None:
        raise CheckFailed("greeting.txt in Git", "no such file")
    return data.decode()


@check("C.runs")
def test_count(transcripts: ScenarioTree, submission: Submission, ruling: Ruling) -> None:
    """The script counts the lines of the greeting."""
    transcript = transcripts.transcript("count")
    if transcript.failure:
        raise transcript.failure
    lines = str(len(_greeting(submission).splitlines()))
    ruling.fact("value", f"count.txt says {transcript.facts}")
    ruling.award(1, "count.sh ends well")
    if transcript.facts == lines:
        ruling.award(2, "the number is right")
    else:
        ruling.lose(2, expected=f"{lines} in count.txt", found=str(transcript.facts))


@check("G.polite")
def test_polite(submission: Submission) -> None:
    """The greeting is one."""
    text = _greeting(submission)
    if "later" in text:
        raise Pending("a greeting that is promised for later", "say it to the examiner")
    if not text.lower().startswith("hello"):
        raise CheckFailed("a greeting that begins with hello", repr(text[:40]))


@check("G.file")
def test_file(submission: Submission, gradebook: Gradebook, ruling: Ruling) -> None:
    """There is a greeting at all."""
    text = _greeting(submission)
    gradebook.tell(lines=len(text.splitlines()))
    if not text.strip():
        raise CheckFailed("a sentence in greeting.txt", "an empty file")
    if text.isupper():
        ruling.flag("shouting", "the greeting is all capitals")
