"""Opening what was handed in: never modified, never run, cloned fresh."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.errors import HarnessError, Unreadable
from harness.submission.archives import Limits, unpack
from harness.submission.checkout import refuse_impossible_names
from harness.submission.contents import open_regular
from harness.submission.gitclone import (
    GitFailed,
    IsolatedGit,
    bundle_head,
    clone_directory,
    commit_of,
    fetch_everything,
    point_head,
    refs_of,
    remote_head,
)
from harness.submission.gitdir import GitDirectory, Head, read_git_directory
from harness.submission.locating import Located, repository_in_archive, repository_in_folder
from harness.submission.objects import HandedInObjects, scan_objects
from harness.submission.revision import choose_revision
from harness.submission.spec import Spec, parse_spec
from harness.submission.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Kind = Literal["folder", "git", "bundle", "zip", "tar"]
_OWN_REFS = re.compile(r"refs/(heads|tags)/|refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/")
_REPOSITORY, _FILES, _HOME, _SCRATCH = "repository.git", "files", "git-home", "scratch.git"
_SHELF = "shelf"
_INDEX = "repository.git/index.scratch"


@dataclass(frozen=True)
class Submission:
    """A submission, opened: the harness's own bare clone with all refs, and the revision that is graded.

    Attributes:
        name: the last part of the path or URL, without its suffix, with @REVISION when one was asked for.
        kind: what was handed in; a bare repository and a URL are "git".
        repository: the bare clone. Its HEAD is the graded revision.
        commit: the graded commit, 40 hex digits.
        branch: that revision's branch, "main" when it is none.
        digest: of refs, graded commit, names and sizes of handed-in objects; equal for a folder and its zip.
        objects: the DVC objects found inside what was handed in.
        shallow: whether history was cut off below some commit other than the graded one.
    """

    name: str
    kind: Kind
    repository: Path
    commit: str
    branch: str
    digest: str
    objects: HandedInObjects
    shallow: bool = False

    @property
    def size(self) -> int:
        """The bytes of the bare clone and of the handed-in objects."""
        cloned = sum(path.lstat().st_size for path in self.repository.rglob("*"))
        return cloned + self.objects.size


@dataclass(frozen=True)
class _Cloned:
    kind: Kind
    head: Head
    objects: HandedInObjects
    shallow: frozenset[str] = frozenset()


def open_submission(spec: str, into: Path, limits: Limits | None = None) -> Submission:
    """Open a folder, bare repository, bundle, zip, tar or Git URL, perhaps with @REVISION, in a fresh folder.

    The clone and what an archive unpacked to stay below `into`; what was handed in is only read. Raises
    Unreadable with what was looked for when it cannot be opened, HarnessError when the disk fails; then
    nothing is left behind.
    """
    found = parse_spec(spec)
    if into.exists() and any(into.iterdir()):
        raise HarnessError(f"a submission is opened into an empty folder, and {into} is not empty")
    existed = into.exists()
    try:
        into.mkdir(parents=True, exist_ok=True)
        return _opened(found, into.resolve(), limits or Limits())
    except BaseException as error:
        _clear(into, existed=existed)
        if isinstance(error, GitFailed):
            raise Unreadable(f"{found.location} cannot be read by Git: {error}") from error
        if isinstance(error, OSError):
            raise HarnessError(f"opening {found.location} failed: {error}") from error
        raise


def _opened(spec: Spec, into: Path, limits: Limits) -> Submission:
    isolated = IsolatedGit.at(into / _HOME)
    cloned = _clone(spec, into, isolated, limits)
    repository = into / _REPOSITORY
    refs = refs_of(isolated, repository)
    try:
        chosen = choose_revision(refs, cloned.head, spec.revision)
        commit = commit_of(isolated, repository, chosen.expression)
        refuse_impossible_names(isolated, repository, commit, into / _INDEX)
    except Unreadable as error:
        raise Unreadable(f"{spec.location} cannot be graded: {error}") from error
    _refuse_without_history(spec, commit, cloned.shallow)
    point_head(isolated, repository, commit, chosen.ref)
    digest = _digest(refs, commit, cloned.objects.inventory())
    shallow = bool(cloned.shallow)
    return Submission(
        spec.name, cloned.kind, repository, commit, chosen.branch, digest, cloned.objects, shallow
    )


def _clone(spec: Spec, into: Path, isolated: IsolatedGit, limits: Limits) -> _Cloned:
    if spec.path is None:
        return _clone_url(spec, into, isolated)
    path = spec.path.resolve()
    if path.is_dir():
        located = repository_in_folder(path)
        root = None if located.bare else path
        return _clone_located(located, root, "git" if located.bare else "folder", into, isolated)
    kind = _kind_of_file(path)
    if kind == "bundle":
        fetch_everything(isolated, str(path), into / _REPOSITORY, also=())
        return _Cloned("bundle", bundle_head(isolated, path), HandedInObjects())
    unpack(path, kind, into / _FILES, limits)
    located = repository_in_archive(into / _FILES, spec.path)
    return _clone_located(located, into / _FILES, kind, into, isolated)


def _clone_url(spec: Spec, into: Path, isolated: IsolatedGit) -> _Cloned:
    url = str(spec.url)
    head = remote_head(isolated, url, spec.protocol)
    also = ("HEAD",) if head.commit else ()
    fetch_everything(isolated, url, into / _REPOSITORY, protocol=spec.protocol, also=also)
    return _Cloned("git", head, HandedInObjects())


def _clone_located(
    located: Located, root: Path | None, kind: Kind, into: Path, isolated: IsolatedGit
) -> _Cloned:
    source = read_git_directory(located.git_dir)
    try:
        clone_directory(isolated, source, into / _REPOSITORY, into / _SCRATCH)
    except GitFailed as error:
        raise GitFailed(f"{error}{_why_incomplete(source)}") from error
    shutil.rmtree(into / _SCRATCH)
    objects = scan_objects(root, into / _SHELF) if root else HandedInObjects()
    return _Cloned(kind, source.head, objects, source.shallow)


def _why_incomplete(source: GitDirectory) -> str:
    if not source.partial:
        return "; check it by `git fsck`, and hand in a fresh clone or a bundle"
    return "; a partial clone lacks objects: run `git fetch --refetch --no-filter`, and hand it in again"


def _refuse_without_history(spec: Spec, commit: str, shallow: frozenset[str]) -> None:
    if commit in shallow:
        raise Unreadable(
            f"{spec.location} is a shallow clone that ends at the graded commit, and history is graded: "
            "run `git fetch --unshallow` (in GitHub Actions: fetch-depth: 0), and hand it in again"
        )


def _kind_of_file(path: Path) -> Literal["bundle", "zip", "tar"]:
    file = open_regular(path)
    if file is None:
        raise Unreadable(f"{shown(path)} is neither a folder nor a regular file that can be read")
    with file:
        magic = file.read(512)
    if re.match(rb"# v[23] git bundle\n", magic):
        return "bundle"
    if magic.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if magic.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")) or magic[257:262] == b"ustar":
        return "tar"
    raise Unreadable(
        f"{shown(path)} is none of a zip, a tar (.tar, .tar.gz, .tgz), a git bundle and a folder: "
        f"{'it is empty' if not magic else f'it begins with {magic[:8]!r}'}"
    )


def _digest(refs: Mapping[str, str], commit: str, objects: Iterable[str]) -> str:
    lines = [f"{name} {sha}" for name, sha in sorted(refs.items()) if _OWN_REFS.match(name)]
    lines += [f"graded {commit}", *(f"handed-in {line}" for line in objects)]
    return "sha256:" + hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _clear(into: Path, *, existed: bool) -> None:
    for name in (_REPOSITORY, _FILES, _HOME, _SCRATCH):
        shutil.rmtree(into / name, ignore_errors=True)
    if not existed and into.is_dir():
        into.rmdir()
