"""What a lab's rubric lets a submission use."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.grading.rubric import Detection, Rubric
from harness.labs import limits
from harness.labs.limits import limits_of
from harness.workspace.box.allowance import MB, Allowance
from harness.workspace.box.isolation import isolation
from harness.workspace.command import Limits
from harness.workspace.places import memory_to_spare
from tests.labs.conftest import Graded, Submitted


def rubric(**given: object) -> Rubric:
    """A rubric that says nothing but these limits."""
    return Rubric("tiny", "Tiny", Detection(), (), (), extra={"limits": given} if given else {})


def test_what_is_left_out_is_as_usual() -> None:
    """A rubric without limits has those of the house, and half an hour for a submission."""
    found = limits_of(rubric())
    assert found.allowance == Allowance()
    assert (found.command.seconds, found.command.budget.seconds) == (Limits().seconds, 1800)


def test_each_limit_is_taken() -> None:
    """Sizes are in MB, times in seconds or minutes."""
    found = limits_of(
        rubric(
            submission_minutes=0.5,
            command_seconds=20,
            cpu_seconds=5,
            memory_mb=300,
            processes=64,
            file_mb=60,
            disk_mb=120,
            files=3000,
            output_mb=0.5,
        )
    )
    wanted = Allowance(memory=300 * MB, processes=64, file=60 * MB, disk=120 * MB, files=3000, cpu=5)
    assert found.allowance == wanted
    assert (found.command.seconds, found.command.printed) == (20, MB // 2)
    assert found.command.budget.seconds == 30


def test_a_submission_has_room_for_its_own_data() -> None:
    """Who hands in much data may have it in the work tree, the cache and the remote at once."""
    usual, roomy = limits_of(rubric(disk_mb=10, file_mb=2)), limits_of(rubric(disk_mb=10, file_mb=2))
    found = roomy.with_room_for(100 * MB).allowance
    assert found == replace(usual.allowance, disk=510 * MB, file=102 * MB)
    assert usual.with_room_for(0).allowance == usual.allowance


def test_workspaces_share_the_time_and_stop_alone() -> None:
    """The limits of two workspaces take from one budget, and stopping one stops the other not."""
    found = limits_of(rubric(submission_minutes=1))
    one, other = found.fresh(), found.fresh()
    one.budget.spend(60)
    one.stop.set()
    assert other.budget.left == 0
    assert not other.stop.is_set()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("memory", 1),
        ("memory_mb", 0),
        ("processes", -1),
        ("disk_mb", "much"),
        ("files", True),
        ("file_mb", math.nan),
    ],
)
def test_what_is_no_limit_is_refused(key: str, value: object) -> None:
    """A key that there is none of, and a value that is no number above 0, are the rubric's mistake."""
    with pytest.raises(HarnessError, match=rf"\[limits\] of tiny.*{key}"):
        limits_of(rubric(**{key: value}))


# What the tiny lab's script does, the limit that its lab has, and what the student reads.
MET = {
    "command": ("sleep 60", "command_seconds = 1", "time limit"),
    "submission": ("sleep 60", "submission_minutes = 0.02", "ran past the 1.2 s that they have together"),
    "processor": ("while :; do :; done", "cpu_seconds = 1", "used more than 1 s of processor time"),
    "memory": ("python3 -c 'bytearray(1 << 30)'", "memory_mb = 200", "ran out of its 200 MB of memory"),
    "processes": (
        "python3 -c 'import os, time\nwhile 1: os.fork() or time.sleep(9)'",
        "processes = 50",
        "started more than 50 processes or threads at once",
    ),
    "file": (
        "head -c 9000000 /dev/zero > f",
        "file_mb = 1",
        "tried to write a file of more than 1 MB",
    ),
    "disk": (
        "for i in 1 2 3 4; do head -c 40000000 /dev/zero > f$i; done; sleep 9",
        "disk_mb = 100",
        "ran out of its 100 MB of disk space",
    ),
    "files": (
        "python3 -c 'for i in range(9000): open(str(i), \"w\")'",
        "files = 1000",
        "made more than 1,000 files",
    ),
    "output": ("yes", "output_mb = 1", "printed more than 1 MB"),
}
BOXED = ("memory", "processes", "disk", "files")


@pytest.mark.parametrize("name", MET)
def test_a_limit_of_the_lab_fails_the_check_that_met_it(
    graded: Graded, tiny: Path, submitted: Submitted, name: str
) -> None:
    """Each limit can be set in the rubric; whoever meets it fails one check, which names it."""
    if name in BOXED and isolation().kind == "none":
        pytest.skip("; ".join(isolation().missing))
    script, limit, said = MET[name]
    with (tiny / "rubric.toml").open("a", encoding="utf-8") as rubric:
        rubric.write(f"\n[limits]\n{limit}\n")
    submission = submitted({"greeting.txt": "hello\n", "count.sh": f"{script}\n"})
    finished = graded(tiny, submission=submission)
    checks = {check.id: check for check in finished.grade.checks}
    assert said in str(checks["C.runs"].found)
    assert {id_: check.status for id_, check in checks.items()} == {
        "G.file": "passed",
        "G.polite": "passed",
        "C.runs": "failed",
    }


@pytest.mark.skipif(isolation().kind == "none", reason="nobody watches the disk space without boxes")
@pytest.mark.skipif(not memory_to_spare(), reason="workspaces lie on disk here anyway")
@pytest.mark.parametrize("script", ["head -c 9000000 /dev/zero > f", "head -c 9000000 /dev/zero > f; false"])
def test_who_outgrows_the_memory_is_graded_on_disk(
    graded: Graded, tiny: Path, submitted: Submitted, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    """Room in memory is for speed: whoever needs more gets the grade that the disk gives."""
    submission = submitted({"greeting.txt": "hello\n", "count.sh": f"{script}\n"})
    roomy = graded(tiny, submission=submission)
    monkeypatch.setattr(limits, "IN_MEMORY", 8 * MB)
    tight = graded(tiny, submission=submission)
    assert [replace(check, seconds=0.0) for check in tight.grade.checks] == [
        replace(check, seconds=0.0) for check in roomy.grade.checks
    ]
    assert not tight.grade.flags


def test_what_a_lab_allows_is_no_more_in_memory() -> None:
    """A lab whose workspaces are small anyway has its own limit there, and the student reads of it."""
    small = limits_of(rubric(disk_mb=100))
    assert small.in_memory() == small
    large = limits_of(rubric(disk_mb=5000)).in_memory()
    assert large.allowance.disk == limits.IN_MEMORY
    assert not large.outgrown
