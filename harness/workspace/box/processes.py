"""The processes of a box seen from outside, through /proc."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Init:
    """The first process of a box: the kernel ends all others before it lets this one end."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = _handle(pid)

    def wait(self, seconds: float) -> bool:
        """Whether every process of the box is dead, after waiting for at most so many seconds."""
        if self._handle is None:
            return True
        ended = select.poll()  # unlike select.select, for descriptors of any number
        ended.register(self._handle, select.POLLIN)
        return bool(ended.poll(seconds * 1000))

    def kill(self) -> None:
        """Kill it, and with it everything in the box."""
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def members(self) -> Iterator[int]:
        """The process ids of all that runs in the box now, also of what came in from outside."""
        namespace = _namespace(self.pid)
        for name in _listed("/proc"):
            if name.isdecimal() and _namespace(int(name)) == namespace is not None:
                yield int(name)

    def close(self) -> None:
        """Let go of the process, and bury it where it has come to this one as an orphan."""
        if self._handle is not None:
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PIDFD, self._handle, os.WEXITED | os.WNOHANG)
            os.close(self._handle)
            self._handle = None


def nameless(pids: list[int], device: int) -> int:
    """The bytes of the files of a device that these processes hold, open or mapped, and that have no name.

    They take up room until the last of the processes is dead.
    """
    held: dict[int, int] = {}
    for pid in pids:
        for inode, size in (*_opened(pid, device), *_mapped(pid, device)):
            held[inode] = max(size, held.get(inode, 0))
    return sum(held.values())


def _opened(pid: int, device: int) -> Iterator[tuple[int, int]]:
    """Inode and size of each deleted file that a process has open."""
    for name in _listed(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            state = os.stat(f"/proc/{pid}/fd/{name}")  # noqa: PTH116 (for each file of each process)
            if stat.S_ISREG(state.st_mode) and not state.st_nlink and state.st_dev == device:
                yield state.st_ino, state.st_size


def _mapped(pid: int, device: int) -> Iterator[tuple[int, int]]:
    """The same for each that it has mapped, up to the end of what is mapped. Source: proc_pid_maps(5)."""
    for row in _read(f"/proc/{pid}/maps").splitlines():
        if row.endswith(b" (deleted)"):
            addresses, _, offset, numbers, inode, *_ = row.split()
            first, last = (int(address, 16) for address in addresses.split(b"-"))
            if os.makedev(*(int(number, 16) for number in numbers.split(b":"))) == device:
                yield int(inode), int(offset, 16) + last - first


def memory_of(pids: list[int], enough: int) -> int:
    """The bytes of memory that these processes use; what they share is counted once.

    The exact number is dear: below `enough` a quick one, which is never too small, is returned in its place.
    """
    quick = sum(_resident(pid) for pid in pids)
    return quick if quick < enough else sum(_own(pid) for pid in pids)


def _handle(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _namespace(pid: int) -> int | None:
    """The PID namespace of a process; None when it is gone, or another user's."""
    with contextlib.suppress(OSError):
        return os.stat(f"/proc/{pid}/ns/pid").st_ino  # noqa: PTH116 (for each process, several times a second)
    return None


def _resident(pid: int) -> int:
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE if fields else 0


def _own(pid: int) -> int:
    found = PSS.search(_read(f"/proc/{pid}/smaps_rollup"))
    return int(found[1]) * 1024 if found else _resident(pid)


def _listed(path: str) -> list[str]:
    with contextlib.suppress(OSError):
        return os.listdir(path)  # noqa: PTH208 (names only, several times a second)
    return []


def _read(path: str) -> bytes:
    with contextlib.suppress(OSError):
        return Path(path).read_bytes()
    return b""
