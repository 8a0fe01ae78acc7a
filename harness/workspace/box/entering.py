"""Entering a box that is open already: for a process forked outside, which brings its memory along.

Everything that bwrap and the prelude do for a cold command is done here for a warm one: namespaces, user,
capabilities, limits, filter.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import fcntl
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.workspace.supervisor import limit

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHERS = ("cgroup", "ipc", "uts", "net", "mnt")  # apart from that of processes, which takes a fork
NS_GET_PARENT = 0xB702
PR_SET_NO_NEW_PRIVS = 38
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
LAST_CAPABILITY = 63
FILTER_ROW = 8


@dataclass(frozen=True)
class Entry:
    """What a process needs to know to enter a box; `uid` is None where the box is an ordinary user's.

    `pid` is the box's first process as seen from outside, 0 where there is no box and the limits are all;
    `limits` are pairs of resource and value.
    """

    pid: int
    uid: int | None
    limits: tuple[tuple[int, int], ...]
    filter: bytes | None

    @property
    def by_root(self) -> bool:
        """Whether there is a box, which root may enter and leave: an ordinary user comes back from none."""
        return bool(self.pid) and self.uid is not None

    def to_json(self) -> dict[str, object]:
        """The same as plain data."""
        program = base64.b64encode(self.filter).decode() if self.filter else None
        return {
            "pid": self.pid,
            "uid": self.uid,
            "limits": [list(pair) for pair in self.limits],
            "filter": program,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, object]) -> Entry:
        """The entry that `to_json` told of."""
        limits = told["limits"]
        program = told["filter"]
        return cls(
            pid=int(str(told["pid"])),
            uid=None if told["uid"] is None else int(str(told["uid"])),
            limits=tuple((int(kind), int(value)) for kind, value in limits)
            if isinstance(limits, list)
            else (),
            filter=base64.b64decode(str(program)) if program else None,
        )


class _Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def fork_into(entry: Entry) -> int:
    """Fork this process into a box that has a user of its own; returns as `os.fork` does.

    The fork is among the box's processes, with all else still outside: it has to `settle` at once. This
    process stays what it is. To be called in a process of one thread, by root.

    Raises:
        OSError: the box cannot be entered.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.ExitStack() as opened:
        own = _handle(opened, os.getpid(), "pid")
        _go(libc, _handle(opened, entry.pid, "pid"))
        pid = -1
        try:
            pid = os.fork()
        finally:
            if pid and libc.setns(own, 0):
                os._exit(1)  # what it forks from now on would be in this box
    return pid


def settle(entry: Entry) -> None:
    """Join the rest of the box's namespaces, and become its user; raises OSError where it cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    _join(libc, entry, OTHERS)
    _confine(libc, entry)


def enter(entry: Entry) -> int:
    """Go into the box with a fork of this process; returns 0 in the fork, its process id in this process.

    Where there is no box this process itself gets the limits, and 0 is returned.

    To be called in a process of one thread that has no other use: it is half inside afterwards, and should
    wait for the fork and end.

    Raises:
        OSError: the box cannot be entered.
    """
    if not entry.pid:
        for kind, value in entry.limits:
            limit(kind, value)
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    _join(libc, entry, (*OTHERS, "pid"))
    pid = os.fork()
    if pid == 0:
        _confine(libc, entry)
    return pid


def _confine(libc: ctypes.CDLL, entry: Entry) -> None:
    for kind, value in entry.limits:
        limit(kind, value)
    _become(libc, entry.uid)
    _seal(libc, entry.filter)


def _join(libc: ctypes.CDLL, entry: Entry, names: tuple[str, ...]) -> None:
    with contextlib.ExitStack() as opened:
        handles = [_handle(opened, entry.pid, name) for name in names]
        if entry.uid is None:
            user = _handle(opened, entry.pid, "user")
            handles = [*_outer(opened, user), *handles, user]
        for handle in handles:
            _go(libc, handle)
    os.chdir("/")


def _go(libc: ctypes.CDLL, namespace: int) -> None:
    if libc.setns(namespace, 0):
        raise OSError(ctypes.get_errno(), "cannot join one of the box's namespaces")


def _handle(opened: contextlib.ExitStack, pid: int, name: str) -> int:
    handle = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)
    opened.callback(os.close, handle)
    return handle


def _outer(opened: contextlib.ExitStack, user: int) -> list[int]:
    """The user namespace around a box's own, which owns its other namespaces.

    bwrap makes two, one in the other, to forbid making more. Source: ioctl_ns(2).
    """
    outer = fcntl.ioctl(user, NS_GET_PARENT)
    opened.callback(os.close, outer)
    return [] if os.path.sameopenfile(outer, _handle(opened, os.getpid(), "user")) else [outer]


def _become(libc: ctypes.CDLL, uid: int | None) -> None:
    """Drop all capabilities, and root with them."""
    for capability in range(LAST_CAPABILITY + 1):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # otherwise its own /proc/self is closed to it
    else:
        _drop_capabilities(libc)


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Give up what a namespace gives to those who join it. Source: capset(2), version 3 of its header."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if libc.capset(header, nothing):
        raise OSError(ctypes.get_errno(), "cannot drop the capabilities inside the box")


def _seal(libc: ctypes.CDLL, program: bytes | None) -> None:
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if program is None:
        return
    described = _Program(len(program) // FILTER_ROW, program)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(described), 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel does not take the filter of its calls")
