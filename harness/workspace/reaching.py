"""Reaching files and folders below a folder that a submission's code can write to: no link is followed."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from harness.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterator


def inside(path: str) -> str:
    """`path` normalised, in POSIX form.

    Raises:
        HarnessError: the path is absolute or leads outside.
    """
    normal = os.path.normpath(path)
    if normal == ".." or normal.startswith(("/", "../")):
        raise HarnessError(f"{path!r} is no path inside a workspace: use one relative to its repository")
    return PurePosixPath(normal).as_posix()


def parts_of(path: str) -> tuple[str, ...]:
    """The names on the way to `path`; raises HarnessError as `inside` does."""
    return PurePosixPath(inside(path)).parts


@contextmanager
def folder_inside(root: Path, parts: tuple[str, ...], *, create: bool) -> Iterator[int]:
    """A descriptor of the folder `parts` below `root`, reached without following a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts:
            made = create and _make_folder(part, current)
            below = os.open(part, flags, dir_fd=current)
            if made:
                own_like(current, below)
            os.close(current)
            current = below
        yield current
    finally:
        os.close(current)


def _make_folder(name: str, folder: int) -> bool:
    """Make a folder; False when something is there."""
    try:
        os.mkdir(name, dir_fd=folder)
    except FileExistsError:
        return False
    return True


def own_like(folder: int, made: int) -> None:
    """Give what root made to the owner of the folder that it lies in."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        owner = os.fstat(folder)
        os.fchown(made, owner.st_uid, owner.st_gid)


@contextmanager
def opened_inside(root: Path, path: str) -> Iterator[int | None]:
    """A descriptor of the regular file `path` below `root`, or None where there is none."""
    parts = parts_of(path)
    descriptor: int | None = None
    try:
        with suppress(OSError), folder_inside(root, parts[:-1], create=False) as folder:
            descriptor = open_regular(parts[-1] if parts else ".", folder)
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def open_regular(name: str, folder: int) -> int | None:
    """A descriptor of a regular file in a folder, None where it is none; raises OSError where nothing is."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None
