"""Which revision of a submission is graded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import Unreadable
from harness.submission.wording import listed, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.submission.gitdir import Head

_HEADS = "refs/heads/"


@dataclass(frozen=True)
class Chosen:
    """A revision for Git to resolve, the full name of its ref (None for a bare commit), and its branch."""

    expression: str
    ref: str | None
    branch: str


def choose_revision(refs: Mapping[str, str], head: Head, wanted: str | None) -> Chosen:
    """Return the wanted revision, else what HEAD says, else the only branch.

    Raises Unreadable when nothing was committed, the revision is not there, or several could be meant.
    """
    if wanted not in {None, "HEAD"}:
        return _named(refs, str(wanted))
    if head.commit:
        return Chosen(head.commit, None, "main")
    if head.ref in refs:
        return _from_ref(str(head.ref))
    branches = _branches(refs)
    if len(branches) == 1:
        return _from_ref(_HEADS + branches[0])
    if branches:
        at = (
            "HEAD names no branch"
            if head.ref is None
            else f"HEAD names '{shown(head.ref)}', which has no commit"
        )
        raise Unreadable(f"{at}, and there are several branches ({listed(branches)}): name one with @BRANCH")
    raise Unreadable(
        "the repository has no commits: looked for a branch with at least one; commit, then hand in again"
    )


def _named(refs: Mapping[str, str], wanted: str) -> Chosen:
    for name in _full_names(wanted):
        if name in refs:
            return _from_ref(name)
    if re.fullmatch(r"[0-9a-f]{4,40}", wanted.lower()):
        return Chosen(wanted.lower(), None, "main")
    if re.search(r"[^~^][~^]+\d*$", wanted) and not wanted.startswith("HEAD"):
        return Chosen(wanted, None, "main")
    tags = sorted(name.removeprefix("refs/tags/") for name in refs if name.startswith("refs/tags/"))
    raise Unreadable(
        f"there is no revision '{shown(wanted)}'; branches: {listed(_branches(refs))}; tags: {listed(tags)}; "
        f"pull requests: {sum(name.startswith(('refs/pull/', 'refs/merge-requests/')) for name in refs)}"
    )


def _full_names(wanted: str) -> list[str]:
    request = re.fullmatch(r"(?P<kind>pr|mr)/(?P<number>\d+)", wanted)
    names = [wanted] if wanted.startswith("refs/") else []
    names += [
        _HEADS + wanted,
        f"refs/tags/{wanted}",
        f"refs/remotes/origin/{wanted}",
        f"refs/remotes/{wanted}",
    ]
    if request:
        folder = "pull" if request["kind"] == "pr" else "merge-requests"
        names.append(f"refs/{folder}/{request['number']}/head")
    return names


def _from_ref(name: str) -> Chosen:
    branch = re.sub(r"^refs/(heads|remotes/[^/]+)/", "", name)
    return Chosen(name, name, "main" if branch == name else branch)


def _branches(refs: Mapping[str, str]) -> list[str]:
    return sorted(name.removeprefix(_HEADS) for name in refs if name.startswith(_HEADS))
