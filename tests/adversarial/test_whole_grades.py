"""Whole grades of hostile submissions: what they would get without their trick, and nothing more."""

from __future__ import annotations

import functools
import io
import json
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fixtures.submissions.build import kept
from fixtures.submissions.reference import reference
from fixtures.submissions.variant import FULL_MARKS, Variant
from fixtures.submissions.variants import (
    hostile,
    hostile_files,
    hostile_machine,
    hostile_models,
    hostile_numbers,
    hostile_tools,
    hostile_verdict,
)
from harness.labs.inner import run_checks
from harness.labs.session import Options, Session
from harness.reports.progress import Progress
from harness.workspace import supervisor
from harness.workspace.box.isolation import isolation

from .conftest import EVERY_DAY, environment_of

pytestmark = pytest.mark.skipif(
    isolation().kind == "none", reason="; ".join(isolation().missing) or "isolated"
)
Grade = dict[str, Any]
# Each row of the threats, and the submissions that try it.
ROWS: dict[str, tuple[Variant, ...]] = {
    "several at once": hostile.HOSTILE,
    "take over pytest": hostile_verdict.TAKING_OVER_PYTEST,
    "end the grader": hostile_verdict.LEAVING_EARLY,
    "look into processes": hostile_verdict.LOOKING_INTO_PROCESSES,
    "odd values": hostile_verdict.ODD_VALUES,
    "code in a pickle": hostile_models.LOADING_RUNS_CODE,
    "write results": hostile_verdict.WRITING_RESULTS,
    "forged output": hostile_verdict.SHOWING,
    "secrets": hostile_verdict.LOOKING_FOR_SECRETS,
    "use up the machine": hostile_machine.USING_UP,
    "odd files left": hostile_machine.LEAVING_ODD_FILES,
    "network": hostile_machine.CALLING_OUT,
    "git": hostile_tools.GIT,
    "dvc": hostile_tools.DVC,
    "odd pipelines": hostile_files.PIPELINES,
    "odd locks": hostile_files.LOCKS,
    "odd settings": hostile_files.SETTINGS,
    "odd names": hostile_files.TREES,
    "hard-coded": hostile_numbers.HARD_CODED,
    "fabricated": hostile_numbers.FABRICATED,
    "memorised": hostile_numbers.MEMORISING + hostile_models.KNOWING_THE_ROWS,
    "graded otherwise": hostile_numbers.GRADED_OTHERWISE,
}
# They call a fixed address of this machine, on which one test at a time can listen.
CALLERS = pytest.mark.xdist_group("services")
EVERY = [
    pytest.param(
        one,
        id=f"{row}-{one.name}",
        marks=[
            *([] if one.name in EVERY_DAY else [pytest.mark.long]),
            *([CALLERS] if row == "network" else []),
        ],
    )
    for row, found in ROWS.items()
    for one in found
]
PLACES = ("/", "/tmp", "/work", "/root", str(Path.home()))  # noqa: S108 (where they try to write)
TRACES = ("pwned", "grade.json", "junit.xml", "results.json", "grades.sqlite")


@dataclass(frozen=True)
class Machine:
    """What a submission may not reach: a token in the grader's environment, and two services."""

    token: str
    services: tuple[socket.socket, ...]

    def called(self) -> bool:
        """Whether anybody called a service."""
        for service in self.services:
            service.setblocking(False)  # noqa: FBT003 (it takes no keyword)
            try:
                service.accept()[0].close()
            except BlockingIOError:
                continue
            return True
        return False


@pytest.fixture
def started() -> Iterator[Callable[[], set[int]]]:
    """Tells what lives of all that this process has started; Git apart, which GitPython keeps at hand.

    Orphans come to this process for as long, so that none of them is lost among those of others.
    """

    def alive() -> set[int]:
        found = {pid: environment_of(pid) for pid in supervisor.descendants()}
        return {pid for pid, said in found.items() if said and b"cat-file" not in said}

    supervisor.prctl(supervisor.PR_SET_CHILD_SUBREAPER, 1)
    yield alive
    supervisor.prctl(supervisor.PR_SET_CHILD_SUBREAPER, 0)


@pytest.fixture
def machine(variant: Variant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Machine]:
    """A token in the environment, and services on the addresses that those call who call anybody."""
    token = secrets.token_hex(16)
    monkeypatch.setenv("GRADING_TOKEN", token)
    monkeypatch.setenv("MARK", str(tmp_path / "mark"))
    if variant not in hostile_machine.CALLING_OUT:
        yield Machine(token, ())
        return
    address = ("127.0.0.1", hostile_machine.PORT)
    with socket.create_server(address) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(f"\0{hostile_machine.ABSTRACT}")
        unix.listen()
        yield Machine(token, (tcp, unix))


def graded(submission: Path, into: Path) -> tuple[Grade, str]:
    """What grade.json says of a submission, and what is shown on the terminal."""
    file, shown = into / "grade.json", io.StringIO()
    with Progress(Console(file=shown), live=False) as progress:
        options = Options(submission=str(submission), grade_json=file, require_isolation=True)
        Session(options, functools.partial(run_checks, arguments=["-q"]), progress).grade()
    return json.loads(file.read_text(encoding="utf-8")), shown.getvalue()


def traces() -> set[Path]:
    """Files that tricks leave outside, as far as they are there."""
    return {path for folder in PLACES for name in TRACES if (path := Path(folder, name)).exists()}


def mounts() -> int:
    """How many file systems are mounted for this process."""
    return len(Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("variant", EVERY)
def test_a_trick_gains_nothing(
    variant: Variant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    machine: Machine,
    started: Callable[[], set[int]],
) -> None:
    """No check earns more than without the trick or is our error, and nothing outside is touched."""
    submission = kept(variant.name)
    monkeypatch.chdir(submission)
    before = (traces(), mounts(), started(), sorted(os.listdir(submission)))  # noqa: PTH208 (names alone)
    grade, shown = graded(submission, tmp_path)
    after = (traces(), mounts(), started(), sorted(os.listdir(submission)))  # noqa: PTH208 (names alone)
    assert after == before
    assert not (tmp_path / "mark").exists()
    assert not machine.called()
    assert machine.token not in shown + json.dumps(grade)
    assert "\x1b[2J" not in shown
    if grade["outcome"] == "unreadable":
        return
    allowed = variant.verdicts()
    points = {check["id"]: check["points"] for check in grade["checks"]}
    assert {id_: earned for id_, earned in points.items() if earned > allowed[id_].points} == {}
    assert {check["id"]: check["found"] for check in grade["checks"] if check["status"] == "error"} == {}
    assert (grade["outcome"], grade["environment"]["isolation"]) == ("graded", "bubblewrap")


@pytest.mark.long
def test_the_next_submission_loses_nothing(tmp_path: Path) -> None:
    """After a submission that uses up what it can, the reference has full marks."""
    for name in ("forks_for_ever", "fills_the_disk", "leaves_a_daemon"):
        graded(kept(name), tmp_path)
    grade, _ = graded(reference(), tmp_path)
    assert grade["score"] == sum(FULL_MARKS.values())


def test_there_are_enough() -> None:
    """At least 60 submissions try the rows of the threats, each row several ways or one that holds them."""
    assert len({one.name for found in ROWS.values() for one in found}) >= 60
