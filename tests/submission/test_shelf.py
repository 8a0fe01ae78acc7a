"""Large handed-in files on the shelf."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from harness.submission.objects import scan_objects
from harness.submission.shelf import LARGE, Shelf, is_shelved

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root's files cannot be written to by commands"
)


def large_file(path: Path) -> str:
    """Make a file that is just large enough; returns its md5."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * LARGE)
    return hashlib.md5(b"x" * LARGE, usedforsecurity=False).hexdigest()


@needs_root
def test_a_large_file_is_copied_once_and_hashed_on_the_way(tmp_path: Path) -> None:
    """The copy has the same bytes, no write bit, and its md5 is known without reading it again."""
    md5, shelf = large_file(tmp_path / "given"), Shelf(tmp_path / "shelf")
    copy = shelf.at(tmp_path / "given")
    assert copy == shelf.at(tmp_path / "given") != tmp_path / "given"
    assert (copy.stat().st_size, stat.S_IMODE(copy.stat().st_mode)) == (LARGE, 0o444)
    assert shelf.digests == {copy: md5}
    assert is_shelved(copy.lstat())


def test_other_files_stay_where_they_are(tmp_path: Path) -> None:
    """Neither a small file nor a link to a large one is copied."""
    large_file(tmp_path / "large")
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "link").symlink_to("large")
    shelf = Shelf(tmp_path / "shelf")
    assert [shelf.at(tmp_path / name).name for name in ("small", "link")] == ["small", "link"]
    assert not shelf.folder.exists()


@needs_root
def test_an_object_is_handed_out_from_the_shelf(tmp_path: Path) -> None:
    """A large object is found by its md5, as a copy that is root's; its kind is that of the original."""
    md5 = large_file(tmp_path / "given" / "object")
    place = tmp_path / "in" / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]
    place.parent.mkdir(parents=True)
    (tmp_path / "given" / "object").rename(place)
    found = scan_objects(tmp_path / "in", tmp_path / "shelf")
    path = found.find(md5)
    assert path is not None
    assert path.parent == tmp_path / "shelf"
    assert (found.digest(path), found.kind_of(md5)) == (md5, "cache")


def test_a_large_object_that_is_not_what_its_name_says_is_not_handed_out(tmp_path: Path) -> None:
    """Being copied makes nothing genuine."""
    wrong = "0" * 32
    large_file(tmp_path / "in" / ".dvc" / "cache" / "files" / "md5" / wrong[:2] / wrong[2:])
    assert scan_objects(tmp_path / "in", tmp_path / "shelf").find(wrong) is None
