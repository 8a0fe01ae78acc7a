"""A submission's commits, refs and trees, and what each commit changed, from the harness's own bare clone.

What a commit can make grow without bound (entries of nested trees, the history, a blob) has a limit.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.git_reader import READ_LIMIT, GitReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MAX_ENTRIES = 300_000
MAX_CHANGES = 2_000_000
TREES_KEPT = 8
_SHA = re.compile(r"[0-9a-f]{40}")
_NAMED = ("for-each-ref", "--format=%(refname) %(objectname)")


@dataclass(frozen=True)
class Commit:
    """One commit; `author` as ``name <email>``, `time` in seconds since 1970 by its committer's clock."""

    sha: str
    parents: tuple[str, ...]
    author: str
    time: int
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a tree: POSIX path, Git mode (``100644``; ``120000`` for a link), blob, size in bytes."""

    path: str
    mode: str
    sha: str
    size: int

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file, not a symbolic link."""
        return self.mode.startswith("100")


@dataclass(frozen=True, slots=True)
class Blob:
    """What a path holds on one side of a change: a Git mode and a blob."""

    mode: str
    sha: str

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file, not a symbolic link or a submodule."""
        return self.mode.startswith("100")


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit did to one path, against its first parent; None where the path is not there."""

    path: str
    before: Blob | None
    after: Blob | None


class Tree:
    """The files of one commit; submodules are left out, symbolic links are listed and never followed."""

    def __init__(self, reader: GitReader, sha: str, entries: Mapping[str, Entry]) -> None:
        self._reader = reader
        self.sha = sha
        self._entries = entries

    def paths(self) -> tuple[str, ...]:
        """Return every path, sorted as Git sorts them."""
        return tuple(self._entries)

    def under(self, prefix: str) -> tuple[str, ...]:
        """Return the paths inside the folder `prefix`; all of them for ``.``."""
        if prefix in {"", "."}:
            return self.paths()
        start = prefix.rstrip("/") + "/"
        return tuple(path for path in self._entries if path.startswith(start))

    def entry(self, path: str) -> Entry | None:
        """Return the entry at `path`, None where there is none (or a folder)."""
        return self._entries.get(path)

    def read(self, path: str, limit: int = READ_LIMIT) -> bytes | None:
        """Return a regular file's bytes; None where there is none, for a link, and beyond `limit` bytes."""
        entry = self._entries.get(path)
        if entry is None or not entry.is_file:
            return None
        return self._reader.blob(entry.sha, limit)

    def md5(self, path: str) -> str | None:
        """Return the MD5 of a regular file's bytes, None where there is none."""
        entry = self._entries.get(path)
        if entry is None or not entry.is_file:
            return None
        return self._reader.md5s(entry.sha)[0]

    def md5_forms(self, path: str) -> frozenset[str]:
        """Return the MD5s of a regular file as it is, with LF and with CRLF line ends; none without it."""
        entry = self._entries.get(path)
        if entry is None or not entry.is_file:
            return frozenset()
        return frozenset(self._reader.md5s(entry.sha))


class GitRepository:
    """The bare clone at `path`. A blob is hashed once, a recently read tree is listed once.

    Every method raises MalformedEvidence where an object is missing or damaged, or a limit is passed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = GitReader(path)
        self._lock = threading.RLock()
        self._trees: dict[str, Tree] = {}
        self._changes: dict[str, tuple[Change, ...]] = {}

    def close(self) -> None:
        """End the Git processes that were kept for reading objects."""
        self._reader.close()

    def resolve(self, rev: str) -> str | None:
        """Return the commit that `rev` names (a tag is peeled), None where it names none."""
        name = f"{rev}^{{commit}}"
        found = self._reader.lines(
            "rev-parse", "--verify", "--quiet", "--end-of-options", name, ok=(0, 1, 128)
        )
        shas = [line for line in found if _SHA.fullmatch(line)]
        return shas[0] if shas else None

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Return the full names of the refs under `prefix` that end at a commit, with that commit."""
        fields = "%(refname) %(objecttype) %(objectname) %(*objecttype) %(*objectname)"
        found: dict[str, str] = {}
        for line in self._reader.lines("for-each-ref", f"--format={fields}", prefix):
            name, *pairs = line.split(" ")
            kinds = dict(zip(pairs[::2], pairs[1::2], strict=False))
            if "commit" in kinds:
                found[name] = kinds["commit"]
        return found

    def branches(self) -> dict[str, str]:
        """Return the branches by their short names, with the commit that each points at."""
        return _short(self.refs("refs/heads/"), "refs/heads/")

    def tags(self) -> dict[str, str]:
        """Return the tags by their short names, with the commit that each ends at."""
        return _short(self.refs("refs/tags/"), "refs/tags/")

    def tag_objects(self) -> dict[str, tuple[str, str]]:
        """Return the tags by their short names: the object that each names, and the commit it ends at."""
        named = dict(line.split(" ") for line in self._reader.lines(*_NAMED, "refs/tags/"))
        return {tag: (named[f"refs/tags/{tag}"], end) for tag, end in self.tags().items()}

    def commits(self, *revs: str, without: Iterable[str] = ()) -> tuple[Commit, ...]:
        """Return the commits reachable from `revs` and not from `without`, parents before children."""
        if not revs:
            return ()
        form = "--format=%H%x1f%P%x1f%ct%x1f%an <%ae>%x1f%B"
        ranges = (*revs, *(f"^{rev}" for rev in without))
        output = self._reader.output(
            "log", "--topo-order", "--reverse", "-z", form, "--end-of-options", *ranges, "--"
        )
        records = output.decode("utf-8", "replace").split("\0")
        return tuple(_commit(record) for record in records if record)

    def changes(self, sha: str) -> tuple[Change, ...]:
        """Return what the commit `sha` changed against its first parent, a root commit against nothing."""
        with self._lock:
            if sha not in self._changes:
                tips = set(self.refs().values()) | {sha}
                self._changes.update(self._read_changes(sorted(tips)))
            return self._changes[sha]

    def tree(self, sha: str) -> Tree:
        """Return the files of the commit `sha` (40 hex digits)."""
        with self._lock:
            tree = self._trees.pop(sha, None) or Tree(self._reader, sha, self._read_tree(sha))
            self._trees[sha] = tree
            if len(self._trees) > TREES_KEPT:
                del self._trees[next(iter(self._trees))]
            return tree

    def blob(self, sha: str, limit: int = READ_LIMIT) -> bytes | None:
        """Return a blob's bytes, None where they are more than `limit`."""
        return self._reader.blob(sha, limit)

    def size(self, sha: str) -> int:
        """Return the size of a blob in bytes."""
        return self._reader.size(sha)

    def md5s(self, sha: str) -> tuple[str, str, str]:
        """Return the MD5s of a blob: as it is, with LF line ends, with CRLF line ends."""
        return self._reader.md5s(sha)

    def whole(self, sha: str, limit: int = READ_LIMIT) -> bytes | None:
        """Return an object as Git hashes it, with its kind and size; None where it has more than `limit`."""
        return self._reader.whole(sha, limit)

    def _read_tree(self, sha: str) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for record in self._reader.records("ls-tree", "-r", "-l", "-z", "--full-tree", sha):
            about, _, path = record.partition(b"\t")
            mode, kind, blob, size = about.decode("ascii").split()
            if kind == "blob" and size.isdecimal():
                entry = Entry(path.decode("utf-8", "backslashreplace"), mode, blob, int(size))
                entries[entry.path] = entry
            if len(entries) > MAX_ENTRIES:
                raise MalformedEvidence(f"commit {sha[:7]}", f"holds more than {MAX_ENTRIES} files")
        return entries

    def _read_changes(self, tips: list[str]) -> dict[str, tuple[Change, ...]]:
        options = ("--raw", "--no-abbrev", "--no-renames", "--diff-merges=first-parent", "--format=%x01%H")
        found: dict[str, list[Change]] = {}
        current: list[Change] = []
        records = self._reader.records("log", "--topo-order", "--reverse", "-z", *options, *tips, "--")
        for count, record in enumerate(records):
            if record.startswith(b"\x01"):
                current = found.setdefault(record[1:].decode("ascii"), [])
            elif record.lstrip(b"\n").startswith(b":"):
                current.append(_change(record.lstrip(b"\n"), next(records, b"")))
            if count > MAX_CHANGES:
                raise MalformedEvidence("Git history", f"more than {MAX_CHANGES} changes of files")
        return {sha: tuple(changes) for sha, changes in found.items()}


def _commit(record: str) -> Commit:
    """A commit from one record of ``git log``; whatever is missing from a damaged one stays empty."""
    sha, parents, time, author, message = (record.split("\x1f", 4) + [""] * 4)[:5]
    seconds = int(time) if time.isdecimal() else 0
    return Commit(sha, tuple(parents.split()), author, seconds, message.rstrip("\n"))


def _change(about: bytes, path: bytes) -> Change:
    """A change from one raw record: ``:old-mode new-mode old-blob new-blob status`` and the path."""
    before, after, old, new, _ = about.decode("ascii").removeprefix(":").split(" ")
    name = path.decode("utf-8", "backslashreplace")
    return Change(name, _side(before, old), _side(after, new))


def _side(mode: str, sha: str) -> Blob | None:
    return Blob(mode, sha) if sha.strip("0") else None


def _short(refs: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): sha for name, sha in refs.items()}
