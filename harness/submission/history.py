"""Blobs anywhere in the history of the harness's own clone."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from harness.submission.gitclone import IsolatedGit
from harness.submission.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LARGEST_BLOB = 200 << 20
_MOST_BYTES = 2 << 30


@dataclass(frozen=True)
class Blob:
    """One version of a file in Git: its bytes, its path, and the newest commit that has it."""

    data: bytes
    path: str
    commit: str


def blobs_of_size(repository: Path, sizes: Iterable[int], home: Path) -> Iterator[Blob]:
    """Yield each blob of any ref with a plausible size: from half of one of the sizes to twice it and 4 kB.

    At most 2 GB of candidates are read, the smaller ones first.
    """
    ranges = [(size // 2, 2 * size + 4096) for size in set(sizes)]
    isolated = IsolatedGit.at(home)
    candidates = _blobs_within(isolated, repository, ranges)
    if not candidates:
        return
    named = _first_seen(isolated, repository, candidates)
    with tempfile.TemporaryFile(dir=home) as wanted, tempfile.TemporaryFile(dir=home) as contents:
        wanted.write("".join(f"{sha}\n" for sha in named).encode())
        wanted.seek(0)
        isolated.run(f"--git-dir={repository}", "cat-file", "--batch", stdin=wanted, stdout=contents)
        contents.seek(0)
        for path, commit in named.values():
            yield Blob(_next_content(contents), path, commit)


def _blobs_within(isolated: IsolatedGit, repository: Path, ranges: list[tuple[int, int]]) -> frozenset[str]:
    listing = isolated.run(
        f"--git-dir={repository}",
        *("cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectsize) %(objectname)"),
    )
    rows = (line.split() for line in listing.splitlines() if line.startswith("blob "))
    plausible = sorted(
        (int(size), sha)
        for _, size, sha in rows
        if any(low <= int(size) <= high for low, high in ranges) and int(size) <= _LARGEST_BLOB
    )
    chosen, total = [], 0
    for size, sha in plausible:
        total += size
        if total > _MOST_BYTES:
            break
        chosen.append(sha)
    return frozenset(chosen)


def _first_seen(isolated: IsolatedGit, repository: Path, blobs: frozenset[str]) -> dict[str, tuple[str, str]]:
    """Return path and commit by blob; each object is listed once, however many paths a history claims."""
    listing = isolated.run(f"--git-dir={repository}", "rev-list", "--all", "--objects", "--in-commit-order")
    found: dict[str, tuple[str, str]] = {}
    commit = ""
    for line in listing.splitlines():
        sha, separator, path = line.partition(" ")
        if not separator:
            commit = sha
        elif sha in blobs:
            found[sha] = (shown(path), commit)
    return found


def _next_content(contents: IO[bytes]) -> bytes:
    header = contents.readline().split()
    data = contents.read(int(header[2]))
    contents.read(1)
    return data
