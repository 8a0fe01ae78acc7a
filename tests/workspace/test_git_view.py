"""Reading a workspace's repository whose configuration may be hostile."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.workspaces import commit_all
from harness.errors import CheckFailed
from harness.evidence.repository import GitRepository
from harness.workspace.git_view import head_of, refs_in, safe_clone
from harness.workspace.workspace import Workspace


def test_a_clone_has_every_ref_and_every_file(git_repo: Workspace, tmp_path: Path) -> None:
    """Experiments come along, and files are read by their commit."""
    commit = commit_all(git_repo, "again")
    git_repo.run("git", "update-ref", "refs/exps/11/name", commit, check=True)
    clone = safe_clone(git_repo.repo, tmp_path)
    assert refs_in(git_repo.repo)["refs/exps/11/name"] == commit
    assert GitRepository(clone).tree(commit).read("in.txt") == b"one\ntwo\n"


def test_heads_branch_and_commit_are_read_from_files(git_repo: Workspace) -> None:
    """On a branch, away from any, and on one that is not born."""
    commit = git_repo.run("git", "rev-parse", "HEAD", check=True).stdout.strip()
    assert head_of(git_repo.repo) == ("refs/heads/main", commit)
    git_repo.run("git", "pack-refs", "--all", check=True)
    assert head_of(git_repo.repo) == ("refs/heads/main", commit)
    git_repo.run("git", "checkout", "-q", "--detach", check=True)
    assert head_of(git_repo.repo) == ("", commit)
    git_repo.run("git", "checkout", "-q", "--orphan", "new", check=True)
    assert head_of(git_repo.repo) == ("refs/heads/new", "")


def test_programs_named_in_the_configuration_never_run(git_repo: Workspace, tmp_path: Path) -> None:
    """Whatever a stage writes into .git/config, reading the repository from outside starts none of it."""
    mark = tmp_path / "mark"
    program = f"touch {mark}"
    for key in ("core.fsmonitor", "core.alternateRefsCommand", "gpg.program", "diff.external", "core.pager"):
        git_repo.run("git", "config", key, program, check=True)
    for key in ("uploadpack.packObjectsHook", "core.sshCommand", "log.showSignature"):
        git_repo.run("git", "config", key, "true" if key.startswith("log") else program, check=True)
    commit = git_repo.run("git", "rev-parse", "HEAD").stdout.strip()
    assert GitRepository(safe_clone(git_repo.repo, tmp_path)).tree(commit).paths() == ("in.txt",)
    assert not mark.exists()


@pytest.mark.parametrize(
    "ruin",
    [
        "rm -rf .git",
        "rm -rf .git && ln -s /etc .git",
        "mv .git ../home/git && ln -s ../home/git .git",
        "rm -rf .git && echo 'gitdir: /etc' > .git",
        "rm .git/HEAD && mkfifo .git/HEAD",
        "echo /etc > .git/objects/info/alternates",
        "rm -rf .git/objects && ln -s ../../home .git/objects",
    ],
)
def test_a_ruined_repository_fails_the_check(git_repo: Workspace, tmp_path: Path, ruin: str) -> None:
    """A Git directory that is gone, a link or borrows from elsewhere is the submission's failure."""
    git_repo.run("sh", "-c", ruin, check=True)
    with pytest.raises(CheckFailed, match="a Git repository that can be read"):
        safe_clone(git_repo.repo, tmp_path)
