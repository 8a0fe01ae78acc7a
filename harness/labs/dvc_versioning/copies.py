"""Recognising the dataset among Git's files: by its bytes, or by its rows in another order."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.rows import contains
from harness.evidence.table import read_table
from harness.labs.dvc_versioning.dataset import forms, lab_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.evidence.repository import GitRepository
    from harness.evidence.table import Table

WRITTEN_AS = (".csv", ".tsv", ".parquet")
LONGER, SHORTER = 4, 0.25  # what other float formats and separators can make of a text


class Copies:
    """Knows the versions of a dataset, given as bytes, whatever path of a repository they come back under."""

    def __init__(self, repository: GitRepository, versions: Sequence[bytes]) -> None:
        self._repository = repository
        self._versions = versions

    def has(self, path: str, blob: str) -> bool:
        """Whether a blob is a version byte for byte, or a table with all rows of the lab's data."""
        return blob in self._blobs or (path.lower().endswith(WRITTEN_AS) and self._has_the_rows(path, blob))

    @cached_property
    def _blobs(self) -> frozenset[str]:
        """The names under which Git would keep the bytes of the versions, and of the lab's data."""
        return frozenset(blob_name(data) for data in (*self._versions, *forms(lab_data()).values()))

    @cached_property
    def _lab(self) -> Table:
        return read_table("data.csv", lab_data())

    def _has_the_rows(self, path: str, blob: str) -> bool:
        sizes = [len(data) for data in (*self._versions, lab_data())]
        if not SHORTER * min(sizes) <= self._repository.size(blob) <= LONGER * max(sizes):
            return False
        try:
            found = read_table(path, self._repository.blob(blob, LONGER * max(sizes)) or b"")
        except MalformedEvidence:
            return False
        return contains(found, self._lab)


def blob_name(data: bytes) -> str:
    """The SHA-1 under which Git keeps these bytes (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
