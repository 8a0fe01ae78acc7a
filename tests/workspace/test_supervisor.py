"""The script that runs one command and leaves nothing of it alive."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from harness.workspace import supervisor
from harness.workspace.command import Limits, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_it_sees_its_parent_process() -> None:
    """The table of the machine's processes has this one below its parent."""
    assert supervisor.parents()[os.getpid()] == os.getppid()


def test_a_command_starts_with_the_usual_signals(tmp_path: Path) -> None:
    """A command is not made to ignore any signal, as Python would have it ignore SIGPIPE."""
    env = {"PATH": "/usr/bin:/bin"}
    done = run(("sh", "-c", "grep SigIgn /proc/$$/status"), cwd=tmp_path, env=env, limits=Limits())
    own_of_the_c_library = 0b11 << 31  # signals 32 and 33, which no program can set
    assert int(done.stdout.split()[1], 16) & ~own_of_the_c_library == 0


def test_a_command_gets_no_descriptor_but_the_usual_three(tmp_path: Path) -> None:
    """Neither the harness's files nor the supervisor's pipes are open in a command."""
    env = {"PATH": "/usr/bin:/bin"}
    done = run(("ls", "/proc/self/fd"), cwd=tmp_path, env=env, limits=Limits())
    assert done.stdout.split() == ["0", "1", "2", "3"]  # 3 is the folder that ls reads
