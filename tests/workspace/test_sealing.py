"""Hiding what Git and DVC keep of earlier runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.workspaces import NewWorkspace, commit_all, write_tree
from harness.evidence.repository import GitRepository
from harness.evidence.skeleton import skeleton
from harness.workspace.box.isolation import isolation
from harness.workspace.sealing import Seal, sealed
from harness.workspace.workspace import Workspace

NOTES = {".git/note": "n", ".dvc/tmp/note": "n", ".dvc/config": "# note\n", "sub/.dvc/note": "n"}
CONFIG = b"[core]\n    autostage = true\n"


@pytest.fixture
def used(new_workspace: NewWorkspace) -> Workspace:
    """A workspace with two commits, in which commands have left word wherever they could."""
    workspace = new_workspace()
    write_tree(workspace.repo, {"rows.csv": "1\n", "src/a.py": "pass\n"})
    commit_all(workspace, "first")
    workspace.run("git", "tag", "-a", "-m", "v1", "v1", check=True)
    write_tree(workspace.repo, {"rows.csv": "2\n"})
    commit_all(workspace, "second")
    workspace.run("git", "push", "-q", "-u", "origin", "main", check=True)
    write_tree(workspace.repo, NOTES)
    for folder in (workspace.cache, workspace.storage, workspace.origin, workspace.surroundings.site):
        (folder / "note").write_text("n", encoding="utf-8")
    return workspace


def seal_of(workspace: Workspace) -> Seal:
    """A seal for the commit that is checked out."""
    repository = GitRepository(workspace.repo / ".git")
    commit = str(repository.resolve("HEAD"))
    names = skeleton(repository, commit)
    repository.close()
    return Seal(commit, names, {".dvc/config": CONFIG, "gone/.dvc/config": CONFIG})


def test_nothing_is_left_of_earlier_runs(used: Workspace) -> None:
    """No notes in Git's and DVC's folders, in caches and remotes, and no content of a committed file."""
    with sealed(used, seal_of(used)):
        found = used.run("sh", "-c", "find /workspace ../ -name note 2>/dev/null; cat .dvc/config")
        assert found.stdout.encode() == CONFIG
        assert not used.run("git", "show", "HEAD:rows.csv").ok
        assert not used.run("git", "show", "HEAD~1:rows.csv").ok
        assert not (used.repo / "gone").exists()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("git log --format=%s", "second\nfirst\n"),
        ("git ls-tree -r --name-only HEAD", "rows.csv\nsrc/a.py\n"),
        ("git ls-files", "rows.csv\nsrc/a.py\n"),
        ("git diff --name-only HEAD", ""),
        ("git show HEAD:src/a.py", "pass\n"),
        ("git describe", "v1-1-g"),
        ("git branch --show-current", "main\n"),
        ("git remote get-url origin", ""),
        ("git rev-list --count @{u}..HEAD", "0\n"),
        ("dvc config core.autostage", "true\n"),
        ("echo 1 >> .dvc/tmp/train.log", ""),
    ],
)
def test_names_can_be_asked_for(used: Workspace, command: str, answer: str) -> None:
    """Commits, files, tags and remotes have those that they have; DVC finds its repository."""
    plainly = used.run("sh", "-c", command, check=True).stdout
    with sealed(used, seal_of(used)):
        told = used.run("sh", "-c", command, check=True).stdout
    assert told.startswith(answer)
    assert told == plainly or command.startswith(("dvc config", "git ls-files", "git rev-list"))


def test_a_box_shows_other_files_of_the_machine(used: Workspace) -> None:
    """As long as the seal holds, and with their own names; none of them can be written."""
    if isolation().kind == "none":
        pytest.skip("; ".join(isolation().missing))
    there = Path(pytest.__file__)
    show = ("head", "-c", "6", str(there))
    with sealed(used, replace(seal_of(used), instead={there: b"other\n"})):
        assert used.run(*show).stdout == "other\n"
        assert not used.run("sh", "-c", f": >> {there}").ok
    assert used.run(*show).stdout == there.read_text(encoding="utf-8")[:6] != "other\n"
    assert not used.surroundings.instead.exists()


def test_everything_is_back_afterwards(used: Workspace) -> None:
    """What was hidden is where it was, and what was made meanwhile in its place is gone."""
    with sealed(used, seal_of(used)):
        used.run("sh", "-c", "echo 1 > .git/new; echo 1 > .dvc/new; echo 1 > ../cache/new; echo 1 > kept.txt")
    for path, text in NOTES.items():
        assert (used.repo / path).read_text(encoding="utf-8") == text
    for place in (used.repo / ".git", used.repo / ".dvc", used.cache):
        assert not (place / "new").exists()
    assert (used.cache / "note").exists()
    assert used.read("kept.txt") == b"1\n"
    assert used.run("git", "show", "HEAD~1:rows.csv", check=True).stdout == "1\n"
    assert [path.name for path in used.root.parent.iterdir()] == [used.root.name]
