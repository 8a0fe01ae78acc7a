"""What this machine can isolate, what is missing, and the one command that helps: for `harness doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from harness.workspace.box.isolation import isolation
from harness.workspace.box.syscalls import filter_program
from harness.workspace.files import remove_tree
from harness.workspace.launcher import Launcher, PlainLauncher
from harness.workspace.workspace import Workspace

TRIALS = 5


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, whether it is well, what was seen or is to be done."""

    what: str
    well: bool
    seen: str


def findings() -> tuple[Finding, ...]:
    """What was found on this machine, the verdict last."""
    found = isolation()
    who = "root: each workspace gets a user of its own" if _is_root() else "an ordinary user: user namespaces"
    rows = [
        Finding("system", sys.platform == "linux", f"{platform.system()} {platform.release()}"),
        Finding("running as", well=True, seen=who),
        _program("bwrap", "the package bubblewrap"),
        Finding("filter of kernel calls", filter_program() is not None, _filter()),
        Finding(
            "network, files, processes", found.bubblewrap is not None, _walls(found.bubblewrap is not None)
        ),
    ]
    if found.bubblewrap is not None:
        rows.append(Finding("a command in a box", well=True, seen=_cost(found.launcher())))
    rows += [Finding("missing", well=False, seen=text) for text in found.missing]
    return (*rows, Finding("isolation", found.kind != "none", found.kind))


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _program(name: str, package: str) -> Finding:
    place = shutil.which(name)
    return Finding(name, place is not None, place or f"not found: install {package}")


def _filter() -> str:
    return "libseccomp" if filter_program() else "none: pip install pyseccomp, and the package libseccomp2"


def _walls(works: bool) -> str:  # noqa: FBT001 (the one thing it tells about)
    if works:
        return "a box was made, and what lies outside could not be seen in it"
    return "not isolated: a submission's commands run as you, with all that you may do"


def _cost(launcher: Launcher) -> str:
    boxed, plain = _milliseconds(launcher), _milliseconds(PlainLauncher())
    return f"{boxed:.0f} ms to start and end, {plain:.0f} ms without a box"


def _milliseconds(launcher: Launcher) -> float:
    """What starting and ending the shortest command takes, in the median."""
    place = Path(tempfile.mkdtemp())
    try:
        workspace = Workspace.create(
            place / "workspace", repository=None, commit=None, branch="main", launcher=launcher
        )
        return statistics.median(_timed(workspace) for _ in range(TRIALS)) * 1000
    finally:
        remove_tree(place)


def _timed(workspace: Workspace) -> float:
    begin = time.perf_counter()
    workspace.execute(("true",))
    return time.perf_counter() - begin
