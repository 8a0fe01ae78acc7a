"""Runs one command and leaves nothing of it alive: a script of its own, started once per command.

It adopts every orphan of the command (Linux: PR_SET_CHILD_SUBREAPER), so a daemon that forks twice and opens
its own session is still its child. It ends when the command ends, or when the pipe that it was given closes,
and kills all that is left before it does. On systems without that adoption the process group is killed.
"""
# ruff: noqa: PTH123, PTH208 (one of these starts with every command: importing pathlib would double its time)

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CANNOT_START = 127
KILLED = 137
SIGNAL_BASE = 128
AFTER_SIGNAL = 5


def prctl(option: int, value: int) -> None:
    """Set one attribute of this process; does nothing where the system has no prctl."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def limit(kind: int, value: int) -> None:
    """Set a limit of this process, no higher than it is; nothing happens where the system does not know it.

    At the soft limit of processor time a process gets a signal of that name; at the hard one it is killed as
    for anything else.
    """
    import resource  # noqa: PLC0415 (Windows has none)

    with contextlib.suppress(ValueError, OSError):
        most = resource.getrlimit(kind)[1]
        hard = value + AFTER_SIGNAL if kind == resource.RLIMIT_CPU else value
        hard = hard if most == resource.RLIM_INFINITY else min(hard, most)
        resource.setrlimit(kind, (min(value, hard), hard))


def start(argv: list[str], limits: str = "") -> int:
    """Fork the command into a process group of its own and return its process id.

    `limits` are written as kind=value, with commas between.
    """
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setpgid(0, 0)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        for pair in filter(None, limits.split(",")):
            limit(*map(int, pair.split("=")))
        os.execvp(argv[0], argv)  # noqa: S606 (the command is the caller's)
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(CANNOT_START)


def parents() -> dict[int, int]:
    """Every process id of the machine with its parent's, as /proc shows them now."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", "rb") as stat:
                found[int(entry)] = int(stat.read().rpartition(b")")[2].split()[1])
    return found


def descendants() -> set[int]:
    """All processes below this one."""
    parent_of = parents()
    below: set[int] = set()
    layer = {os.getpid()}
    while layer:
        layer = {pid for pid, parent in parent_of.items() if parent in layer} - below
        below |= layer
    return below


def reap() -> dict[int, int] | None:
    """Exit statuses of the children that have ended since the last call; None when no child is left."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended or None
        if not pid:
            return ended
        ended[pid] = status


def kill_all(group: int) -> None:
    """Kill the command's group and every process below this one, until no child is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    kill_all_below()


def kill_all_below() -> None:
    """Kill every process below this one, until no child is left; where none can be seen, wait for them."""
    while reap() is not None:
        if sys.platform == "linux":
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in descendants():
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, number)
        select.select([], [], [], 0.002)


def wait(child: int, control: int, wakeup: int) -> int:
    """The command's exit code as a shell gives it, or 137 when the control pipe closed first."""
    while True:
        ready, _, _ = select.select([control, wakeup], [], [])
        if wakeup in ready:
            os.read(wakeup, 512)
            status = (reap() or {}).get(child)
            if status is not None:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else SIGNAL_BASE - code
        if control in ready:
            return KILLED


def main(control: int, limits: str, argv: list[str]) -> int:
    """Run `argv` within its limits, and return its exit code once everything that it started is dead."""
    os.set_inheritable(control, False)  # noqa: FBT003 (it takes no keyword)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    wakeup, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = start(argv, limits)
    code = wait(child, control, wakeup)
    kill_all(child)
    return code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
