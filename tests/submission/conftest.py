"""Repositories made with real Git and real DVC: built once, copied for each test."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import git
import pytest

GitIn = Callable[..., str]
Tree = dict[str, tuple[str, int, bytes]]


@pytest.fixture(scope="session")
def git_in() -> GitIn:
    """Run one git command in a folder, as an identity of the tests and without anybody's configuration."""
    who = {
        f"GIT_{role}_{part}": f"{part}@example.org".lower()
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    when = {"GIT_AUTHOR_DATE": "2026-01-05T10:00:00Z", "GIT_COMMITTER_DATE": "2026-01-05T10:00:00Z"}
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_ALLOW_PROTOCOL": "file"}

    def run(folder: Path, *words: str | Path) -> str:
        return str(git.Git(folder).execute(["git", *map(str, words)], env=who | when | own))

    return run


@pytest.fixture(scope="session")
def commit(git_in: GitIn) -> Callable[..., str]:
    """Write files into a work tree and commit all of it; returns the commit."""

    def write_and_commit(folder: Path, files: dict[str, str | bytes], message: str) -> str:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        git_in(folder, "add", "--all")
        git_in(folder, "commit", "--quiet", "--message", message)
        return git_in(folder, "rev-parse", "HEAD")

    return write_and_commit


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, git_in: GitIn, commit: Callable[..., str]) -> Path:
    """Two commits on main, a branch, a tag, an experiment, a pull request, a DVC cache and remote inside."""
    folder = tmp_path_factory.mktemp("template") / "alice"
    folder.mkdir()
    git_in(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, {"table.csv": "a,b\n1,2\n3,4\n"}, "first")
    git_in(folder, "tag", "--annotate", "v1", "--message", "v1")
    _track_with_dvc(folder)
    commit(folder, {"table.csv": "a,b\n1,2\n3,4\n5,6\n"}, "second")
    git_in(folder, "branch", "feature/x", "main~1")
    for ref in ("exps/ab/" + "c" * 38 + "/loud-seal", "exps/exec/EXEC_HEAD", "stash"):
        git_in(folder, "update-ref", f"refs/{ref}", "main~1")
    for number, where in (("12", "pull"), ("7", "merge-requests")):
        git_in(folder, "update-ref", f"refs/{where}/{number}/head", "main~1")
    return folder


def _track_with_dvc(folder: Path) -> None:
    home = folder.parent / "dvc-home"
    names = (
        "HOME",
        "XDG_CONFIG_HOME",
        "DVC_GLOBAL_CONFIG_DIR",
        "DVC_SYSTEM_CONFIG_DIR",
        "DVC_SITE_CACHE_DIR",
    )
    environment = dict.fromkeys(names, str(home)) | {"DVC_NO_ANALYTICS": "true"}

    def dvc(*words: str) -> None:
        git.Git(folder).execute([sys.executable, "-m", "dvc", *words, "--quiet"], env=environment)

    (folder / "big.csv").write_bytes(b"x\r\n1\r\n2\r\n")
    (folder / "images").mkdir()
    (folder / "images" / "one.txt").write_text("one\n")
    (folder / "images" / "two.txt").write_text("two\n")
    (folder / ".gitignore").write_text("/dvc-storage\n")
    dvc("init")
    dvc("remote", "add", "--default", "storage", "dvc-storage")
    dvc("add", "big.csv", "images")
    dvc("push")


@pytest.fixture
def alice(template: Path, tmp_path: Path) -> Path:
    """A copy of the template that a test may spoil."""
    return Path(shutil.copytree(template, tmp_path / "alice", symlinks=True))


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """The folder to open into: not there yet."""
    return tmp_path / "opened"


@pytest.fixture(scope="session")
def tree_of() -> Callable[[Path], Tree]:
    """Everything about a folder's files that opening must leave alone: type and mode, time, content."""

    def read(folder: Path) -> Tree:
        paths = (path for path in sorted(folder.rglob("*")) if not path.is_socket())
        return {
            str(path.relative_to(folder)): (
                oct(path.lstat().st_mode),
                path.lstat().st_mtime_ns,
                path.read_bytes() if path.is_file() else b"",
            )
            for path in paths
        }

    return read
