"""Unpacking zip and tar files that nobody vouches for.

Only regular files are written, always below the given folder: links, devices and pipes are left out, so that
no later name can lead anywhere else. A name or a size that must not be is a refusal of the whole archive.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import re
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Literal, cast

from harness.errors import Unreadable
from harness.submission.wording import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_CHUNK = 1 << 20
_LONGEST_NAME = 255
_LARGEST_READ = 1 << 24
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    UnicodeError,
    ValueError,
)
_NEVER_NEEDED = frozenset({"__MACOSX", ".DS_Store", "__pycache__", "node_modules", "site-packages"})


@dataclass(frozen=True)
class Limits:
    """How much an archive may unpack to: entries, bytes, bytes per packed byte above a floor, depth."""

    entries: int = 300_000
    total_bytes: int = 8 << 30
    ratio: int = 200
    ratio_floor: int = 256 << 20
    depth: int = 64

    def bytes_for(self, archive: Path) -> int:
        """Return how many bytes this archive may unpack to."""
        by_ratio = max(self.ratio_floor, archive.stat().st_size * self.ratio)
        return min(self.total_bytes, by_ratio)


@dataclass(frozen=True)
class Member:
    """One entry of an archive; a copy repeats the bytes of the earlier file that it names."""

    name: str
    kind: Literal["file", "copy", "other"]
    open: Callable[[], IO[bytes] | None]
    link: str = ""


def unpack(archive: Path, kind: Literal["zip", "tar"], root: Path, limits: Limits) -> None:
    """Write an archive's regular files below root; Unreadable when it is broken, hostile or too large."""
    extraction = _Extraction(archive, root, limits)
    reader = _zip_members if kind == "zip" else _tar_members
    try:
        extraction.write(reader(archive, limits))
    except (OSError, *_BROKEN) as error:
        # A place before the file's beginning, which a zip's directory may claim, is an invalid argument.
        if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:
            raise
        reason = shown(str(error) or type(error).__name__)
        raise Unreadable(
            f"{shown(archive)} cannot be read as a {kind} file: {reason}; pack it again"
        ) from error


class _Extraction:
    def __init__(self, archive: Path, root: Path, limits: Limits) -> None:
        self._archive = archive
        self._root = root
        self._limits = limits
        self._entries = 0
        self._bytes = 0
        self._allowed = limits.bytes_for(archive)

    def write(self, members: Iterable[Member]) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        for member in members:
            self._count_entry()
            parts = self._parts(member.name)
            if member.kind != "other" and _is_needed(parts):
                self._write_member(member, parts)

    def _count_entry(self) -> None:
        self._entries += 1
        if self._entries > self._limits.entries:
            raise self._refusal(
                f"holds more than {self._limits.entries:,} entries; leave out environments and caches"
            )

    def _parts(self, name: str) -> tuple[str, ...]:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\0" in name or _names_a_drive(path):
            raise self._refusal(f"holds a name that leads outside of it: '{shown(name)}'")
        if len(path.parts) > self._limits.depth:
            raise self._refusal(f"holds a name more than {self._limits.depth} folders deep: '{shown(name)}'")
        if any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.parts):
            raise self._refusal(f"holds a name that is too long for a file system: '{shown(name)}'")
        return path.parts

    def _write_member(self, member: Member, parts: tuple[str, ...]) -> None:
        target = self._root.joinpath(*parts)
        source = self._earlier(member.link) if member.kind == "copy" else member.open()
        if source is None:
            return
        with source:
            try:
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                self._copy(source, target)
            except (FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
                raise self._refusal(f"holds both a file and a folder named '{shown(member.name)}'") from error

    def _earlier(self, link: str) -> IO[bytes] | None:
        path = self._root.joinpath(*self._parts(link))
        return path.open("rb") if path.is_file() else None

    def _copy(self, source: IO[bytes], target: Path) -> None:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as sink:
            while chunk := source.read(_CHUNK):
                self._count_bytes(len(chunk))
                sink.write(chunk)

    def _count_bytes(self, count: int) -> None:
        self._bytes += count
        if self._bytes > self._allowed:
            raise self._refusal(
                f"unpacks to more than {self._allowed:,} bytes; hand in less, or a git bundle"
            )
        if shutil.disk_usage(self._root).free < count + (64 << 20):
            raise OSError(28, f"no space left while unpacking {shown(self._archive)}")

    def _refusal(self, what: str) -> Unreadable:
        return Unreadable(f"{shown(self._archive)} {what}")


def _is_needed(parts: tuple[str, ...]) -> bool:
    outside_git = parts[: parts.index(".git")] if ".git" in parts else parts
    return bool(parts) and not _NEVER_NEEDED.intersection(outside_git)


def _names_a_drive(path: PurePosixPath) -> bool:
    return bool(re.match(r"[A-Za-z]:[\\/]", str(path)[:3])) or (os.name == "nt" and ":" in str(path))


def _zip_members(archive: Path, limits: Limits) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as packed:
        entries = packed.infolist()
        if sum(entry.file_size for entry in entries) > limits.bytes_for(archive):
            raise Unreadable(
                f"{shown(archive)} unpacks to more than {limits.bytes_for(archive):,} bytes; hand in less"
            )
        for entry in entries:
            yield _zip_member(packed, entry)


def _zip_member(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Member:
    if entry.flag_bits & 1:
        raise zipfile.BadZipFile("it is encrypted with a password")
    made_on_windows = entry.create_system == 0 and "/" not in entry.filename
    name = entry.filename.replace("\\", "/") if made_on_windows else entry.filename
    mode = entry.external_attr >> 16
    unusual = stat.S_IFMT(mode) not in {0, stat.S_IFREG} or name.endswith("/")
    return Member(name, "other" if unusual else "file", lambda: packed.open(entry))


def _tar_members(archive: Path, limits: Limits) -> Iterator[Member]:
    with closing(_decompressed(archive)) as plain:
        guarded = cast("IO[bytes]", _GuardedReader(plain, limits.bytes_for(archive) + limits.entries * 2048))
        with tarfile.open(fileobj=guarded, mode="r:", errors="surrogateescape") as packed:
            for entry in packed:
                yield _tar_member(packed, entry)


def _tar_member(packed: tarfile.TarFile, entry: tarfile.TarInfo) -> Member:
    if entry.islnk():
        return Member(entry.name, "copy", lambda: None, entry.linkname)
    return Member(entry.name, "file" if entry.isfile() else "other", lambda: packed.extractfile(entry))


def _decompressed(archive: Path) -> IO[bytes]:
    with archive.open("rb") as file:
        magic = file.read(6)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.open(archive, "rb")  # type: ignore[return-value]
    if magic.startswith(b"BZh"):
        return bz2.open(archive, "rb")
    if magic == b"\xfd7zXZ\0":
        return lzma.open(archive, "rb")
    return archive.open("rb")


class _GuardedReader:
    """What tarfile reads from: no huge read (a header may claim any size), no seek beyond what may unpack."""

    def __init__(self, file: IO[bytes], end: int) -> None:
        self._file = file
        self._end = end

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_READ:
            raise tarfile.ReadError("a header claims an impossible size")
        return self._file.read(size)

    def seek(self, position: int, whence: int = 0) -> int:
        if position > self._end:
            raise tarfile.ReadError(f"it unpacks to more than {self._end:,} bytes")
        return self._file.seek(position, whence)

    def tell(self) -> int:
        return self._file.tell()
