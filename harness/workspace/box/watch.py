"""Looking at a running box from time to time: is it still within its memory and its disk space?"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.workspace.box.processes import memory_of, nameless

if TYPE_CHECKING:
    from pathlib import Path

    from harness.workspace.box.allowance import Allowance
    from harness.workspace.box.processes import Init

SECONDS_BETWEEN = 0.2
NOTICED_BYTES = 64 << 20
NOTICED_FILES = 5_000


@dataclass(frozen=True)
class Size:
    """What a folder holds: bytes by the files' lengths (a hole counts too), files, folders in folders."""

    bytes: int
    files: int
    depth: int


class Watch:
    """Tells which limit the box of one command has passed, if any."""

    def __init__(self, root: Path, init: Init, allowance: Allowance) -> None:
        self._root = root
        self._init = init
        self._allowance = allowance
        self._next = time.monotonic() + SECONDS_BETWEEN
        self._free = _free(root)

    def passed(self) -> str | None:
        """The limit that was passed, as a student reads it; most calls return at once without a look."""
        if time.monotonic() < self._next:
            return None
        found = self._memory() or self._disk()
        self._next = time.monotonic() + SECONDS_BETWEEN
        return found

    def left(self) -> str | None:
        """The limit that the ended command's files pass, also where they take up no space (holes)."""
        return too_large(size_of(self._root, self._allowance.files), self._allowance)

    def _memory(self) -> str | None:
        limit = self._allowance.memory
        pids = list(self._init.members())
        return self._allowance.out_of_memory if memory_of(pids, limit) > limit else None

    def _disk(self) -> str | None:
        """Count only when the disk has become fuller: others write to it too."""
        used, made = (before - now for before, now in zip(self._free, _free(self._root), strict=True))
        if used < NOTICED_BYTES and made < NOTICED_FILES:
            return None
        size = size_of(self._root, self._allowance.files)
        deleted = nameless(list(self._init.members()), self._root.stat().st_dev)
        return too_large(replace(size, bytes=size.bytes + deleted), self._allowance)


def size_of(root: Path, most: int) -> Size:
    """What a folder holds, links not followed; the count ends soon after `most` files."""
    total = files = deepest = 0
    waiting = [(os.fspath(root), 0)]
    while waiting and files <= most:
        folder, depth = waiting.pop()
        deepest = max(deepest, depth)
        for entry in _entries(folder):
            files += 1
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, depth + 1))
            else:
                total += _length(entry)
    return Size(total, files, deepest)


def too_large(size: Size, allowance: Allowance) -> str | None:
    """The limit that a workspace of this size passes."""
    if size.files > allowance.files:
        return allowance.too_many_files
    if size.depth > allowance.depth:
        return allowance.too_deep
    return allowance.out_of_disk if size.bytes > allowance.disk else None


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What lies in a folder; nothing when it is gone meanwhile, closed, or too deep to be named."""
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _length(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def _free(root: Path) -> tuple[int, int]:
    state = os.statvfs(root)
    return state.f_bavail * state.f_frsize, state.f_favail
