"""Copying a workspace's folders: times, modes and links stay as they are, since DVC and Git look at them.

A large file that no command can write to is linked, not copied (see `shared_files`).
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from typing import TYPE_CHECKING

from harness.errors import CheckFailed, HarnessError
from harness.workspace.shared_files import can_share, is_shared

if TYPE_CHECKING:
    from pathlib import Path

LOCK_FILES = frozenset({"rwlock", "rwlock.lock", "lock", "index.lock", "HEAD.lock"})
LOCKED = ("/.dvc/tmp", "/.git")
REASON_LIMIT = 500
CHUNK = 1 << 26
CANNOT_SHARE = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder to a new one; pipes, sockets, devices and lock files are left behind.

    Where the file system can, copies share their blocks until one of them is written to.

    Raises:
        CheckFailed: what lies there cannot be copied: no permission, too deep, names too long.
        HarnessError: our disk is full.
    """
    try:
        _copy_tree(os.fspath(source), os.fspath(target))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise HarnessError(f"no space left for a workspace in {target.parent}: make room") from error
        why = str(error).replace(f"{source}/", "").replace(f"{target}/", "")[:REASON_LIMIT]
        raise CheckFailed("files that can be copied after the lab's commands", why) from error


def _copy_tree(source: str, target: str) -> None:
    made: list[tuple[str, os.stat_result]] = []
    waiting = [(source, target)]
    while waiting:
        folder, copy = waiting.pop()
        os.mkdir(copy)  # noqa: PTH102 (thousands of paths: strings)
        made.append((copy, os.stat(folder)))  # noqa: PTH116
        with os.scandir(folder) as entries:
            for entry in entries:
                there = f"{copy}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, there))
                elif not (entry.name in LOCK_FILES and folder.endswith(LOCKED)):
                    _copy_entry(entry, there, made[-1][1])
    for copy, state in reversed(made):  # what was put into a folder has changed its time
        os.utime(copy, ns=(state.st_atime_ns, state.st_mtime_ns))
        os.chmod(copy, stat.S_IMODE(state.st_mode))  # noqa: PTH101


def _copy_entry(entry: os.DirEntry[str], target: str, folder: os.stat_result) -> None:
    if entry.is_symlink():
        os.symlink(os.readlink(entry.path), target)  # noqa: PTH115, PTH211
        state = entry.stat(follow_symlinks=False)
        os.utime(target, ns=(state.st_atime_ns, state.st_mtime_ns), follow_symlinks=False)
    elif entry.is_file(follow_symlinks=False):
        state = entry.stat(follow_symlinks=False)
        if is_shared(state) and can_share(state, folder):
            os.link(entry.path, target)
        else:
            _copy_file(entry.path, target)


def _copy_file(source: str, target: str) -> None:
    given = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        state = os.fstat(given)
        made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _copy_content(given, made)
            os.fchmod(made, stat.S_IMODE(state.st_mode))
            os.utime(made, ns=(state.st_atime_ns, state.st_mtime_ns))
        finally:
            os.close(made)
    finally:
        os.close(given)


def _copy_content(given: int, made: int) -> None:
    """Copy from one descriptor to another, inside the kernel where it can."""
    if not _copied_inside(given, made):
        with open(given, "rb", closefd=False) as source, open(made, "wb", closefd=False) as target:
            shutil.copyfileobj(source, target)


def _copied_inside(given: int, made: int) -> bool:
    try:
        while os.copy_file_range(given, made, CHUNK):
            pass
    except AttributeError:  # not Linux
        return False
    except OSError as error:
        if error.errno not in CANNOT_SHARE:
            raise
        return False
    return True
