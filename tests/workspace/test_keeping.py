"""Outputs that are put back as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.workspaces import NewWorkspace, write_tree
from harness.errors import CheckFailed
from harness.workspace.keeping import forget, kept, only, open_folders
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


def test_nothing_else_is_left(new_workspace: NewWorkspace) -> None:
    """Neither Git's folder nor links nor what lies in the temp dir; commands work on copies."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"code/a.py": "1", "code/b.py": "2", "data.csv": "3", "-odd \n": "4"})
    (workspace.repo / "link").symlink_to("data.csv")
    (workspace.tmp / "secret").write_text("x")
    before = snapshot(workspace.repo)
    with only(workspace, ("code/a.py", "code", "missing", "link")):
        assert sorted(path.name for path in workspace.repo.iterdir()) == ["code"]
        done = workspace.run(
            "sh",
            "-c",
            "find . $TMPDIR -type f; echo 9 > code/a.py; echo > made; mkdir $TMPDIR/d; echo > $TMPDIR/d/x",
        )
        assert done.ok, done.describe()
        assert sorted(done.stdout.split()) == ["./code/a.py", "./code/b.py"]
    assert snapshot(workspace.repo) == before
    assert not [path for path in workspace.tmp.rglob("*") if path.is_file()]


def test_copied_folders_are_the_commands_own(new_workspace: NewWorkspace) -> None:
    """They can be written to, whoever copied them, and commands go on in the box that is there."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"code/sub/a.py": "1", "code/b.py": "2"})
    workspace.run("true", check=True)
    with only(workspace, ("code",)):
        workspace.run("sh", "-c", "echo 9 > code/sub/a.py; rm code/b.py; echo > code/sub/new", check=True)
        assert workspace.md5("code/b.py") is None
    assert (workspace.read("code/sub/a.py"), workspace.read("code/b.py")) == (b"1", b"2")


def test_all_is_put_back_after_a_failure(new_workspace: NewWorkspace) -> None:
    """Also where a command was killed, and left something in the way."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"a/b.txt": "1", "c.txt": "2"})
    before = snapshot(workspace.repo)
    with pytest.raises(CheckFailed, match="exit code: 124"):
        _fail(workspace)
    assert snapshot(workspace.repo) == before
    assert [path.name for path in workspace.root.parent.iterdir()] == [workspace.root.name]


def snapshot(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Inode, time and mode of each file and folder."""
    found = {path.relative_to(folder).as_posix(): path.lstat() for path in folder.rglob("*")}
    return {name: (one.st_ino, one.st_mtime_ns, one.st_mode) for name, one in found.items()}


def _fail(workspace: Workspace) -> None:
    with only(workspace, ("c.txt",)):
        workspace.run("sh", "-c", "mkdir -p a/b.txt/d; chmod 500 a/b.txt; sleep 60", timeout=1, check=True)


def _keep_and_link(workspace: Workspace, outside: Path) -> None:
    with kept(workspace, ("a/model.txt",)):
        (workspace.repo / "a").rmdir()
        (workspace.repo / "a").symlink_to(outside)


def test_what_is_made_with_few_files_stays(new_workspace: NewWorkspace) -> None:
    """In the place of what was there, whose absence it did not see; what is left is seen."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"in.txt": "x", "out/a.txt": "old", "out/b.txt": "b", "other.txt": "y"})
    with only(workspace, ("in.txt",), left=frozenset({".git"}), made=("out/a.txt", "out/none.txt")):
        assert sorted(path.name for path in workspace.repo.iterdir()) == [".git", "in.txt"]
        write_tree(workspace.repo, {"out/a.txt": "new", "out/beside.txt": "z", ".git/word": "w"})
    assert (workspace.read("out/a.txt"), workspace.read("out/b.txt")) == (b"new", b"b")
    assert workspace.md5("out/beside.txt") is None
    assert workspace.read("other.txt") == b"y"
    assert (workspace.repo / ".git/word").read_text() == "w"


def test_what_commands_have_left_outside_the_repository_is_forgotten(new_workspace: NewWorkspace) -> None:
    """In the home and the temp dir; the repository stays, and commands find a home."""
    workspace = new_workspace()
    leave = 'for place in "$HOME/.cache" "$TMPDIR" .; do mkdir -p "$place"; touch "$place/word"; done'
    workspace.run("sh", "-c", leave, check=True)
    forget(workspace)
    look = 'ls -A "$HOME/.cache" "$TMPDIR" . | grep word; touch "$HOME/new" "$TMPDIR/new"'
    assert workspace.run("sh", "-c", look, check=True).stdout == "word\n"
    assert workspace.run("git", "config", "user.name").ok


def test_closed_folders_are_opened(new_workspace: NewWorkspace) -> None:
    """So that Git can empty them; what a link leads to stays as it is."""
    workspace = new_workspace()
    outside = workspace.tmp / "outside"
    outside.mkdir(mode=0o555)
    write_tree(workspace.repo, {"a/b/c.txt": "x"})
    (workspace.repo / "link").symlink_to(outside)
    (workspace.repo / "a/b").chmod(0o444)
    (workspace.repo / "a").chmod(0)
    open_folders(workspace)
    assert [(workspace.repo / path).stat().st_mode & 0o777 for path in ("a", "a/b")] == [0o700, 0o744]
    assert outside.stat().st_mode & 0o777 == 0o555
