"""Copies of a workspace's folders."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from harness.errors import CheckFailed
from harness.workspace.copying import copy_tree


def test_a_copy_keeps_times_and_links_and_leaves_locks_and_pipes(tmp_path: Path) -> None:
    """Copying a folder keeps what matters to Git and DVC and leaves what belongs to a process."""
    source = tmp_path / "a"
    (source / ".dvc" / "tmp").mkdir(parents=True)
    (source / ".dvc" / "tmp" / "rwlock").write_text("{}")
    (source / "file").write_text("x")
    os.utime(source / "file", ns=(10**18, 10**18 + 7))
    (source / "link").symlink_to("file")
    os.mkfifo(source / "pipe")
    copy_tree(source, tmp_path / "b")
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == [".dvc", "file", "link"]
    assert (tmp_path / "b" / "file").stat().st_mtime_ns == 10**18 + 7
    assert (tmp_path / "b" / "link").is_symlink()
    assert not any((tmp_path / "b" / ".dvc" / "tmp").iterdir())


def test_a_copy_has_the_same_modes_and_folder_times(tmp_path: Path) -> None:
    """Read-only files and folders stay so, and a folder is not newer for having been copied."""
    source = tmp_path / "a"
    (source / "cache").mkdir(parents=True)
    (source / "cache" / "object").write_bytes(b"x" * 100_000)
    (source / "cache" / "object").chmod(0o444)
    (source / "cache").chmod(0o555)
    os.utime(source / "cache", ns=(10**18, 10**18 + 7))
    copy_tree(source, tmp_path / "b")
    copied = tmp_path / "b" / "cache"
    assert (copied / "object").read_bytes() == b"x" * 100_000
    assert stat.S_IMODE((copied / "object").stat().st_mode) == 0o444
    assert (stat.S_IMODE(copied.stat().st_mode), copied.stat().st_mtime_ns) == (0o555, 10**18 + 7)


def test_a_change_of_the_copy_is_none_of_the_original(tmp_path: Path) -> None:
    """However the bytes are shared, nobody writes into a file of another workspace."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_text("before")
    copy_tree(tmp_path / "a", tmp_path / "b")
    (tmp_path / "b" / "file").write_text("after")
    assert (tmp_path / "a" / "file").read_text() == "before"


def test_what_cannot_be_copied_is_the_submissions_failure(tmp_path: Path) -> None:
    """A path that is too long for the copy is told with the place in the workspace, not of this machine."""
    source = tmp_path / "a"
    source.mkdir()
    here = os.open(source, os.O_RDONLY)
    for _ in range(20):  # each below the last, so that no path is too long to be made
        os.mkdir("d" * 250, dir_fd=here)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    with pytest.raises(CheckFailed) as failed:
        copy_tree(source, tmp_path / "b")
    assert "File name too long" in str(failed.value)
    assert str(tmp_path) not in str(failed.value)
