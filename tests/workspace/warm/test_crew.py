"""Whatever dies, nothing is left running, and the result is true."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.workspace.command import Limits
from harness.workspace.supervisor import parents
from harness.workspace.warm.launcher import WarmLauncher
from harness.workspace.workspace import Workspace

from .conftest import Pair

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
DAEMON = """\
import os, sys, time
if not os.fork():
    os.setsid()
    if not os.fork():
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open("begun", "w").close()
        time.sleep(1)
        open("late", "w").close()
        time.sleep(60)
    os._exit(0)
while not os.path.exists("begun"):
    time.sleep(0.01)
print("done")
"""


def processes(word: str) -> list[int]:
    """The processes of this machine that have `word` in their environment or command line."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) != os.getpid():
            try:
                told = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if word.encode() in told:
                found.append(int(folder.name))
    return found


@pytest.mark.parametrize(
    "command", [("python", "d.py"), ("sh", "-c", "python d.py"), ("sh", "-c", "python3 d.py & wait")]
)
def test_a_daemon_does_not_outlive_its_command(pair: Pair, command: tuple[str, ...]) -> None:
    """A process that forked twice in its own session is dead when the command counts as done."""
    pair.write({"d.py": DAEMON})
    assert pair.warm.run(*command).stdout == "done\n"
    time.sleep(1.3)
    assert pair.warm.read("late") is None


def test_the_time_limit_holds(pair: Pair) -> None:
    """A command over its time is killed with all that it started, and the next one runs."""
    pair.write({"d.py": "import subprocess\nprint('in', flush=True)\nsubprocess.run(['python', 'e.py'])\n"})
    pair.write(
        {"e.py": "import time\nprint('inner', flush=True)\ntime.sleep(2)\nopen('late', 'w').close()\n"}
    )
    done = pair.warm.run("python", "d.py", timeout=1.0)
    assert (done.timed_out, done.exit_code, done.stdout) == (True, 124, "in\ninner\n")
    time.sleep(1.5)
    assert pair.warm.read("late") is None
    assert pair.warm.run("sh", "-c", "echo again").stdout == "again\n"


def test_a_stopped_session_stops_its_command(make: Callable[..., Workspace], warm: WarmLauncher) -> None:
    """Setting the event ends a warm command soon."""
    limits = Limits()
    workspace = make(warm, limits)
    workspace.write("p.py", b"import time\ntime.sleep(60)\n")
    limits.stop.set()
    begin = time.monotonic()
    with pytest.raises(Exception, match="was stopped"):
        workspace.run("python", "p.py")
    assert time.monotonic() - begin < 5


def test_a_command_that_kills_its_server_gains_nothing(
    make: Callable[..., Workspace], plainly_warm: WarmLauncher
) -> None:
    """Killing the process above ends the command as killed; the next one runs."""
    workspace = make(plainly_warm)
    workspace.write(
        "p.py",
        b"import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(1)\nprint('on')\n",
    )
    done = workspace.run("python", "p.py")
    assert (done.exit_code, done.stdout) == (137, "")
    assert workspace.run("sh", "-c", "echo again").stdout == "again\n"


def test_a_lost_template_is_replaced(make: Callable[..., Workspace]) -> None:
    """Where a template has died, commands go on, with a new one."""
    with WarmLauncher() as launcher:
        workspace = make(launcher)
        workspace.write("p.py", b"print('works')\n")
        for template in launcher.processes():
            os.kill(template, signal.SIGKILL)
        assert workspace.run("python", "p.py").stdout == "works\n"
        workspace.leave()


def test_nothing_is_left_after_the_session(tmp_path: Path) -> None:
    """When the launcher is closed, none of its processes runs."""
    with WarmLauncher() as launcher:
        workspace = Workspace.create(
            tmp_path / "w", repository=None, commit=None, branch="main", launcher=launcher
        )
        workspace.write("p.py", b"print(1)\n")
        workspace.run("python", "p.py")
        sessions = launcher.processes()
    assert not [pid for pid in sessions if Path("/proc", str(pid)).exists()]
    assert processes(str(tmp_path / "w")) == []


def grade_for_ever(root: Path) -> None:
    """What a harness does until it is killed: run a command that does not end."""
    workspace = Workspace.create(root, repository=None, commit=None, branch="main", launcher=WarmLauncher())
    workspace.write("p.py", b"import subprocess\nsubprocess.run(['python', 'q.py'])\n")
    workspace.write("q.py", b"import time\nopen('begun', 'w').close()\ntime.sleep(60)\n")
    workspace.run("python", "p.py")


def test_a_killed_harness_leaves_nothing(tmp_path: Path) -> None:
    """When the grading process is killed, templates, servers and commands end too."""
    root = tmp_path / "w"
    harness = multiprocessing.get_context("fork").Process(target=grade_for_ever, args=(root,))
    harness.start()
    wait_until((root / "repo" / "begun").exists)
    harness.kill()
    harness.join()
    wait_until(lambda: processes(str(root)) == [])


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for half a minute at most for a condition to hold."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.long
def test_no_growth_over_many_commands(make: Callable[..., Workspace], plainly_warm: WarmLauncher) -> None:
    """500 commands leave the servers as large as they were after the first ones, and no descriptor open."""
    workspace = make(plainly_warm)
    workspace.write("p.py", b"print(1)\n")

    def size() -> tuple[int, int]:
        total = sum(
            int(Path("/proc", str(pid), "statm").read_text().split()[1]) for pid in plainly_warm.processes()
        )
        return total, len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(20):
        workspace.run("python", "p.py")
    before, opened = size()
    for _ in range(500):
        assert workspace.run("python", "p.py").ok
    after, still = size()
    assert after <= before * 1.02
    assert still <= opened


def memory(templates: tuple[int, ...]) -> tuple[int, int]:
    """How many processes the templates and all below them are, and the kilobytes that each has for itself."""
    family, parent_of = set(templates), parents()
    while grown := {pid for pid, parent in parent_of.items() if parent in family} - family:
        family |= grown
    rows = [
        row
        for pid in family
        for row in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    ]
    return len(family), sum(int(row.split()[1]) for row in rows if row.startswith("Private_"))


@pytest.mark.long
def test_five_hundred_commands_need_no_more_memory_than_fifty(
    warm: WarmLauncher, make: Callable[..., Workspace]
) -> None:
    """Templates and servers give back what each command took, and keep no descriptor of it."""
    workspace = make(warm)
    workspace.write("s.py", b"import pandas\nprint(len(pandas.DataFrame({'x': range(1000)})))\n")
    sizes, open_files = [], []
    for rounds in (25, 250):
        for _ in range(rounds):
            assert workspace.run("python", "s.py").stdout == "1000\n"
            assert workspace.run("dvc", "--version").ok
        number, size = memory(warm.processes())
        assert number >= 5  # three templates, and a server for each of the two programs
        sizes.append(size)
        open_files.append(len(os.listdir("/proc/self/fd")))  # noqa: PTH208 (names alone)
    assert sizes[1] - sizes[0] < 4096
    assert open_files[0] == open_files[1]
