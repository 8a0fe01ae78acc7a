"""What the box costs each command: the same commands boxed and plain, both warm, side by side."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from harness.workspace.box.isolation import isolation
from harness.workspace.launcher import Launcher
from harness.workspace.warm.launcher import WarmLauncher
from harness.workspace.workspace import Workspace
from tests.benchmarks.measuring import ROUNDS, benchmark, keep

REPEATED = 20
COMMANDS = {
    "true": ("true",),
    "git": ("git", "status", "--short"),
    "python": ("python", "nothing.py"),
    "dvc": ("dvc", "root"),
}


def prepared(root: Path, launcher: Launcher) -> Workspace:
    """A workspace with Git, DVC and a script that does nothing, in which each command has run once."""
    workspace = Workspace.create(root, repository=None, commit=None, branch="main", launcher=launcher)
    workspace.write("nothing.py", b"")
    workspace.run("dvc", "init", "-q", check=True)
    for argv in COMMANDS.values():
        workspace.execute(argv)
    return workspace


def milliseconds(workspace: Workspace, argv: tuple[str, ...]) -> float:
    """What a command takes, in the mean of some."""
    begin = time.perf_counter()
    for _ in range(REPEATED):
        assert workspace.execute(argv).ok
    return (time.perf_counter() - begin) * 1000 / REPEATED


@benchmark
def test_what_the_box_costs(tmp_path: Path) -> None:
    """Milliseconds for each command boxed and plain, and what the box adds, in the median of the rounds."""
    found = isolation()
    if found.bubblewrap is None:
        pytest.skip(f"no boxes here: {'; '.join(found.missing)}")
    taken: dict[str, dict[str, list[float]]] = {name: {"boxed": [], "plain": []} for name in COMMANDS}
    with WarmLauncher(found.launcher(), found.bubblewrap) as boxes, WarmLauncher() as plain:
        places = {"boxed": prepared(tmp_path / "a", boxes), "plain": prepared(tmp_path / "b", plain)}
        for name in (name for _ in range(ROUNDS) for name in COMMANDS):
            for way, workspace in places.items():
                taken[name][way].append(milliseconds(workspace, COMMANDS[name]))
        for workspace in places.values():
            workspace.leave()
    medians = {
        name: {way: round(statistics.median(values), 2) for way, values in ways.items()}
        for name, ways in taken.items()
    }
    added = {name: round(ways["boxed"] - ways["plain"], 2) for name, ways in medians.items()}
    keep("box", {"ms": medians, "ms added by the box": added})
