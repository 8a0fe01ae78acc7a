"""Reading a Git directory that nobody vouches for, without running Git on it or using its configuration."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import Unreadable
from harness.submission.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHA = re.compile(r"[0-9a-f]{40}")
_SYMBOLIC = re.compile(r"ref:\s*(?P<target>refs/\S+)")
_FORBIDDEN_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|\.(/|$)|/$")
_LARGEST_FILE = 16 << 20
_MOST_REFS = 100_000
_LONGEST_REF, _LONGEST_PART = 1000, 200


@dataclass(frozen=True)
class Head:
    """What HEAD says: the ref it stands for (perhaps not born yet), or, detached, a commit."""

    ref: str | None
    commit: str | None


@dataclass(frozen=True)
class GitDirectory:
    """What a Git directory holds, as plain data: refs by name, HEAD, and the shallow boundary."""

    path: Path
    refs: dict[str, str]
    head: Head
    shallow: frozenset[str]
    partial: bool

    @property
    def objects(self) -> Path:
        """The folder that holds the objects."""
        return self.path / "objects"


def read_git_directory(path: Path) -> GitDirectory:
    """Return what the Git directory holds; Unreadable when it is not one, or borrows from outside of it."""
    if _text(path / "HEAD") is None:
        raise Unreadable(f"{shown(path)} is not a Git directory: it has no readable file HEAD")
    _refuse_unsupported(path)
    _refuse_foreign_objects(path / "objects")
    symbolic: dict[str, str] = {}
    refs = _packed_refs(path)
    for name, content in _loose_refs(path / "refs"):
        if match := _SYMBOLIC.fullmatch(content):
            symbolic[name] = match["target"]
        elif _SHA.fullmatch(content):
            refs[name] = content
    refs |= {name: refs[target] for name, target in symbolic.items() if target in refs}
    shallow = frozenset(_SHA.findall(_text(path / "shallow") or ""))
    return GitDirectory(path, refs, _head(path), shallow, _is_partial(path))


def _head(path: Path) -> Head:
    content = (_text(path / "HEAD") or "").strip()
    if match := _SYMBOLIC.fullmatch(content):
        return Head(match["target"], None)
    if _SHA.fullmatch(content):
        return Head(None, content)
    raise Unreadable(f"{shown(path / 'HEAD')} names neither a branch nor a commit: '{shown(content, 60)}'")


def _refuse_unsupported(path: Path) -> None:
    config = (_text(path / "config") or "").lower()
    if (path / "reftable").is_dir() or re.search(r"refstorage\s*=\s*\"?reftable", config):
        raise Unreadable(
            f"{shown(path)} stores its refs as a reftable: run `git refs migrate --ref-format=files`"
        )
    if re.search(r"objectformat\s*=\s*\"?sha256", config):
        raise Unreadable(
            f"{shown(path)} is a SHA-256 repository, which is not supported: hand in a SHA-1 repository"
        )


def _refuse_foreign_objects(objects: Path) -> None:
    if objects.is_symlink() or not objects.is_dir():
        raise Unreadable(f"{shown(objects.parent)} has no commits: it has no folder objects of its own")
    if (_text(objects / "info" / "alternates") or "").strip():
        raise Unreadable(
            f"{shown(objects.parent)} borrows objects from another repository (objects/info/alternates): "
            "run `git repack -a -d` in it, remove that file, and hand it in again"
        )
    for entry in _walk(objects, depth=3):
        if not entry.is_file(follow_symlinks=False):
            raise Unreadable(
                f"{shown(entry.path)} is a link or a device, not an object: hand in a plain copy"
            )


def _is_partial(path: Path) -> bool:
    config = (_text(path / "config") or "").lower()
    return "partialclone" in config or re.search(r"promisor\s*=\s*true", config) is not None


def _packed_refs(path: Path) -> dict[str, str]:
    lines = (_text(path / "packed-refs") or "").splitlines()
    pairs = (line.split(" ", 1) for line in lines if not line.startswith(("#", "^")) and " " in line)
    return {name: sha for sha, name in pairs if _SHA.fullmatch(sha) and is_ref_name(name)}


def _loose_refs(folder: Path) -> Iterator[tuple[str, str]]:
    if folder.is_symlink() or not folder.is_dir():
        return
    for count, entry in enumerate(_walk(folder, depth=32)):
        if count > _MOST_REFS:
            raise Unreadable(f"{shown(folder)} holds more than {_MOST_REFS:,} refs")
        name = "refs/" + Path(entry.path).relative_to(folder).as_posix()
        content = _text(Path(entry.path)) if is_ref_name(name) else None
        if content is not None:
            yield name, content.strip()


def is_ref_name(name: str) -> bool:
    """Return whether Git would take the name for a ref (git check-ref-format) and any disk could hold it."""
    parts = name.split("/")
    return (
        name.startswith("refs/")
        and not _FORBIDDEN_IN_REF.search(name)
        and len(name) <= _LONGEST_REF
        and all(0 < len(os.fsencode(part)) <= _LONGEST_PART for part in parts)
    )


def _walk(folder: Path, depth: int) -> Iterator[os.DirEntry[str]]:
    """Yield everything below the folder that is not a folder, links included, none followed."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.is_dir(follow_symlinks=False):
                yield entry
            elif depth:
                yield from _walk(Path(entry.path), depth - 1)


def _text(path: Path) -> str | None:
    """Return a regular file's text, or None; links are not followed and pipes not waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        data = file.read(_LARGEST_FILE + 1)
    if len(data) > _LARGEST_FILE:
        raise Unreadable(f"{shown(path)} is larger than {_LARGEST_FILE:,} bytes")
    return data.decode("utf-8", "surrogateescape")
