"""Running Git isolated, and cloning through the stand-in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import HarnessError, Unreadable
from harness.submission.gitclone import (
    GitFailed,
    IsolatedGit,
    bundle_head,
    clone_directory,
    commit_of,
    fetch_everything,
    point_head,
    refs_of,
    remote_head,
)
from harness.submission.gitdir import Head, read_git_directory

GitIn = Callable[..., str]


@pytest.fixture
def isolated(tmp_path: Path) -> IsolatedGit:
    """Git with a home below the test's folder."""
    return IsolatedGit.at(tmp_path / "git-home")


def test_nobodys_configuration_is_read(
    isolated: IsolatedGit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's configuration, by whichever door, does not reach Git."""
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = somebody\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "somebody")
    assert "somebody" not in isolated.run("config", "--list")
    assert isolated.run("config", "core.hooksPath") == os.devnull


def test_repository_around_is_not_found(tmp_path: Path, git_in: GitIn) -> None:
    """A home that lies inside of a repository is inside of none."""
    git_in(tmp_path, "init", "--quiet")
    git_in(tmp_path, "config", "user.name", "around")
    isolated = IsolatedGit.at(tmp_path / "deep" / "git-home")
    assert "around" not in isolated.run("config", "--list")
    with pytest.raises(GitFailed, match="not a git repository"):
        isolated.run("rev-parse", "--git-dir")


def test_only_the_named_protocol_is_allowed(isolated: IsolatedGit, template: Path, tmp_path: Path) -> None:
    """A file is not reached where https is meant, nor a helper in any case."""
    with pytest.raises(GitFailed, match="transport 'file' not allowed"):
        fetch_everything(isolated, str(template), tmp_path / "a.git", protocol="https")
    with pytest.raises(GitFailed, match="transport 'ext' not allowed"):
        fetch_everything(isolated, f"ext::touch {tmp_path / 'sprung'}", tmp_path / "b.git")
    assert not (tmp_path / "sprung").exists()


def test_failure_tells_gits_own_reason(isolated: IsolatedGit, tmp_path: Path) -> None:
    """The reason is one printable line."""
    with pytest.raises(
        GitFailed, match=r"^fatal: .*nowhere.* does not appear to be a git repository"
    ) as raised:
        fetch_everything(isolated, str(tmp_path / "nowhere"), tmp_path / "clone.git")
    assert str(raised.value).isprintable()


def test_missing_git_is_our_failure(isolated: IsolatedGit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Git on the machine, nobody's submission is at fault."""
    monkeypatch.setenv("PATH", "/nonexistent")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    with pytest.raises(HarnessError, match="install Git"):
        isolated.run("version")


def test_time_limit(tmp_path: Path) -> None:
    """A command that would never end is ended."""
    slow = IsolatedGit(IsolatedGit.at(tmp_path / "home").home, timeout=0.3)
    with pytest.raises(GitFailed, match="did not complete"):
        slow.run("-c", "alias.wait=!sleep 20", "wait")


def test_clone_has_objects_of_its_own(
    isolated: IsolatedGit, alice: Path, tmp_path: Path, git_in: GitIn
) -> None:
    """The clone stands alone: whole, packed, without alternates, with the refs of the source."""
    target = tmp_path / "clone.git"
    clone_directory(isolated, read_git_directory(alice / ".git"), target, tmp_path / "scratch.git")
    assert not (target / "objects" / "info" / "alternates").exists()
    assert refs_of(isolated, target) == read_git_directory(alice / ".git").refs
    (tmp_path / "scratch.git").rename(tmp_path / "away.git")
    alice.rename(tmp_path / "gone")
    assert "missing" not in git_in(target, "fsck", "--full")


def test_forged_commit_graph_is_not_believed(
    isolated: IsolatedGit, alice: Path, tmp_path: Path, git_in: GitIn
) -> None:
    """History is read from the commits, not from a cache that was handed in with them."""
    git_in(alice, "commit-graph", "write", "--reachable")
    graph = alice / ".git" / "objects" / "info" / "commit-graph"
    graph.chmod(0o644)
    graph.write_bytes(graph.read_bytes()[:64] + b"\xff" * 400)
    target = tmp_path / "clone.git"
    clone_directory(isolated, read_git_directory(alice / ".git"), target, tmp_path / "scratch.git")
    assert git_in(target, "rev-list", "--count", "refs/heads/main") == "2"


def test_head_of_a_bundle(isolated: IsolatedGit, alice: Path, git_in: GitIn) -> None:
    """A bundle's HEAD is a branch at its commit, main before others, else the commit, else nothing."""
    git_in(alice, "branch", "also")
    git_in(alice, "bundle", "create", "--quiet", "all.bundle", "--all")
    assert bundle_head(isolated, alice / "all.bundle") == Head("refs/heads/main", None)
    git_in(alice, "checkout", "--quiet", "--detach", "v1")
    git_in(alice, "bundle", "create", "--quiet", "two.bundle", "HEAD", "main")
    assert bundle_head(isolated, alice / "two.bundle") == Head(None, git_in(alice, "rev-parse", "HEAD"))
    git_in(alice, "bundle", "create", "--quiet", "one.bundle", "main")
    assert bundle_head(isolated, alice / "one.bundle") == Head(None, None)


def test_head_of_a_server(isolated: IsolatedGit, alice: Path, git_in: GitIn) -> None:
    """A server says which branch HEAD is, or at which commit it is detached."""
    assert remote_head(isolated, str(alice), "file") == Head("refs/heads/main", None)
    git_in(alice, "checkout", "--quiet", "--detach", "feature/x")
    assert remote_head(isolated, str(alice), "file") == Head(None, git_in(alice, "rev-parse", "feature/x"))


def test_head_of_the_clone(isolated: IsolatedGit, alice: Path, git_in: GitIn) -> None:
    """HEAD becomes a branch where the revision is one, else the commit."""
    repository = alice / ".git"
    commit = commit_of(isolated, repository, "main~1")
    point_head(isolated, repository, commit, "refs/heads/feature/x")
    assert git_in(alice, "symbolic-ref", "HEAD") == "refs/heads/feature/x"
    point_head(isolated, repository, commit, "refs/pull/12/head")
    assert (repository / "HEAD").read_text() == f"{commit}\n"


def test_commit_of_what_is_none(isolated: IsolatedGit, alice: Path) -> None:
    """A revision that names no commit is refused, also one that looks like an option."""
    for revision in ("nope", "--all", "main:table.csv"):
        with pytest.raises(Unreadable, match="names no commit"):
            commit_of(isolated, alice / ".git", revision)
