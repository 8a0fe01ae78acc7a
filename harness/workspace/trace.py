"""Which files of a workspace a command really reads and writes, by inotify: sh, cp and python alike."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.workspace.reaching import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace

IN_ACCESS = 0x1
IN_MODIFY = 0x2
IN_CLOSE_WRITE = 0x8
IN_CLOSE_NOWRITE = 0x10
IN_MOVED_TO = 0x80
IN_CREATE = 0x100
IN_Q_OVERFLOW = 0x4000
IN_ISDIR = 0x40000000
READ = IN_ACCESS | IN_CLOSE_NOWRITE
WRITTEN = IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE
NOT_WATCHED = frozenset({".git", ".dvc", "site-packages", "node_modules", "__pycache__"})
EVENT = struct.Struct("iIII")
QUEUE_BYTES = 1 << 22

Touched = tuple[frozenset[str], frozenset[str]]


def reads(
    workspace: Workspace,
    *argv: str,
    cwd: str = ".",
    timeout: float | None = None,
    variables: Mapping[str, str] | None = None,
) -> tuple[Completed, frozenset[str] | None, frozenset[str] | None]:
    """Run a command as a step; return it with the files that it read and those that it wrote.

    A file counts as read when it was opened for reading, as written when it was made, changed or moved there;
    paths are relative to the Git root. Of a file both read and written nothing says which came first. Both
    sets are None where the system cannot tell: without inotify, or when there was more than it could queue.
    """
    with _watching(workspace.repo) as watch:
        done = workspace.run(*argv, cwd=inside(cwd), timeout=timeout, variables=variables)
        touched = watch.touched() if watch is not None else None
    return (done, *touched) if touched is not None else (done, None, None)


class _Watch:
    """An inotify descriptor with a watch on each folder of a repository."""

    def __init__(self, repo: Path, libc: ctypes.CDLL, descriptor: int) -> None:
        self._repo = repo
        self._descriptor = descriptor
        self._folders: dict[int, str] = {}
        self.complete = all(self._add(libc, folder) for folder in _folders(repo))

    def _add(self, libc: ctypes.CDLL, folder: Path) -> bool:
        number = libc.inotify_add_watch(self._descriptor, os.fsencode(folder), READ | WRITTEN)
        self._folders[number] = folder.relative_to(self._repo).as_posix()
        return int(number) >= 0

    def touched(self) -> Touched | None:
        """Files read and written so far; None when the queue overflowed or a folder is not watched."""
        read, written = set(), set()
        for number, mask, name in self._events():
            if mask & IN_Q_OVERFLOW or not self.complete:
                return None
            path = (Path(self._folders[number]) / name).as_posix() if number in self._folders else ""
            if mask & IN_ISDIR:
                written |= self._new_files(path) if mask & WRITTEN else set()
                continue
            if name and mask & READ:
                read.add(path)
            if name and mask & WRITTEN:
                written.add(path)
        return frozenset(read), frozenset(written)

    def _new_files(self, folder: str) -> set[str]:
        """What lies in a folder that the command made, and that nobody watched."""
        files = (Path(place, name) for place, _, names in os.walk(self._repo / folder) for name in names)
        return {file.relative_to(self._repo).as_posix() for file in files}

    def _events(self) -> Iterator[tuple[int, int, str]]:
        while True:
            try:
                data = os.read(self._descriptor, QUEUE_BYTES)
            except BlockingIOError:
                return
            start = 0
            while start < len(data):
                number, mask, _, size = EVENT.unpack_from(data, start)
                start += EVENT.size + size
                yield number, mask, os.fsdecode(data[start - size : start].rstrip(b"\0"))


@contextmanager
def _watching(repo: Path) -> Iterator[_Watch | None]:
    """Watches on all folders of a repository; None where there is no inotify."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC) if libc is not None else -1
    if libc is None or descriptor < 0:
        yield None
        return
    try:
        yield _Watch(repo, libc, descriptor)
    finally:
        os.close(descriptor)


def _folders(repo: Path) -> Iterator[Path]:
    for folder, names, _ in os.walk(repo):
        names[:] = [name for name in names if name not in NOT_WATCHED]
        yield Path(folder)
