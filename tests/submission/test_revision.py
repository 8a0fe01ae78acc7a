"""Which revision is graded."""

from __future__ import annotations

import pytest

from harness.errors import Unreadable
from harness.submission.gitdir import Head
from harness.submission.revision import Chosen, choose_revision

SHA = "a" * 40
REFS = dict.fromkeys(
    [
        "refs/heads/main",
        "refs/heads/feature/x",
        "refs/heads/pr/9",
        "refs/tags/v1",
        "refs/tags/main",
        "refs/remotes/origin/theirs",
        "refs/pull/9/head",
        "refs/pull/12/head",
        "refs/merge-requests/3/head",
    ],
    SHA,
)
ON_MAIN = Head("refs/heads/main", None)


@pytest.mark.parametrize(
    ("wanted", "ref", "branch"),
    [
        (None, "refs/heads/main", "main"),
        ("HEAD", "refs/heads/main", "main"),
        ("main", "refs/heads/main", "main"),
        ("refs/tags/main", "refs/tags/main", "main"),
        ("feature/x", "refs/heads/feature/x", "feature/x"),
        ("v1", "refs/tags/v1", "main"),
        ("theirs", "refs/remotes/origin/theirs", "theirs"),
        ("origin/theirs", "refs/remotes/origin/theirs", "theirs"),
        ("pr/9", "refs/heads/pr/9", "pr/9"),
        ("pr/12", "refs/pull/12/head", "main"),
        ("mr/3", "refs/merge-requests/3/head", "main"),
    ],
)
def test_names(wanted: str | None, ref: str, branch: str) -> None:
    """A branch wins over a tag of its name, and over the shorthand for a pull request."""
    assert choose_revision(REFS, ON_MAIN, wanted) == Chosen(ref, ref, branch)


@pytest.mark.parametrize("wanted", ["abcd", "ABCDEF12", "main~1", "v1^", "feature/x~2^2"])
def test_expressions_are_left_to_git(wanted: str) -> None:
    """Digits of a commit, and an ancestor of a name, are for Git to resolve."""
    chosen = choose_revision(REFS, ON_MAIN, wanted)
    assert (chosen.expression.lower(), chosen.ref, chosen.branch) == (wanted.lower(), None, "main")


@pytest.mark.parametrize(
    "wanted", ["nope", "pr/13", "abc", ":/message", "HEAD~1", "@{1}", "main^{tree}", "x\x1b"]
)
def test_what_is_not_there(wanted: str) -> None:
    """Anything else is answered with what there is."""
    with pytest.raises(
        Unreadable, match="branches: feature/x, main, pr/9; tags: main, v1; pull requests: 3"
    ) as raised:
        choose_revision(REFS, ON_MAIN, wanted)
    assert str(raised.value).isprintable()


def test_detached() -> None:
    """A detached HEAD is its commit."""
    assert choose_revision(REFS, Head(None, SHA), None) == Chosen(SHA, None, "main")


def test_unborn() -> None:
    """Where HEAD has no commit: the only branch, or a question, or no commits."""
    unborn = Head("refs/heads/master", None)
    assert choose_revision({"refs/heads/dev": SHA}, unborn, None).branch == "dev"
    with pytest.raises(
        Unreadable, match="HEAD names 'refs/heads/master', which has no commit, and there are several"
    ):
        choose_revision(REFS, unborn, None)
    with pytest.raises(Unreadable, match="HEAD names no branch, and there are several"):
        choose_revision(REFS, Head(None, None), None)
    with pytest.raises(Unreadable, match="has no commits"):
        choose_revision({"refs/tags/v1": SHA}, unborn, None)
