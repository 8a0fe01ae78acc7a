"""The DVC objects that lie inside what was handed in: caches and remotes, never anything outside of it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.submission.contents import file_md5, file_md5_before_dvc3
from harness.submission.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PREFIX = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(r"[0-9a-f]{30}(\.dir)?")
_SKIPPED = frozenset({".git", "node_modules", "site-packages", "__pycache__", "__MACOSX"})
_MOST_ENTRIES = 500_000
_DEEPEST = 64


@dataclass(frozen=True)
class HandedInObjects:
    """DVC object stores found inside a submission: caches (folders .dvc/cache) and remotes (all others).

    Both layouts count, of DVC 3 and of DVC 2. Only regular files that the scan saw are ever handed out, and
    only when their content is what their name says.
    """

    caches: tuple[Path, ...] = ()
    remotes: tuple[Path, ...] = ()
    shelf: Shelf | None = None
    _files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict, repr=False)
    _digests: dict[Path, str | None] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self._files)

    def names(self) -> frozenset[str]:
        """Return the md5 names of all objects, verified or not; a directory's listing ends in ".dir"."""
        return frozenset(self._files)

    def inventory(self) -> tuple[str, ...]:
        """Return one line for each object file, sorted: kind of store, name and size in bytes."""
        files = ((md5, path) for md5, paths in self._files.items() for path in paths)
        kinds = ("remote", "cache")
        return tuple(
            sorted(f"{kinds[self._is_cached(path)]} {md5} {path.stat().st_size}" for md5, path in files)
        )

    @property
    def size(self) -> int:
        """The bytes of all object files."""
        return sum(path.lstat().st_size for paths in self._files.values() for path in paths)

    def kind_of(self, md5: str) -> str:
        """Return "cache" or "remote": the kind of store in which the object handed out by find lies."""
        path = next(
            (path for path in self._files.get(md5, ()) if self._is_genuine(self._at(path), md5)), None
        )
        return "cache" if path and self._is_cached(path) else "remote"

    def _is_cached(self, path: Path) -> bool:
        return any(path.is_relative_to(cache) for cache in self.caches)

    def find(self, md5: str) -> Path | None:
        """Return a file whose content has this md5, None when no handed-in object holds up.

        Of a large object it is the copy on the shelf, where there is one.
        """
        found = (self._at(path) for path in self._files.get(md5, ()))
        return next((path for path in found if self._is_genuine(path, md5)), None)

    def remote_has(self, md5: str) -> bool:
        """Return whether a handed-in remote, not only a cache, has this object with the right content."""
        return any(
            self._is_genuine(path, md5)
            for path in self._files.get(md5, ())
            if any(path.is_relative_to(root) for root in self.remotes)
        )

    def digest(self, path: Path) -> str | None:
        """Return the md5 of an object's file, read at most once; None when it is no regular file."""
        if path not in self._digests:
            known = self.shelf.digests.get(path) if self.shelf else None
            self._digests[path] = known or file_md5(path)
        return self._digests[path]

    def _at(self, path: Path) -> Path:
        return self.shelf.at(path) if self.shelf else path

    def _is_genuine(self, path: Path, md5: str) -> bool:
        wanted = md5.removesuffix(".dir")
        before_dvc3 = not md5.endswith(".dir") and self.digest(path) != wanted
        return self.digest(path) == wanted or (before_dvc3 and file_md5_before_dvc3(path) == wanted)


def scan_objects(root: Path, shelf: Path | None = None) -> HandedInObjects:
    """Return the DVC objects below the folder; no link is followed, the walk ends after 500,000 entries.

    Copies of large ones are kept in the folder `shelf`, which need not be there yet.
    """
    stores: set[Path] = set()
    files: dict[str, list[Path]] = {}
    for store, md5, path in _objects_below(root):
        stores.add(store)
        files.setdefault(md5, []).append(path)
    caches = {store for store in stores if store.parts[-2:] == (".dvc", "cache")}
    index = {md5: tuple(sorted(paths)) for md5, paths in sorted(files.items())}
    kept = Shelf(shelf) if shelf else None
    return HandedInObjects(tuple(sorted(caches)), tuple(sorted(stores - caches)), kept, index)


def _objects_below(root: Path) -> Iterator[tuple[Path, str, Path]]:
    for folder, name in _files_below(root):
        if _PREFIX.fullmatch(folder.name) and _REST.fullmatch(name):
            holder = folder.parent
            by_dvc3 = holder.parts[-2:] == ("files", "md5") and holder != root
            yield holder.parents[1] if by_dvc3 else holder, folder.name + name, folder / name


def _files_below(root: Path) -> Iterator[tuple[Path, str]]:
    seen = 0
    open_folders = [(root, 0)]
    while open_folders:
        folder, depth = open_folders.pop()
        for entry in _entries(folder):
            seen += 1
            if seen > _MOST_ENTRIES:
                return
            if entry.is_file(follow_symlinks=False):
                yield folder, entry.name
            elif entry.is_dir(follow_symlinks=False) and entry.name not in _SKIPPED and depth < _DEEPEST:
                open_folders.append((Path(entry.path), depth + 1))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except PermissionError:
        return []
