"""Commands without a box: what limits hold for them, and what is said of those that they meet."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import CheckFailed
from harness.workspace.box.allowance import MB, Allowance
from harness.workspace.command import Limits, run
from harness.workspace.launcher import Launcher, PlainLauncher
from harness.workspace.warm.launcher import WarmLauncher
from harness.workspace.workspace import Workspace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="macOS takes these limits and ignores some")
SMALL = Allowance(memory=300 * MB, file=MB, handles=100, cpu=1)
MET = {
    "memory": ("python -c 'bytearray(3 << 30)'", "ran out of its 300 MB of memory"),
    "a-file": ("head -c 5000000 /dev/zero > f", "tried to write a file of more than 1 MB"),
    "a-file-by-python": (
        'python -c \'open("f", "wb").write(bytes(5 << 20))\'',
        "tried to write a file of more than 1 MB",
    ),
    "handles": (
        "python -c 'x = []\nwhile 1: x.append(open(\"/dev/null\"))'",
        "had more than 100 files open at once",
    ),
    "processor": ("while :; do :; done", "used more than 1 s of processor time"),
}


@pytest.fixture(scope="module", params=["cold", "warm"])
def plain(request: pytest.FixtureRequest) -> Iterator[Launcher]:
    """Starts commands as plain processes, cold or warm, whatever this machine can isolate."""
    if request.param == "cold":
        yield PlainLauncher()
        return
    with WarmLauncher(PlainLauncher()) as launcher:
        yield launcher


@pytest.fixture
def workspace(tmp_path: Path, plain: Launcher) -> Iterator[Workspace]:
    """An empty workspace with small limits."""
    limits = Limits(seconds=30, allowance=SMALL)
    made = Workspace.create(
        tmp_path / "w", repository=None, commit=None, branch="main", limits=limits, launcher=plain
    )
    yield made
    made.leave()


@pytest.mark.parametrize("name", MET)
def test_a_limit_of_each_process_is_named(workspace: Workspace, name: str) -> None:
    """Memory, file size, open files and processor time are limited without a box too, in the same words."""
    script, said = MET[name]
    with pytest.raises(CheckFailed, match=said):
        workspace.run("sh", "-c", script)


def test_a_limit_below_a_script_is_named(workspace: Workspace) -> None:
    """What a script or a tool starts has the same limits."""
    workspace.write("hoard.py", b"bytearray(3 << 30)\n")
    with pytest.raises(CheckFailed, match="ran out of its 300 MB of memory"):
        workspace.run("sh", "-c", "python hoard.py")


def test_no_number_of_processes_is_named(workspace: Workspace) -> None:
    """Outside a box, processes are counted for all that a user runs: no limit of ours is met."""
    done = workspace.execute(("sh", "-c", "echo 'fork: Cannot fork' >&2; exit 1"))
    assert done.limit is None


def test_a_command_without_a_workspace_has_no_limits(tmp_path: Path) -> None:
    """The harness's own programs may use what they need."""
    env = {"PATH": "/usr/bin:/bin"}
    limits = Limits(allowance=replace(SMALL, file=1))
    assert run(("sh", "-c", "echo more than a byte > f"), cwd=tmp_path, env=env, limits=limits).ok
