"""A submission with a gigabyte of data beside the lab's: how often we read it, and with how much memory."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
from pathlib import Path

from fixtures.workspaces import commit_all
from harness.labs.reference import reference_submission
from harness.workspace.launcher import PlainLauncher
from harness.workspace.warm.launcher import chosen_launcher
from harness.workspace.workspace import Workspace
from tests.benchmarks.grading import graded
from tests.benchmarks.measuring import ROUNDS, benchmark, keep, seconds

MB, GB = 1 << 20, 1 << 30
SCANS = "data/scans/all.bin"
COUNT = f'''\
"""Count the bytes of the scans."""

import json
import pathlib

with open("{SCANS}", "rb") as scans:
    count = sum(len(block) for block in iter(lambda: scans.read(1 << 20), b""))
pathlib.Path("metrics/scans.json").write_text(json.dumps({{"bytes": count}}) + "\\n")
'''
STAGE = """\
  count:
    cmd: python scripts/count.py
    deps: [scripts/count.py, data/scans]
    outs:
    - metrics/scans.json:
        cache: false
"""


def with_a_gigabyte(root: Path) -> Path:
    """The reference with a folder of 1 GB under DVC, and a stage that reads it; its cache is handed in."""
    workspace = Workspace.create(
        root / "making", repository=None, commit=None, branch="main", launcher=PlainLauncher()
    )
    shutil.rmtree(workspace.repo)
    shutil.copytree(reference_submission(), workspace.repo, symlinks=True)
    workspace.write("scripts/count.py", COUNT.encode())
    workspace.write("dvc.yaml", (workspace.read("dvc.yaml") or b"").rstrip() + b"\n" + STAGE.encode())
    scans = workspace.repo / SCANS
    scans.parent.mkdir()
    with scans.open("wb") as file:
        for _ in range(GB // MB):
            file.write(os.urandom(1024) * (MB // 1024))
    workspace.run("dvc", "add", "-q", "data/scans", check=True)
    workspace.run("dvc", "repro", "-q", check=True)
    commit_all(workspace, "Count the scans")
    shutil.copytree(workspace.cache, workspace.repo / ".dvc" / "cache", dirs_exist_ok=True)
    return workspace.repo


def read_so_far() -> int:
    """The bytes that this process has read, from the disk or from memory: see proc_pid_io(5)."""
    rows = dict(row.split(": ") for row in Path("/proc/self/io").read_text(encoding="ascii").splitlines())
    return int(rows["rchar"])


@benchmark
def test_big_data(tmp_path: Path) -> None:
    """Our own reads of a gigabyte beside DVC's, the seconds, and the most memory that we ever had."""
    submission = str(with_a_gigabyte(tmp_path))
    times: list[float] = []
    reads: list[float] = []
    grades: list[float | None] = []
    with chosen_launcher(cold=False) as launcher:
        for _ in range(ROUNDS):
            before = read_so_far()
            times.append(seconds(lambda: grades.append(graded(launcher, submission).score)))
            reads.append((read_so_far() - before) / GB)
    assert set(grades) == {80}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    keep(
        "big data",
        {
            "seconds": round(statistics.median(times), 1),
            "reads of it beyond DVC's": round(statistics.median(reads), 2),
            "peak MB of the grading process": round(peak / MB),
        },
    )
