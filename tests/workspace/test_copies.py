"""Workspaces that are copies of one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.workspace.copies import Copies
from harness.workspace.workspace import Workspace


def test_one_is_made_and_the_others_are_copies(tmp_path: Path) -> None:
    """However many are asked for at once, only one is made, and not before it is needed."""
    made: list[Path] = []

    def make(root: Path) -> Workspace:
        made.append(root)
        workspace = Workspace.create(root, repository=None, commit=None, branch="main")
        workspace.write("file", b"content")
        return workspace

    copies = Copies(make, tmp_path / "first")
    assert made == []
    with ThreadPoolExecutor(4) as pool:
        workspaces = list(pool.map(copies, [tmp_path / str(number) for number in range(4)]))
    assert made == [tmp_path / "first"]
    assert [workspace.read("file") for workspace in workspaces] == [b"content"] * 4


def test_to_stop_one_is_not_to_stop_another(tmp_path: Path) -> None:
    """Each copy can be stopped for itself, and changed for itself."""
    copies = Copies(
        lambda root: Workspace.create(root, repository=None, commit=None, branch="main"), tmp_path / "first"
    )
    one, other = copies(tmp_path / "one"), copies(tmp_path / "other")
    one.limits.stop.set()
    one.write("file", b"1")
    assert other.run("git", "status").ok
    assert other.read("file") is None
