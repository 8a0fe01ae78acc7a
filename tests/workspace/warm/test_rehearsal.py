"""Rehearsals of the templates: they work with the libraries that are installed, and leave nothing behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.workspace.command import Limits, run
from harness.workspace.environment import Surroundings
from harness.workspace.warm.rehearsal import REHEARSALS, rehearse

STATE = """
import os, sys, tempfile, threading
from harness.workspace.warm.rehearsal import REHEARSALS
import dvc.cli, pandas, sklearn
def state():
    return (
        threading.active_count(), len(os.listdir("/proc/self/task")), sorted(os.listdir("/proc/self/fd")),
        dict(os.environ), os.getcwd(), tempfile.tempdir,
        sorted(os.listdir()), sorted(os.listdir(os.environ["HOME"])),
    )
REHEARSALS[sys.argv[1]]()  # opens what stays open: the libraries' own
before = state()
REHEARSALS[sys.argv[1]]()
assert state() == before, (before, state())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="templates are forked on Linux, and /proc is read")
@pytest.mark.parametrize("kind", REHEARSALS)
def test_a_rehearsal_leaves_the_process_as_it_was(kind: str, tmp_path: Path) -> None:
    """It succeeds, and leaves no thread, open file, variable, folder or file."""
    surroundings = Surroundings.under(tmp_path)
    surroundings.make()
    variables = {**surroundings.variables(), "PYTHONPATH": str(Path(__file__).parents[3])}
    words = (sys.executable, "-c", STATE, kind)
    done = run(words, cwd=tmp_path, env=variables, limits=Limits())
    assert (done.exit_code, done.stderr) == (0, "")


def test_what_cannot_be_rehearsed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal that fails, or of a kind that has none, ends nothing."""

    def fail() -> None:
        raise ImportError("no such library")

    monkeypatch.setitem(REHEARSALS, "broken", fail)
    rehearse("broken")
    rehearse("base")
