"""The bytes of handed-in files: their md5 as DVC takes it, and the forms in which a text may be written."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 20
_TEXT_BYTES = bytes(range(32, 127)) + b"\n\r\t\f\b"


class Form(NamedTuple):
    """One way to write a text: its line ending, and whether the last line ends with it."""

    line_end: bytes
    final: bool

    def __str__(self) -> str:
        name = "LF" if self.line_end == b"\n" else "CRLF"
        return f"written with {name}" if self.final else f"written with {name}, without the final newline"


FORMS = (Form(b"\n", True), Form(b"\r\n", True), Form(b"\n", False), Form(b"\r\n", False))  # noqa: FBT003 - named in Form


def md5_of(data: bytes) -> str:
    """Return the md5 of the bytes: DVC's name for the content, no protection against anything."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def is_text(data: bytes) -> bool:
    """Return whether DVC takes the beginning of this data for text (dvc-data's istextblock, 512 bytes)."""
    block = data[:512]
    return b"\0" not in block and len(block.translate(None, _TEXT_BYTES)) <= 0.30 * len(block)


def written_as(data: bytes, form: Form) -> bytes:
    """Return the same lines of text in another form."""
    lines = data.replace(b"\r\n", b"\n").removesuffix(b"\n")
    text = lines + b"\n" if form.final else lines
    return text if form.line_end == b"\n" else text.replace(b"\n", form.line_end)


def open_regular(path: Path) -> BinaryIO | None:
    """Return the file opened for reading, None unless it is a regular file; links are not followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    return None


def file_md5(path: Path) -> str | None:
    """Return the md5 of a regular file's bytes, read in pieces; None when there is no such file."""
    file = open_regular(path)
    if file is None:
        return None
    digest = hashlib.md5(usedforsecurity=False)
    with file:
        for chunk in _chunks(file):
            digest.update(chunk)
    return digest.hexdigest()


def file_md5_before_dvc3(path: Path) -> str | None:
    """Return the md5 by DVC 1 and 2: of a text with LF line ends, piece by piece as dvc-data reads it."""
    file = open_regular(path)
    if file is None:
        return None
    digest = hashlib.md5(usedforsecurity=False)
    with file:
        for chunk in _chunks(file):
            digest.update(chunk.replace(b"\r\n", b"\n") if is_text(chunk) else chunk)
    return digest.hexdigest()


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
