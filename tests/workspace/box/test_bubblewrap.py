"""Boxes: what they cost, what they keep, and how they end."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.workspace import supervisor
from harness.workspace.box.bubblewrap import SHOWN_ROOT, owner_of, shown
from harness.workspace.box.isolation import isolation
from harness.workspace.launcher import Order
from harness.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

ORDER = Order(("true",), Path("/a/w/repo"), {}, Path("/a/w"))


@pytest.fixture
def boxed(tmp_path: Path) -> Workspace:
    """An empty workspace in a box."""
    found = isolation()
    if found.kind == "none":
        pytest.skip("; ".join(found.missing))
    return Workspace.create(
        tmp_path / "w", repository=None, commit=None, branch="main", launcher=found.launcher()
    )


def test_paths_are_those_of_the_box() -> None:
    """Whatever names the workspace is said as the command sees it."""
    assert shown("--to=/a/w/home/x:/a/w", ORDER) == f"--to={SHOWN_ROOT}/home/x:{SHOWN_ROOT}"


def test_every_workspace_lies_at_the_same_place(boxed: Workspace, tmp_path: Path) -> None:
    """A copy sees the paths that the original saw, so that absolute paths survive."""
    boxed.run("sh", "-c", "pwd > place; echo $HOME >> place", check=True)
    copy = boxed.copy(tmp_path / "copy")
    copy.run("sh", "-c", "pwd > place2; echo $HOME >> place2", check=True)
    assert copy.read("place") == copy.read("place2") == b"/workspace/repo\n/workspace/home\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give each workspace a user of its own")
def test_each_workspace_has_a_user_of_its_own(boxed: Workspace, tmp_path: Path) -> None:
    """Two workspaces share no user, and neither is root's."""
    copy = boxed.copy(tmp_path / "copy")
    assert len({0, owner_of(boxed.root), owner_of(copy.root)}) == 3
    assert copy.run("sh", "-c", "touch made && rm made && git status").ok


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has files of root's")
def test_nothing_runs_as_root(tmp_path: Path) -> None:
    """A workspace that nobody adopted is refused."""
    (tmp_path / "repo").mkdir()
    with pytest.raises(HarnessError, match="belongs to root"):
        owner_of(tmp_path)


def test_files_placed_by_the_harness_are_the_commands_own(boxed: Workspace) -> None:
    """What the harness writes into the repository, a command can append to, replace and delete."""
    boxed.write("deep/er/file", b"one\n")
    assert boxed.run("sh", "-c", "echo two >> deep/er/file && touch deep/er/new && rm deep/er/new").ok
    assert boxed.read("deep/er/file") == b"one\ntwo\n"
    assert boxed.run("rm", "-r", "deep").ok


def test_an_order_without_a_workspace_is_refused(boxed: Workspace) -> None:
    """There is nothing to put into a box."""
    with pytest.raises(HarnessError, match="no workspace to be boxed in"):
        boxed.launcher.start(replace(ORDER, root=None))


@pytest.mark.parametrize(
    ("command", "code"),
    [("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("nothing-like-this", 127)],
)
def test_exit_codes_are_those_of_a_shell(boxed: Workspace, command: str, code: int) -> None:
    """The box passes on how a command ended."""
    assert boxed.run("sh", "-c", command).exit_code == code


def test_only_what_is_readable_is_shown(boxed: Workspace, tmp_path: Path) -> None:
    """A folder of the harness's own is there for one command, at its own path, and cannot be written."""
    folder = tmp_path / "shown"
    folder.mkdir()
    (folder / "file").write_text("content", encoding="ascii")
    boxed.launcher.show(folder)
    script = ("sh", "-c", 'cat "$0"/file; touch "$0"/x || echo refused', f"{folder}")
    assert boxed.execute(script, readable=(folder,)).stdout == "contentrefused\n"
    assert boxed.execute(script).stdout == "refused\n"


@pytest.fixture
def _adopting() -> Iterator[None]:
    """Have orphans come to this process, as they do to the first one of a container."""
    supervisor.prctl(supervisor.PR_SET_CHILD_SUBREAPER, 1)
    yield
    supervisor.prctl(supervisor.PR_SET_CHILD_SUBREAPER, 0)


@pytest.mark.usefixtures("_adopting")
def test_a_killed_box_leaves_nothing_to_bury(boxed: Workspace) -> None:
    """What stands for init in a container may bury no orphans: thousands of boxes would fill its table."""
    assert boxed.run("sleep", "60", timeout=0.5).timed_out
    assert boxed.run("sh", "-c", "setsid sleep 60 & echo on").ok
    assert not [pid for pid in supervisor.descendants() if _state(pid) == ("bwrap", "Z")]


def _state(pid: int) -> tuple[str, str]:
    """A process's name and state. Source: proc_pid_stat(5)."""
    name, _, rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").partition("(")[2].rpartition(")")
    return name, rest.split()[0]
