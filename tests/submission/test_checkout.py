"""Commits that nobody could check out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import git
import pytest

from harness.errors import Unreadable
from harness.submission import open_submission

Trees = Callable[[str], None]


@pytest.fixture
def plant(alice: Path, tmp_path: Path) -> Trees:
    """Commits a tree with one more entry, a row of `git mktree`, which `git add` would not make."""

    def run(*words: str, given: str = "") -> str:
        (tmp_path / "given").write_text(given, encoding="utf-8")
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words]
        with (tmp_path / "given").open("rb") as stream:
            return str(git.Git(alice).execute(command, istream=stream))

    def commit(row: str) -> None:
        row = row.format(blob=run("hash-object", "-w", "--stdin", given="x"), tree=run("mktree"))
        tree = run("mktree", given=f"{run('ls-tree', 'HEAD')}\n{row}\n")
        run("reset", "--soft", run("commit-tree", "-p", "HEAD", "-m", "plant", tree))

    return commit


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("100644 blob {blob}\t..", "cannot be checked out by anybody"),
        ("040000 tree {tree}\t.git", None),
        ("100644 blob {blob}\t.GIT", "cannot be checked out by anybody"),
        ("100644 blob {blob}\t" + "n" * 256, "is too long for any disk"),
        ("100644 blob {blob}\t" + "é" * 128, "is too long for any disk"),
        ("100644 blob {blob}\t" + "n" * 255, None),
    ],
)
def test_a_commit_that_nobody_can_check_out_is_refused(
    alice: Path, into: Path, plant: Trees, row: str, said: str | None
) -> None:
    """It is unreadable, with the name that is wrong; an empty folder, which Git never lays down, is none."""
    plant(row)
    if said is None:
        assert open_submission(str(alice), into).commit
        return
    with pytest.raises(Unreadable, match=said):
        open_submission(str(alice), into)
    assert not into.exists() or not list(into.iterdir())
