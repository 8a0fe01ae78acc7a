"""Large files that workspaces share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fixtures.workspaces import NewWorkspace
from harness.submission.shelf import LARGE, READ_ONLY
from harness.workspace.box.isolation import isolation
from harness.workspace.launcher import PlainLauncher
from harness.workspace.workspace import Workspace

needs_other_users = pytest.mark.skipif(
    os.geteuid() != 0 or isolation().bubblewrap is None,
    reason="only root's boxes belong to other users than the harness",
)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A large file as it lies on the shelf."""
    path = tmp_path / "large"
    path.write_bytes(b"x" * LARGE)
    path.chmod(READ_ONLY)
    return path


def inode(path: Path) -> int:
    """What two names of one file have in common."""
    return path.stat().st_ino


@needs_other_users
def test_a_large_file_is_the_same_in_every_copy(
    new_workspace: NewWorkspace, large: Path, tmp_path: Path
) -> None:
    """It is linked into the work tree and the cache, and from a workspace into its copies."""
    first = new_workspace()
    first.place("data/large", large)
    first.put_object("0" * 32, large)
    second = first.copy(tmp_path / "second")
    places = [ws.repo / "data" / "large" for ws in (first, second)]
    places += [ws.cache / "files" / "md5" / "00" / ("0" * 30) for ws in (first, second)]
    assert {inode(path) for path in places} == {inode(large)}
    assert {path.stat().st_uid for path in places} == {0}


@needs_other_users
@pytest.mark.parametrize(
    "attack", ["echo y >> data/large", "chmod u+w data/large", "truncate -s 0 data/large", "touch data/large"]
)
def test_no_command_changes_what_others_see(new_workspace: NewWorkspace, large: Path, attack: str) -> None:
    """Commands can read a shared file; whatever tries to write to it fails."""
    workspace = new_workspace()
    workspace.place("data/large", large)
    before = large.stat()
    assert workspace.run("sh", "-c", f"cat data/large > /dev/null; {attack}").exit_code != 0
    after = large.stat()
    assert (after.st_mode, after.st_size, after.st_mtime_ns) == (before.st_mode, LARGE, before.st_mtime_ns)


@needs_other_users
def test_a_command_may_replace_it_in_its_own_workspace(
    new_workspace: NewWorkspace, large: Path, tmp_path: Path
) -> None:
    """To remove it and write another, as DVC and scripts do, works, and stays in the workspace."""
    first = new_workspace()
    first.place("data/large", large)
    second = first.copy(tmp_path / "second")
    assert second.run("sh", "-c", "rm data/large && echo y > data/large").ok
    assert (second.read("data/large"), (first.repo / "data" / "large").stat().st_size) == (b"y\n", LARGE)


def test_where_commands_run_as_the_harness_it_is_copied(tmp_path: Path, large: Path) -> None:
    """Without boxes, or as an ordinary user, commands could write to it: each workspace has its own."""
    workspace = Workspace.create(
        tmp_path / "plain", repository=None, commit=None, branch="main", launcher=PlainLauncher()
    )
    workspace.place("data/large", large)
    assert inode(workspace.repo / "data" / "large") != inode(large)
    assert inode(workspace.copy(tmp_path / "copy").repo / "data" / "large") != inode(large)
