"""Files below a folder that a submission's code can write to: no link is ever followed, no pipe opened."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import stat
import uuid
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from harness.errors import CheckFailed, MalformedEvidence
from harness.workspace.copying import REASON_LIMIT, copy_tree
from harness.workspace.reaching import folder_inside, open_regular, opened_inside, own_like, parts_of
from harness.workspace.shared_files import can_share

if TYPE_CHECKING:
    from typing import BinaryIO

CHUNK = 1 << 20
SPARE = 16 << 20
PLAIN = 0o644
EXECUTE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def read_inside(root: Path, path: str, limit: int) -> bytes | None:
    """The content of a regular file below `root`; None where there is none.

    Raises:
        MalformedEvidence: the file is larger than `limit` bytes.
    """
    with opened_inside(root, path) as file:
        if file is None:
            return None
        data = _read_up_to(file, limit + 1)
    if len(data) > limit:
        raise MalformedEvidence(path, f"it is larger than {limit} bytes")
    return data


def write_inside(root: Path, path: str, source: Path | bytes, mode: int = PLAIN) -> None:
    """Put a copy of the file `source`, or these bytes, at `path` below `root`, in place of what is there.

    What could be executed still can.

    Raises:
        CheckFailed: a folder on the way is a link or a file, or a folder is where the file has to go.
    """
    parts = parts_of(path)
    try:
        with folder_inside(root, parts[:-1], create=True) as folder:
            with suppress(FileNotFoundError):
                mode |= _executable(os.lstat(parts[-1], dir_fd=folder))
                os.unlink(parts[-1], dir_fd=folder)
            if isinstance(source, Path) and _linked(source, parts[-1], folder):
                return
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            target = os.open(parts[-1], flags, mode, dir_fd=folder)
            with os.fdopen(target, "wb") as out, _content(source) as data:
                own_like(folder, target)
                shutil.copyfileobj(data, out, CHUNK)
    except (NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise CheckFailed(
            f"a place for the file {path}",
            f"something else in the way ({error.strerror})",
            f"keep {path} and the folders above it as plain files and folders in Git",
        ) from error


def remove_inside(root: Path, path: str) -> None:
    """Remove the file, link or folder at `path` below `root`; nothing happens where there is none.

    Raises:
        CheckFailed: commands have left it so that it cannot be removed.
    """
    parts = parts_of(path)
    try:
        gone = suppress(FileNotFoundError, NotADirectoryError)
        with gone, folder_inside(root, parts[:-1], create=False) as folder:
            if stat.S_ISDIR(os.lstat(parts[-1], dir_fd=folder).st_mode):
                shutil.rmtree(parts[-1], dir_fd=folder)
            else:
                os.unlink(parts[-1], dir_fd=folder)
    except (OSError, RecursionError) as error:
        raise CheckFailed(f"{path} left so that it can be removed", str(error)[:REASON_LIMIT]) from error


def make_folder_inside(root: Path, path: str) -> None:
    """Make the folder `path` below `root`, and those above it; no link is followed."""
    with folder_inside(root, parts_of(path), create=True):
        pass


def is_folder_inside(root: Path, path: str) -> bool:
    """Whether `path` is a folder below `root` that is reached without following a link."""
    try:
        with folder_inside(root, parts_of(path), create=False):
            return True
    except OSError:
        return False


def md5_inside(root: Path, path: str) -> str | None:
    """The md5 of a file, or of a folder as DVC writes it ("….dir"); None where neither is there.

    A folder that holds a link or a special file has no md5 here.
    Source of the folder's rule: dvc_data.hashfile.tree.Tree.as_bytes (a sorted JSON list of md5 and relpath).
    """
    with opened_inside(root, path) as file:
        if file is not None:
            return _md5(file)
    with suppress(OSError, RecursionError), folder_inside(root, parts_of(path), create=False) as folder:
        listing = _listing(folder)
        if listing is not None:
            text = json.dumps(sorted(listing, key=lambda entry: entry["relpath"]), sort_keys=True)
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"
    return None


def disk_is_full(root: Path) -> bool:
    """Whether so little is free where `root` lies that a command may have failed for that."""
    return shutil.disk_usage(root).free < SPARE


def copy_inside(source: Path, target: Path, path: str) -> None:
    """Copy the file or folder `path` from one folder to the same place in another.

    What is not there, or only through a link, is left out.
    """
    if not is_folder_inside(source, str(PurePosixPath(path).parent)):
        return
    if not (source / path).exists():
        return
    found = (source / path).lstat()
    if stat.S_ISDIR(found.st_mode):
        make_folder_inside(target, str(PurePosixPath(path).parent))
        copy_tree(source / path, target / path)
    elif stat.S_ISREG(found.st_mode):
        write_inside(target, path, source / path, PLAIN | _executable(found))


def move_inside(source: Path, target: Path, path: str) -> None:
    """Move the file, link or folder `path` from one folder to the same place in another, if it is there.

    Raises:
        CheckFailed: commands have left it so that it cannot be moved.
    """
    *above, name = parts_of(path)
    try:
        with suppress(FileNotFoundError), folder_inside(source, tuple(above), create=False) as here:
            os.stat(name, dir_fd=here, follow_symlinks=False)
            with folder_inside(target, tuple(above), create=True) as there:
                os.rename(name, name, src_dir_fd=here, dst_dir_fd=there)
    except OSError as error:
        raise CheckFailed(f"{path} left so that it can be moved", str(error)[:REASON_LIMIT]) from error


def remove_tree(root: Path) -> None:
    """Delete a folder and everything in it, also folders that nobody may write to."""
    if not root.exists():
        return
    with suppress(OSError, RecursionError):
        shutil.rmtree(root)
        return
    with suppress(OSError):
        _empty(root)
        root.rmdir()


def _empty(root: Path) -> None:
    """Delete everything in a folder, however deep and closed: each folder is first moved to the top."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        folder.chmod(stat.S_IRWXU)
        for entry in list(os.scandir(folder)):
            if not entry.is_dir(follow_symlinks=False):
                Path(entry.path).unlink()
            elif folder == root:
                waiting.append(Path(entry.path))
            else:
                Path(entry.path).chmod(stat.S_IRWXU)
                waiting.append(Path(entry.path).rename(root / uuid.uuid4().hex))
        if folder != root:
            folder.rmdir()


def _linked(source: Path, name: str, folder: int) -> bool:
    """Link a file that every workspace may share; False where it has to be copied."""
    if not can_share(source.lstat(), os.fstat(folder)):
        return False
    try:
        os.link(source, name, dst_dir_fd=folder, follow_symlinks=False)
    except OSError:  # another file system
        return False
    return True


def _executable(found: os.stat_result) -> int:
    """Who may execute a regular file, as bits of a mode."""
    return found.st_mode & EXECUTE if stat.S_ISREG(found.st_mode) else 0


def _content(source: Path | bytes) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _read_up_to(descriptor: int, limit: int) -> bytes:
    chunks = []
    while limit > 0 and (chunk := os.read(descriptor, min(CHUNK, limit))):
        chunks.append(chunk)
        limit -= len(chunk)
    return b"".join(chunks)


def _md5(descriptor: int) -> str:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _listing(folder: int) -> list[dict[str, str]] | None:
    """Each file below the folder as DVC lists it, or None where something is no regular file."""
    entries = []
    for place, folders, names, descriptor in os.fwalk(".", dir_fd=folder, follow_symlinks=False):
        for name in folders:
            if stat.S_ISLNK(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
                return None
        for name in names:
            file = open_regular(name, descriptor)
            if file is None:
                return None
            try:
                relpath = PurePosixPath(place, name).as_posix()
                entries.append({"md5": _md5(file), "relpath": relpath})
            finally:
                os.close(file)
    return entries
