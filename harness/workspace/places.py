"""Where workspaces lie: in memory where there is plenty of it, since they live for seconds; else on disk."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from harness.workspace.files import remove_tree

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_MEMORY = Path("/dev/shm")  # noqa: S108 (folders in it get names that nobody can foresee)
MEMORY_INFO = Path("/proc/meminfo")
AVAILABLE = re.compile(r"^MemAvailable:\s+(\d+) kB$", re.MULTILINE)
SUFFIX = ".d"
LOCK, CONTENT = "lock", "content"
MINUTE = 60.0


@contextlib.contextmanager
def temporary_folder(*, in_memory: bool = False) -> Iterator[Path]:
    """A folder under a name that tells a submission nothing, gone afterwards; in memory or on disk."""
    if in_memory:
        with _folder_in_memory() as folder:
            yield folder
        return
    root = Path(tempfile.mkdtemp())
    try:
        yield root.resolve()
    finally:
        remove_tree(root)


def memory_to_spare() -> int:
    """How many bytes of files the memory could take now; 0 where files cannot be kept and run there."""
    if sys.platform != "linux" or not os.access(IN_MEMORY, os.W_OK | os.X_OK):
        return 0
    state = os.statvfs(IN_MEMORY)
    if state.f_flag & os.ST_NOEXEC or not os.path.ismount(IN_MEMORY):
        return 0
    found = AVAILABLE.search(MEMORY_INFO.read_text(encoding="ascii"))
    return min(state.f_bavail * state.f_frsize, int(found[1]) * 1024 if found else 0)


@contextlib.contextmanager
def _folder_in_memory() -> Iterator[Path]:
    """A folder in memory, locked as long as its maker lives; removes what killed makers have left."""
    for abandoned in _abandoned():
        remove_tree(abandoned)
    root = Path(tempfile.mkdtemp(dir=IN_MEMORY, suffix=SUFFIX))
    content = root / CONTENT
    try:
        with (root / LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            content.mkdir()
            yield content
    finally:
        remove_tree(root)


def _abandoned() -> Iterator[Path]:
    """Folders of this user's in memory whose makers are dead; one that is just being made is too young."""
    for folder in IN_MEMORY.glob(f"tmp*{SUFFIX}"):
        with contextlib.suppress(OSError):
            state = folder.lstat()
            old = time.time() - state.st_mtime > MINUTE
            if old and state.st_uid == os.getuid() and not _is_held(folder / LOCK):
                yield folder


def _is_held(path: Path) -> bool:
    """Whether somebody holds a lock."""
    try:
        with path.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
