"""Recognising the dataset among Git's files: by its bytes, or by its rows in another order; packed, too."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.rows import contains
from harness.evidence.table import read_table
from harness.labs.dvc_versioning.dataset import forms, lab_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.evidence.repository import GitRepository
    from harness.evidence.table import Table

WRITTEN_AS = (".csv", ".tsv", ".parquet")
PACKED = (".gz", ".zip")
GZIP = 31  # zlib's word for a gzip header (https://docs.python.org/3/library/zlib.html#zlib.decompress)
MOST_PACKED = 100  # files of an archive
USUAL = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
UNREADABLE = (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError)
LONGER, SHORTER = 4, 0.25  # what other float formats and separators can make of a text


class Copies:
    """Knows the versions of a dataset, given as files, whatever path of a repository they come back under."""

    def __init__(self, repository: GitRepository, versions: Sequence[Path]) -> None:
        self._repository = repository
        self._versions = versions

    def has(self, path: str, blob: str) -> bool:
        """Whether a blob is a version byte for byte, or has all rows of the lab's data, packed or not."""
        if blob in self._blobs:
            return True
        able = path.lower().endswith((*WRITTEN_AS, *PACKED))
        if not able or not SHORTER * min(self._sizes) <= self._repository.size(blob) <= self._most:
            return False
        data = self._repository.blob(blob, self._most) or b""
        inside = unpacked(path, data, self._most) if path.lower().endswith(PACKED) else [(path, data)]
        return any(self._is_one(name, content) for name, content in inside)

    @cached_property
    def _blobs(self) -> frozenset[str]:
        """The names under which Git would keep the bytes of the versions, and of the lab's data."""
        versions = (path.read_bytes() for path in self._versions)
        return frozenset(blob_name(data) for data in (*versions, *forms(lab_data()).values()))

    @cached_property
    def _lab(self) -> Table:
        return read_table("data.csv", lab_data())

    @cached_property
    def _sizes(self) -> list[int]:
        return [*(path.stat().st_size for path in self._versions), len(lab_data())]

    @property
    def _most(self) -> int:
        return LONGER * max(self._sizes)

    def _is_one(self, path: str, data: bytes) -> bool:
        if blob_name(data) in self._blobs:
            return True
        try:
            return path.lower().endswith(WRITTEN_AS) and contains(read_table(path, data), self._lab)
        except MalformedEvidence:
            return False


def unpacked(path: str, data: bytes, most: int) -> Iterator[tuple[str, bytes]]:
    """The files in a packed one, all together not larger than `most` bytes; nothing of what cannot be read.

    A zip archive may be packed as most tools do it, not in the ways that take a dictionary of gigabytes.
    """
    with suppress(*UNREADABLE):
        if path.lower().endswith(".gz"):
            yield path[: -len(".gz")], zlib.decompressobj(GZIP).decompress(data, most)
            return
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for one in archive.infolist()[:MOST_PACKED]:
                if one.file_size <= most and one.compress_type in USUAL:
                    most -= one.file_size
                    yield one.filename, archive.read(one)


def blob_name(data: bytes) -> str:
    """The SHA-1 under which Git keeps these bytes (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
