"""The shelf: large handed-in files, copied once, so that every workspace can have a link to the one copy."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.submission.contents import open_regular

if TYPE_CHECKING:
    from pathlib import Path

LARGE = 32 << 20
CHUNK = 1 << 20
READ_ONLY = 0o444
WRITE_BITS = 0o222


def is_shelved(state: os.stat_result) -> bool:
    """Whether this may be the state of a file on a shelf: large, root's, and not to be written to."""
    return state.st_size >= LARGE and state.st_uid == 0 and _is_root() and not state.st_mode & WRITE_BITS


@dataclass(frozen=True)
class Shelf:
    """A folder of the harness's own with copies of large files, each hashed as it was copied; root's alone.

    `digests` has the md5 of each copy.
    """

    folder: Path
    digests: dict[Path, str] = field(default_factory=dict, repr=False)
    _copies: dict[Path, Path] = field(default_factory=dict, repr=False)

    def at(self, path: Path) -> Path:
        """The copy of a large regular file, made when it is first asked for; any other file where it lies."""
        if path not in self._copies:
            self._copies[path] = self._copied(path) if _is_root() and _is_large(path) else path
        return self._copies[path]

    def _copied(self, path: Path) -> Path:
        source = open_regular(path)
        if source is None:
            return path
        self.folder.mkdir(parents=True, exist_ok=True)
        copy = self.folder / f"{len(self._copies)}"
        digest = hashlib.md5(usedforsecurity=False)
        with source, copy.open("xb") as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                target.write(chunk)
        copy.chmod(READ_ONLY)
        self.digests[copy] = digest.hexdigest()
        return copy


def _is_large(path: Path) -> bool:
    state = path.lstat()
    return stat.S_ISREG(state.st_mode) and state.st_size >= LARGE


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
