"""Whole grades of hostile submissions: what they would get without their trick, and nothing more."""

from __future__ import annotations

import functools
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fixtures.submissions.build import build
from fixtures.submissions.variant import Variant
from fixtures.submissions.variants.hostile import HOSTILE
from harness.labs.inner import run_checks
from harness.labs.session import Options, Session
from harness.reports.progress import Progress
from harness.workspace.box.isolation import isolation

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(isolation().kind == "none", reason="; ".join(isolation().missing) or "isolated"),
]
# What a trick may cost its own submission, where it ruins evidence.
MEDDLED = 5.0
Grade = dict[str, Any]


def graded(submission: Path, into: Path) -> tuple[Grade, str]:
    """What grade.json says of a submission, and what is shown on the terminal."""
    file, shown = into / "grade.json", io.StringIO()
    with Progress(Console(file=shown), live=False) as progress:
        options = Options(submission=str(submission), grade_json=file, require_isolation=True)
        Session(options, functools.partial(run_checks, arguments=["-q"]), progress).grade()
    return json.loads(file.read_text(encoding="utf-8")), shown.getvalue()


@pytest.mark.parametrize("variant", HOSTILE, ids=lambda variant: variant.name)
def test_a_trick_gains_nothing(variant: Variant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No check earns more than without the trick, and no check ends as an error of ours."""
    mark = tmp_path / "mark"
    monkeypatch.setenv("MARK", str(mark))
    submission = build(variant.name, tmp_path / "submissions")
    monkeypatch.chdir(submission)
    grade, shown = graded(submission, tmp_path)
    found = {check["id"]: (check["points"], check["found"]) for check in grade["checks"]}
    assert grade["outcome"] == "graded"
    assert grade["environment"]["isolation"] == "bubblewrap"
    allowed = variant.verdicts()
    assert {id_: row for id_, row in found.items() if row[0] > allowed[id_].points} == {}
    assert {check["id"]: check["found"] for check in grade["checks"] if check["status"] == "error"} == {}
    assert grade["score"] >= variant.score - MEDDLED
    if variant.name == "hoards_memory":
        assert "ran out of its 2 GB of memory" in found["D2.repro"][1]
    assert not mark.exists()
    assert "\x1b[2J" not in shown
    outside = [Path(name, "grade.json") for name in ("/", "/tmp", "/work", "/root")]  # noqa: S108 (what it tries)
    assert [path for path in outside if path.exists()] == []
