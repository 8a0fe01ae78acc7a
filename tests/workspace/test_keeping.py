"""Outputs that are put back as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.workspaces import NewWorkspace, write_tree
from harness.errors import CheckFailed
from harness.workspace.keeping import kept
from harness.workspace.workspace import Workspace


def test_what_was_there_is_there_again(new_workspace: NewWorkspace) -> None:
    """Files, folders and links: with what they held, whatever was made in their place."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"a/model.txt": "old", "rows/b/1.csv": "1", "log.txt": "one\n"})
    (workspace.repo / "link").symlink_to("a/model.txt")
    before = (workspace.repo / "a/model.txt").stat()
    with kept(workspace, ("a/model.txt", "rows", "link", "none/new.txt"), copied=("log.txt",)):
        assert not (workspace.repo / "a/model.txt").exists()
        assert not (workspace.repo / "rows").exists()
        assert workspace.read("log.txt") == b"one\n"
        write_tree(workspace.repo, {"a/model.txt": "new", "rows": "no folder", "none/new.txt": "x"})
        write_tree(workspace.repo, {"log.txt": "one\ntwo\n", "link": "a file"})
    after = (workspace.repo / "a/model.txt").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert workspace.read("a/model.txt") == b"old"
    assert workspace.read("rows/b/1.csv") == b"1"
    assert workspace.read("log.txt") == b"one\n"
    assert (workspace.repo / "link").is_symlink()
    assert workspace.md5("none/new.txt") is None
    assert [path.name for path in workspace.root.parent.iterdir()] == [workspace.root.name]


def test_a_folder_turned_into_a_link_is_the_submissions_fault(new_workspace: NewWorkspace) -> None:
    """Nothing is put back through a link."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"a/model.txt": "old"})
    outside = workspace.root / "outside"
    outside.mkdir()
    with pytest.raises(CheckFailed, match=r"a/model\.txt left so that it can be"):
        _keep_and_link(workspace, outside)
    assert list(outside.iterdir()) == []
    assert not workspace.root.with_name(f"{workspace.root.name}.kept").exists()


def _keep_and_link(workspace: Workspace, outside: Path) -> None:
    with kept(workspace, ("a/model.txt",)):
        (workspace.repo / "a").rmdir()
        (workspace.repo / "a").symlink_to(outside)
