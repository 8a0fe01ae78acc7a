"""The DVC stages that a command started, told by its shell through a pipe that only the harness reads.

The pipe lies among the workspace's programs, which no command can change, and may be written to by everybody
and read by nobody: what was told cannot be taken back. A command can tell of stages that it never started,
though: whoever builds on a name holds it against the files that the stage makes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import posixpath
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIPE = "stages"
MOST_BYTES = 1 << 20
WRITE_ONLY = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@dataclass
class StagePipe:
    """The harness's end of the pipe; the workspace's shell tells only while there is one."""

    place: Path
    descriptor: int

    @classmethod
    def at(cls, programs: Path) -> Self:
        """Lay a pipe into a workspace's folder of programs, and open it."""
        place = programs / PIPE
        place.unlink(missing_ok=True)
        os.mkfifo(place, stat.S_IRUSR)
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
        place.chmod(WRITE_ONLY)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            with contextlib.suppress(OSError):  # an ordinary user's pipes may be limited: 64 KB do
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, MOST_BYTES)
        return cls(place, descriptor)

    def told(self, cwd: str) -> tuple[str, ...]:
        """Addresses of the stages told of, relative to the Git root, equal neighbours taken as one.

        To be called when everything that could tell is dead.
        """
        rows = self._read().decode("utf-8", "replace").splitlines()
        names = [_address(row, cwd) for row in rows if row]
        return tuple(name for i, name in enumerate(names) if i == 0 or names[i - 1] != name)

    def close(self) -> None:
        """Take the pipe away."""
        self.place.unlink(missing_ok=True)
        os.close(self.descriptor)

    def _read(self) -> bytes:
        found = b""
        with contextlib.suppress(BlockingIOError):
            while len(found) <= MOST_BYTES and (data := os.read(self.descriptor, MOST_BYTES)):
                found += data
        return found


@contextlib.contextmanager
def stage_pipe(programs: Path) -> Iterator[StagePipe]:
    """A pipe for the time of one command."""
    pipe = StagePipe.at(programs)
    try:
        yield pipe
    finally:
        pipe.close()


def _address(addressing: str, cwd: str) -> str:
    """A stage's address seen from the Git root, from the one that DVC shows in folder `cwd`.

    DVC leaves out `dvc.yaml` of the folder it runs in: `train` there is `sub/dvc.yaml:train` here.
    """
    file, _, name = addressing.rpartition(":")
    full = posixpath.normpath(posixpath.join(cwd, file or "dvc.yaml"))
    return name if full == "dvc.yaml" else f"{full}:{name}"
