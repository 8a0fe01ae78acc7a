"""Whose a workspace is: where the harness runs as root, each one belongs to a user that nobody else is."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.workspace.shared_files import is_shared

if TYPE_CHECKING:
    from collections.abc import Iterator

# Users and groups of real systems, containers' subordinate ranges included, lie below.
FIRST_UID = 1_000_000_000
LAST_UID = 2_000_000_000
FEWEST = 10_000


def new_uid() -> int:
    """A user id that no one has: of two billion, or of those that this user namespace has.

    Raises:
        HarnessError: the namespace has too few to give each workspace its own.
    """
    first, last = max(_usable(), key=lambda span: span[1] - span[0], default=(0, 0))
    if last - first < FEWEST:
        raise HarnessError("this machine has no user ids to spare for the workspaces")
    return first + secrets.randbelow(last - first)


def give(root: Path, names: tuple[str, ...], uid: int) -> None:
    """Make folders below `root`, with all that they hold, the property of `uid`; links are not followed."""
    for name in names:
        if (root / name).is_dir():
            os.chown(root / name, uid, uid, follow_symlinks=False)
            for folder, entry in _entries(root / name):
                if not is_shared(os.stat(entry, dir_fd=folder, follow_symlinks=False)):
                    os.chown(entry, uid, uid, dir_fd=folder, follow_symlinks=False)


def let_read(path: Path) -> None:
    """Let every user read a folder of the harness's own, where its umask forbade it."""
    for place in (path, *path.rglob("*")):
        if not place.is_symlink():
            place.chmod(place.stat().st_mode | (0o055 if place.is_dir() else 0o044))


def _entries(root: Path) -> Iterator[tuple[int, str]]:
    for _, folders, files, descriptor in os.fwalk(root, follow_symlinks=False):
        for entry in (*folders, *files):
            yield descriptor, entry


def _usable() -> Iterator[tuple[int, int]]:
    """The spans of user ids that exist here and belong to nobody."""
    for row in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        first, _, count = (int(field) for field in row.split())
        end = first + count
        yield (FIRST_UID, min(end, LAST_UID)) if end > FIRST_UID + FEWEST else (max(first, 100_000), end)
