"""A Git repository in which all has its name, and nothing that could be rows is left.

Whoever asks for the commit, its tags, its parameters or what changed is answered; the data of another time or
place is not to be had.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.evidence.repository import GitRepository, Tree

MOST_BYTES, MOST_COMMITS = 8 << 20, 1_000
SMALL = 64 << 10
TABLES = (".csv", ".tsv", ".npy", ".npz", ".parquet", ".feather", ".arrow", ".arff", ".h5", ".db")
PACKED = (".pkl", ".pickle", ".joblib", ".gz", ".bz2", ".xz", ".zip", ".zst")
# Source of the formats: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
TREE_OF_COMMIT = re.compile(rb"commit \d+\0tree ([0-9a-f]{40})\n")
TREE_ENTRY = re.compile(rb"(\d+) [^\0]+\0(.{20})", re.DOTALL)


def skeleton(repository: GitRepository, commit: str) -> dict[str, bytes]:
    """The files of a `.git` folder, by their paths in it, in which a commit and its history have their names.

    Its own small files are there, but for tables and packed data; up to 1,000 commits and their folders, the
    newest ones, until 8 MB are full; and the tags on them. Branches and settings are not.
    """
    reader = _Reader(repository)
    reader.take_commit(commit)
    for sha in _small_files(repository.tree(commit)):
        reader.take(sha)
    newest = repository.commits(commit)[-MOST_COMMITS:]
    known = [one for one in reversed(newest) if reader.take_commit(one.sha)]
    names = {one.sha for one in known}
    tags = {name: sha for name, (sha, end) in repository.tag_objects().items() if end in names}
    for sha in tags.values():
        reader.take(sha)
    cut = [one.sha for one in known if not names.issuperset(one.parents)]
    listed = [f"{sha} refs/tags/{name}" for name, sha in sorted(tags.items())]
    files = {f"objects/{sha[:2]}/{sha[2:]}": zlib.compress(data, 1) for sha, data in reader.found.items()}
    files["packed-refs"] = _lines("# pack-refs with: ", *listed)  # an empty one is none for Dulwich
    return files | ({"shallow": _lines(*cut)} if cut else {})


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


class _Reader:
    """The objects read so far, by their names, and how many bytes more may be."""

    def __init__(self, repository: GitRepository) -> None:
        self.repository = repository
        self.found: dict[str, bytes] = {}
        self.spare = MOST_BYTES

    def take(self, sha: str) -> bytes | None:
        """An object; None where it does not fit any more."""
        if sha not in self.found and (data := self.repository.whole(sha, self.spare)) is not None:
            self.found[sha] = data
            self.spare -= len(data)
        return self.found.get(sha)

    def take_commit(self, sha: str) -> bool:
        """Take a commit with all its folders; whether they fit. After the first that does not, none does."""
        waiting = {sha}
        while waiting and self.spare:
            name = waiting.pop()
            if (data := self.take(name)) is None:
                self.spare = 0
                self.found.pop(sha, None)
            else:
                waiting.update(below for below in _folders_in(data) if below not in self.found)
        return not waiting and sha in self.found


def _folders_in(data: bytes) -> Iterator[str]:
    """The names of the trees that an object names: a commit's one, a tree's folders."""
    if commit := TREE_OF_COMMIT.match(data):
        yield commit[1].decode("ascii")
    elif data.startswith(b"tree "):
        entries = TREE_ENTRY.finditer(data, data.find(b"\0") + 1)
        yield from (entry[2].hex() for entry in entries if entry[1] == b"40000")


def _small_files(tree: Tree) -> Iterable[str]:
    """The blobs of a commit that are small and no data, by their names."""
    entries = [entry for path in tree.paths() if (entry := tree.entry(path))]
    return [
        one.sha for one in entries if one.size <= SMALL and not one.path.lower().endswith(TABLES + PACKED)
    ]
