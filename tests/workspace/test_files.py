"""Files in places that a submission's code can write to."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from harness.errors import CheckFailed, HarnessError, MalformedEvidence
from harness.workspace.files import copy_inside, md5_inside, read_inside, remove_tree, write_inside
from harness.workspace.reaching import inside


def test_reads_a_regular_file(tmp_path: Path) -> None:
    """The bytes of a file come back; a missing file is None."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"x\r\n")
    assert read_inside(tmp_path, "a/b", 10) == b"x\r\n"
    assert read_inside(tmp_path, "a/c", 10) is None


def test_never_follows_a_link(tmp_path: Path) -> None:
    """A link as the file or as a folder on the way leads nowhere."""
    (tmp_path / "secret").write_text("s")
    root = tmp_path / "root"
    root.mkdir()
    (root / "file").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path)
    assert read_inside(root, "file", 10) is None
    assert read_inside(root, "folder/secret", 10) is None
    assert md5_inside(root, "folder/secret") is None


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    """A named pipe in a file's place is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    assert read_inside(tmp_path, "pipe", 10) is None


def test_a_file_over_the_limit_is_malformed(tmp_path: Path) -> None:
    """A file that is larger than allowed is told by its name."""
    (tmp_path / "big").write_bytes(b"x" * 11)
    with pytest.raises(MalformedEvidence, match="big: it is larger than 10 bytes"):
        read_inside(tmp_path, "big", 10)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", ".."])
def test_paths_that_lead_outside_are_refused(path: str) -> None:
    """Only relative paths that stay inside are taken."""
    with pytest.raises(HarnessError, match="no path inside"):
        inside(path)


def test_writes_in_place_of_a_link(tmp_path: Path) -> None:
    """A link in the file's place is replaced; its target keeps its content."""
    target = tmp_path / "target"
    target.write_text("old")
    root = tmp_path / "root"
    root.mkdir()
    (root / "file").symlink_to(target)
    write_inside(root, "file", target)
    target.write_text("changed")
    assert (root / "file").read_text() == "old"


def test_does_not_write_through_a_linked_folder(tmp_path: Path) -> None:
    """A folder that is a link is the submission's fault, and nothing is written."""
    (tmp_path / "data").write_text("d")
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    with pytest.raises(CheckFailed, match="something else in the way"):
        write_inside(root, "out/file", tmp_path / "data")
    assert not (tmp_path / "file").exists()


def test_what_can_be_executed_stays_so(tmp_path: Path) -> None:
    """A script that is written again, or copied, can still be started by its name; nothing else can."""
    for name, mode in (("run.sh", 0o755), ("data.csv", 0o644)):
        write_inside(tmp_path, f"a/{name}", b"1")
        (tmp_path / "a" / name).chmod(mode)
        write_inside(tmp_path, f"a/{name}", b"2")
        (tmp_path / "b").mkdir(exist_ok=True)
        copy_inside(tmp_path / "a", tmp_path / "b", name)
        modes = {stat.S_IMODE((tmp_path / folder / name).stat().st_mode) for folder in "ab"}
        assert modes == {mode}
        assert (tmp_path / "b" / name).read_bytes() == b"2"


def test_a_link_lends_nothing_to_what_takes_its_place(tmp_path: Path) -> None:
    """Neither its target's mode nor its own."""
    (tmp_path / "link").symlink_to("/bin/sh")
    write_inside(tmp_path, "link", b"1")
    assert stat.S_IMODE((tmp_path / "link").lstat().st_mode) == 0o644


def test_md5_of_a_file(tmp_path: Path) -> None:
    """A file's md5 is that of its bytes."""
    (tmp_path / "a").write_bytes(b"abc")
    assert md5_inside(tmp_path, "a") == hashlib.md5(b"abc", usedforsecurity=False).hexdigest()


def test_a_folder_with_a_link_has_no_md5(tmp_path: Path) -> None:
    """What a link in a folder points to is not looked at."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "link").symlink_to("/etc/passwd")
    assert md5_inside(tmp_path, "d") is None


def test_removes_folders_that_nobody_may_write_to(tmp_path: Path) -> None:
    """Whatever modes a submission's code has set, the folder goes."""
    root = tmp_path / "a"
    (root / "b").mkdir(parents=True)
    (root / "b" / "c").write_text("x")
    (root / "b").chmod(0)
    remove_tree(root)
    remove_tree(root)
    assert not root.exists()
