"""Known bytes by md5: what can stand in for data whose remote was lost, and how each was found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.submission.contents import FORMS, Form, file_md5, md5_of, open_regular, written_as
from harness.submission.history import blobs_of_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from harness.submission.objects import HandedInObjects

_LARGEST_REWRITTEN = 200 << 20
_LARGEST_LISTING = 16 << 20
_LOOKED_AT_FOR_TEXT = 8000


@dataclass(frozen=True)
class Recovered:
    """Bytes with the wanted md5: where they lie now, how they were found, and how many they are."""

    md5: str
    path: Path
    how: str
    size: int


@dataclass(frozen=True)
class _Known:
    path: Path
    form: Form | None
    source: str


class Recovery:
    """Known bytes, found again by md5 as they are, in LF, in CRLF, and each without the final newline.

    Other forms of a text are written only when they are asked for; data over 200 MB is known as it is, alone.
    """

    def __init__(self, store: Path) -> None:
        store.mkdir(parents=True, exist_ok=True)
        self._store = store
        self._known: dict[str, _Known] = {}

    def add(self, data: bytes, source: str) -> None:
        """Make the bytes findable; the source is told with whatever is recovered from them."""
        md5 = md5_of(data)
        if self._is_known_as_it_is(md5):
            return
        path = self._store / md5
        if not path.exists():
            path.write_bytes(data)
        self._index(md5, path, data, source)

    def add_file(self, path: Path, source: str, digest: str | None = None) -> None:
        """Make a regular file's bytes findable where they lie, uncopied; anything else is passed over.

        Its md5 is computed where no `digest` tells it.
        """
        md5 = digest or file_md5(path)
        if md5 is None or self._is_known_as_it_is(md5):
            return
        small = path.stat().st_size <= _LARGEST_REWRITTEN
        self._index(md5, path, _read(path) if small else b"", source)

    def add_objects(self, handed_in: HandedInObjects, md5s: Iterable[str]) -> None:
        """Make findable what was handed in of the wanted objects, with the files of a wanted directory."""
        for md5 in md5s:
            path = handed_in.find(md5)
            if path is None:
                continue
            source = f"handed-in {handed_in.kind_of(md5)}: object {md5[:7]}"
            self.add_file(path, source, handed_in.digest(path))
            if md5.endswith(".dir"):
                self.add_objects(
                    handed_in, (file for file in _files_listed(path) if not file.endswith(".dir"))
                )

    def add_history(self, repository: Path, sizes: Iterable[int]) -> None:
        """Make every blob in Git history findable whose size is plausible for one of the wanted, in bytes."""
        for blob in blobs_of_size(repository, sizes, self._store / "git-home"):
            self.add(blob.data, f"Git history: {blob.path} at {blob.commit[:7]}")

    def directory(self, md5: str, files: Mapping[str, str]) -> Recovered | None:
        """Return DVC's listing of a directory, rebuilt from md5s by relative path; None unless the md5 fits.

        The serialisation is dvc-data's Tree.as_bytes: entries by path, keys by name, ASCII.
        """
        entries = [{"md5": files[path], "relpath": path} for path in sorted(files)]
        listing = json.dumps(entries, sort_keys=True).encode()
        if md5_of(listing) == md5.removesuffix(".dir"):
            self.add(listing, f"directory listing rebuilt from {len(files)} known files")
        return self.find(md5)

    def find(self, md5: str) -> Recovered | None:
        """Return bytes with this md5 (of a directory's listing when it ends in ".dir"), None when unknown."""
        plain = md5.removesuffix(".dir")
        known = self._known.get(plain)
        if known is None:
            return None
        path = self._written(plain, known) if known.form else known.path
        how = f"{known.source}, {known.form}" if known.form else known.source
        return Recovered(md5, path, how, path.stat().st_size)

    def _is_known_as_it_is(self, md5: str) -> bool:
        known = self._known.get(md5)
        return known is not None and known.form is None

    def _index(self, md5: str, path: Path, data: bytes, source: str) -> None:
        self._known[md5] = _Known(path, None, source)
        if not 0 < len(data) <= _LARGEST_REWRITTEN or b"\0" in data[:_LOOKED_AT_FOR_TEXT]:
            return
        for form in FORMS:
            self._known.setdefault(md5_of(written_as(data, form)), _Known(path, form, source))

    def _written(self, md5: str, known: _Known) -> Path:
        path = self._store / md5
        if known.form and not path.exists():
            path.write_bytes(written_as(_read(known.path), known.form))
        return path


def _read(path: Path) -> bytes:
    file = open_regular(path)
    if file is None:
        raise MalformedEvidence(str(path), "is no longer a regular file")
    with file:
        return file.read()


def _files_listed(listing: Path) -> list[str]:
    if listing.stat().st_size > _LARGEST_LISTING:
        return []
    try:
        entries = json.loads(_read(listing))
    except (ValueError, RecursionError):
        return []
    names = (
        (entry.get("md5") for entry in entries if isinstance(entry, dict))
        if isinstance(entries, list)
        else ()
    )
    return [name for name in names if isinstance(name, str)]
