"""Whether anybody could check out a commit: a tree may hold names that Git refuses, or that no disk takes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness.errors import Unreadable
from harness.submission.gitclone import GitFailed
from harness.submission.wording import shown

if TYPE_CHECKING:
    from pathlib import Path

    from harness.submission.gitclone import IsolatedGit

LONGEST_NAME = 255  # bytes, on every file system in common use
LONGEST_PATH = 3500  # bytes: what Linux can name at once, less where a workspace lies


def refuse_impossible_names(isolated: IsolatedGit, repository: Path, commit: str, scratch: Path) -> None:
    """See that the commit's files can be laid down; `scratch` names a file that may be written meanwhile.

    Raises:
        Unreadable: Git refuses a path, such as `..`, or a name is longer than any disk takes.
    """
    here = f"--git-dir={repository}"
    try:
        isolated.run(here, "read-tree", f"--index-output={scratch}", commit)
        paths = isolated.run(here, "ls-tree", "-r", "-z", "--name-only", commit).split("\0")
    except GitFailed as error:
        raise Unreadable(
            f"its files cannot be checked out by anybody ({error}): rename what Git names"
        ) from error
    finally:
        scratch.unlink(missing_ok=True)
    for path in map(os.fsencode, paths):
        if len(path) > LONGEST_PATH or max(map(len, path.split(b"/"))) > LONGEST_NAME:
            name = shown(os.fsdecode(path), 60)
            raise Unreadable(f"the name '{name}' is too long for any disk: rename it, and commit again")
