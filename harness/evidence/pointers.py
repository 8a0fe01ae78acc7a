"""DVC's pointer files (``*.dvc``), in the forms that DVC 0.x to 3.x wrote, at one commit and over a history.

Source of the format: https://dvc.org/doc/user-guide/project-structure/dvc-files. DVC 3 marks the hash of each
output with ``hash: md5``; before, the MD5 was that of the text with LF line ends.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.fields import Fields, leaves_repository, resolve
from harness.evidence.safe_yaml import load_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.evidence.repository import Commit, GitRepository, Tree

SIZE_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Pointer:
    """One output of a pointer file: `file` says what the data at `path` (from the repository's root) must be.

    `size` in bytes; `legacy` for DVC 2 and older. `cmd` and `deps` are those of a DVC 0.x stage file or of an
    import; `imported` says that the data comes from another repository or a URL.
    """

    file: str
    path: str
    md5: str | None
    size: int | None = None
    nfiles: int | None = None
    legacy: bool = False
    isexec: bool = False
    cached: bool = True
    cmd: str | None = None
    deps: tuple[str, ...] = ()
    imported: bool = False

    @property
    def is_dir(self) -> bool:
        """Whether the data is a folder."""
        return self.md5 is not None and self.md5.endswith(".dir")


@dataclass(frozen=True)
class PointerVersion:
    """A commit that gave a path's pointer an MD5 that none of its parents had."""

    commit: Commit
    pointer: Pointer


def parse_pointer(file: str, data: bytes) -> tuple[Pointer, ...]:
    """Return the outputs that the pointer file `file` names.

    Raises MalformedEvidence where the file is no pointer file, or names a path outside the repository.
    """
    fields = Fields.of(file, load_yaml(data, file), "a pointer file")
    base = resolve(posixpath.dirname(file), fields.text("wdir") or ".")
    deps = fields.each("deps")
    shared = Pointer(
        file=file,
        path="",
        md5=None,
        cmd=fields.text("cmd"),
        deps=tuple(resolve(base, dep.text("path") or "") for dep in deps),
        imported=not fields.text("cmd") and bool(deps),
    )
    return tuple(_output(out, base, shared) for out in fields.each("outs"))


def is_pointer_file(path: str) -> bool:
    """Whether `path` is named like a pointer file (``Dvcfile`` in DVC 0.x), outside ``.dvc``."""
    folder, name = posixpath.split(path)
    named = (name.endswith(".dvc") and name != ".dvc") or name == "Dvcfile"
    return named and ".dvc" not in folder.split("/")


def pointers_in(tree: Tree) -> tuple[Pointer, ...]:
    """Return the pointers of every readable pointer file in `tree`; `malformed_pointers` has the others."""
    found, _ = _scan(tree)
    return found


def malformed_pointers(tree: Tree) -> tuple[MalformedEvidence, ...]:
    """Return why each unreadable pointer file in `tree` cannot be read."""
    _, malformed = _scan(tree)
    return malformed


def pointer_versions(
    commits: Iterable[Commit], repository: GitRepository
) -> dict[str, tuple[PointerVersion, ...]]:
    """Return, for each path that a pointer names in `commits`, its distinct versions in order.

    `commits` come parents first. Versions differ by their MD5. A merge that keeps a parent's pointer adds
    none, and neither does a pointer that comes back unchanged; unreadable pointer files count as absent.
    """
    walk = _Walk(repository)
    for commit in commits:
        walk.step(commit)
    return {path: tuple(versions) for path, versions in walk.versions.items()}


class _Walk:
    """Carries the pointers that hold at each commit through a history, by the changes of each commit."""

    def __init__(self, repository: GitRepository) -> None:
        self.repository = repository
        self.files: dict[str, dict[str, str]] = {}
        self.parsed: dict[tuple[str, str], tuple[Pointer, ...]] = {}
        self.versions: dict[str, list[PointerVersion]] = {}

    def step(self, commit: Commit) -> None:
        holding = self.holding(commit)
        inherited = [self.before(parent) for parent in commit.parents]
        for file, sha in holding.items():
            if not any(files.get(file) == sha for files in inherited):
                self.add(commit, self.read(file, sha))

    def holding(self, commit: Commit) -> Mapping[str, str]:
        """The pointer files at a commit, as paths and blobs."""
        files = dict(self.before(commit.parents[0])) if commit.parents else {}
        for change in self.repository.changes(commit.sha):
            if not is_pointer_file(change.path):
                continue
            files.pop(change.path, None)
            if change.after is not None and change.after.is_file:
                files[change.path] = change.after.sha
        self.files[commit.sha] = files
        return files

    def before(self, parent: str) -> Mapping[str, str]:
        """The pointer files at a parent; one that was not walked is read from its tree."""
        if parent not in self.files:
            self.files[parent] = self.listed(parent)
        return self.files[parent]

    def listed(self, sha: str) -> dict[str, str]:
        try:
            tree = self.repository.tree(sha)
        except MalformedEvidence:
            return {}
        entries = [entry for path in tree.paths() if is_pointer_file(path) and (entry := tree.entry(path))]
        return {entry.path: entry.sha for entry in entries if entry.is_file}

    def read(self, file: str, sha: str) -> tuple[Pointer, ...]:
        if (file, sha) not in self.parsed:
            data = self.repository.blob(sha, SIZE_LIMIT)
            self.parsed[file, sha] = _readable(file, data)
        return self.parsed[file, sha]

    def add(self, commit: Commit, pointers: Iterable[Pointer]) -> None:
        for pointer in pointers:
            versions = self.versions.setdefault(pointer.path, [])
            if not versions or versions[-1].pointer.md5 != pointer.md5:
                versions.append(PointerVersion(commit, pointer))


def _readable(file: str, data: bytes | None) -> tuple[Pointer, ...]:
    try:
        return parse_pointer(file, data) if data is not None else ()
    except MalformedEvidence:
        return ()


def _scan(tree: Tree) -> tuple[tuple[Pointer, ...], tuple[MalformedEvidence, ...]]:
    found: list[Pointer] = []
    malformed: list[MalformedEvidence] = []
    for file in filter(is_pointer_file, tree.paths()):
        data = tree.read(file, SIZE_LIMIT)
        try:
            found += parse_pointer(file, data) if data is not None else ()
        except MalformedEvidence as error:
            malformed.append(error)
    return tuple(found), tuple(malformed)


def _output(out: Fields, base: str, shared: Pointer) -> Pointer:
    written = out.text("path")
    if not written:
        out.refuse("an output has no `path`")
    path = resolve(base, written)
    if leaves_repository(path):
        out.refuse(f"the output {written!r} lies outside the repository")
    md5 = out.md5()
    return Pointer(
        file=shared.file,
        path=path,
        md5=md5,
        size=out.count("size"),
        nfiles=out.count("nfiles"),
        legacy=md5 is not None and out.text("hash") is None,
        isexec=out.flag("isexec", default=False),
        cached=out.flag("cache", default=True),
        cmd=shared.cmd,
        deps=shared.deps,
        imported=shared.imported,
    )
