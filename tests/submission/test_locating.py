"""Finding the one repository."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import Unreadable
from harness.submission.locating import Located, repository_in_archive, repository_in_folder

GitIn = Callable[..., str]


@pytest.fixture
def lab(tmp_path: Path, git_in: GitIn) -> Path:
    """A fresh repository."""
    git_in(tmp_path, "init", "--quiet", "lab")
    return tmp_path / "lab"


def test_folder_with_work_tree_or_bare(lab: Path, git_in: GitIn) -> None:
    """A repository is at the folder's own root."""
    git_in(lab.parent, "init", "--quiet", "--bare", "bare")
    assert repository_in_folder(lab) == Located(lab / ".git", bare=False)
    assert repository_in_folder(lab.parent / "bare") == Located(lab.parent / "bare", bare=True)


def test_folder_inside_of_a_repository(lab: Path) -> None:
    """For a subfolder, the repository around it is named."""
    (lab / "sub").mkdir()
    (lab / "sub" / "x").touch()
    with pytest.raises(Unreadable, match=r"sub lies inside the repository .*lab: name that folder"):
        repository_in_folder(lab / "sub")


def test_folder_around_a_repository(lab: Path) -> None:
    """For the folder one too high, the repository below is named."""
    with pytest.raises(Unreadable, match="is not a Git repository, but holds one in lab: name that folder"):
        repository_in_folder(lab.parent)


def test_folder_without_git(tmp_path: Path) -> None:
    """For files alone, the way to hand in is told."""
    (tmp_path / "dvc.yaml").touch()
    with pytest.raises(
        Unreadable, match=r"no \.git folder in it; hand in the folder together with its hidden \.git"
    ):
        repository_in_folder(tmp_path)


def test_git_file_of_a_worktree(template: Path, tmp_path: Path, git_in: GitIn) -> None:
    """A worktree's .git file leads elsewhere and is not followed."""
    git_in(template, "worktree", "add", "--quiet", "--detach", tmp_path / "tree")
    with pytest.raises(Unreadable, match=r"\.git is a file that points to a repository elsewhere"):
        repository_in_folder(tmp_path / "tree")
    git_in(template, "worktree", "remove", "--force", tmp_path / "tree")


def test_git_folder_that_is_a_link(lab: Path, tmp_path: Path) -> None:
    """A .git that is a link leads elsewhere and is not followed."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".git").symlink_to(lab / ".git")
    with pytest.raises(Unreadable, match=r"\.git is a link"):
        repository_in_folder(tmp_path / "other")


@pytest.mark.parametrize("where", [".", "a", "a/b", "a/b/c"])
def test_archive_up_to_three_folders_down(lab: Path, tmp_path: Path, where: str) -> None:
    """The one repository is found at the root or a few folders down, past a Mac's junk."""
    root = tmp_path / "root"
    shutil.copytree(lab, root / where)
    (root / "__MACOSX" / ".git").mkdir(parents=True)
    assert repository_in_archive(root, Path("x.zip")).git_dir == root / where / ".git"


def test_archive_too_deep_or_without(lab: Path, tmp_path: Path) -> None:
    """Without one within reach, what lies at the root is named, and a host's download explained."""
    root = tmp_path / "root"
    shutil.copytree(lab, root / "a/b/c/d")
    with pytest.raises(
        Unreadable, match=r"x.zip holds no Git repository .*\(at the root: a\); .*a ZIP downloaded"
    ):
        repository_in_archive(root, Path("x.zip"))


def test_archive_with_several(lab: Path, tmp_path: Path) -> None:
    """Two repositories, at whatever depths, are a question back."""
    root = tmp_path / "root"
    for where in ("bob", "group/alice"):
        shutil.copytree(lab, root / where)
    with pytest.raises(Unreadable, match=r"holds 2 repositories \(bob, group/alice\): hand in exactly one"):
        repository_in_archive(root, Path("x.zip"))


def test_archive_with_a_repository_inside_of_the_repository(lab: Path, tmp_path: Path) -> None:
    """What a work tree holds, like a dependency's checkout, is not another submission."""
    root = tmp_path / "root"
    shutil.copytree(lab, root / "lab")
    shutil.copytree(lab, root / "lab" / "vendored")
    assert repository_in_archive(root, Path("x.zip")).git_dir == root / "lab" / ".git"
