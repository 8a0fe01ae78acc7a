"""Listings of tracked folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.evidence.listing import read_listing
from harness.evidence.safe_yaml import MAX_BYTES


def listing(tmp_path: Path, data: bytes) -> dict[str, str] | None:
    """What is read of a file with these bytes."""
    path = tmp_path / "object.dir"
    path.write_bytes(data)
    return read_listing(path)


def test_each_file_has_its_md5(tmp_path: Path) -> None:
    """By its path in the folder; what has no path or no md5 is no file."""
    data = (
        b'[{"md5": "aa", "relpath": "a/b"}, {"md5": "b", "relpath": "c"}, {"md5": "c"}, {"relpath": "d"}, 7]'
    )
    assert listing(tmp_path, data) == {"a/b": "aa", "c": "b"}


@pytest.mark.parametrize("data", [b"", b"[", b"\xff", b"[" * 100_000])
def test_what_cannot_be_read_is_no_listing(tmp_path: Path, data: bytes) -> None:
    """Whatever else lies there."""
    assert listing(tmp_path, data) is None


@pytest.mark.parametrize("data", [b"{}", b"7", b"[]"])
def test_what_lists_nothing_is_empty(tmp_path: Path, data: bytes) -> None:
    """A document that is no list names no files either."""
    assert listing(tmp_path, data) == {}


def test_a_listing_is_read_up_to_a_size(tmp_path: Path) -> None:
    """One that is too large is not read at all."""
    entry = b'{"md5": "aa", "relpath": "a"}'
    assert listing(tmp_path, b"[" + entry + b" " * (MAX_BYTES - len(entry) - 2) + b"]") == {"a": "aa"}
    assert listing(tmp_path, b"[" + entry + b" " * MAX_BYTES + b"]") is None
