"""The digest of what was opened."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.submission import Submission, open_submission

GitIn = Callable[..., str]


class TestDigest:
    """Equal for the same work, another for other work."""

    @pytest.fixture
    def opened(self, alice: Path, tmp_path: Path) -> Callable[[str], Submission]:
        """Open the copy once more, perhaps at a revision."""

        def again(suffix: str = "") -> Submission:
            return open_submission(f"{alice}{suffix}", tmp_path / f"opened-{len(list(tmp_path.iterdir()))}")

        return again

    def test_ignores_what_is_nobodys_work(
        self, alice: Path, git_in: GitIn, opened: Callable[..., Submission]
    ) -> None:
        """Remote-tracking refs, the stash and DVC's own bookkeeping make no difference."""
        before = opened().digest
        for ref in ("refs/remotes/origin/main", "refs/stash", "refs/exps/exec/EXEC_APPLY", "refs/exps/stash"):
            git_in(alice, "update-ref", ref, "main")
        git_in(alice, "pack-refs", "--all")
        assert opened().digest == before

    @pytest.mark.parametrize("ref", ["refs/heads/new", "refs/tags/new", "refs/exps/00/" + "0" * 38 + "/new"])
    def test_depends_on_refs(
        self, alice: Path, git_in: GitIn, opened: Callable[..., Submission], ref: str
    ) -> None:
        """A branch, a tag and an experiment more are another submission."""
        before = opened().digest
        git_in(alice, "update-ref", ref, "main")
        assert opened().digest != before

    def test_depends_on_revision(self, opened: Callable[..., Submission]) -> None:
        """Another graded commit is another submission."""
        assert opened("@v1").digest != opened().digest

    def test_depends_on_objects(self, alice: Path, opened: Callable[..., Submission]) -> None:
        """Without its cache it is another submission."""
        before = opened().digest
        shutil.rmtree(alice / ".dvc" / "cache")
        assert opened().digest != before
