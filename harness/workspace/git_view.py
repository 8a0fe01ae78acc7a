"""Reading the Git repository of a workspace that a submission's commands have been at.

Git itself is never run on it from outside: its configuration, hooks and alternates may be anything by then.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import CheckFailed, Unreadable
from harness.submission.gitclone import GitFailed, IsolatedGit, clone_directory
from harness.submission.gitdir import read_git_directory

if TYPE_CHECKING:
    from harness.submission.gitdir import GitDirectory


def refs_in(repository: Path) -> dict[str, str]:
    """Every ref of a repository with the object it names, read from its files.

    Raises:
        CheckFailed: it is no repository that can be read any more.
    """
    return dict(_directory(repository).refs)


def head_of(repository: Path) -> tuple[str, str]:
    """The ref that HEAD stands for ("" where it is detached) and its commit ("" where that is not born).

    Raises:
        CheckFailed: it is no repository that can be read any more.
    """
    found = _directory(repository)
    ref = found.head.ref or ""
    return ref, found.head.commit or found.refs.get(ref, "")


def safe_clone(repository: Path, into: Path) -> Path:
    """A bare clone of the whole repository, with nothing but its objects and refs, in a new folder in `into`.

    Raises:
        CheckFailed: it is no repository that can be read any more.
    """
    source = _directory(repository)
    place = Path(tempfile.mkdtemp(dir=into))
    try:
        clone_directory(IsolatedGit.at(place / "home"), source, place / "clone", place / "stand-in")
    except GitFailed as error:
        raise _ruined(str(error)) from error
    return place / "clone"


def _directory(repository: Path) -> GitDirectory:
    """The Git directory of a work tree, or a bare one; no link to elsewhere is taken for it."""
    folder = repository / ".git"
    try:
        found = read_git_directory(folder if folder.is_dir() else repository)
    except (Unreadable, OSError) as error:
        raise _ruined(str(error)) from error
    if any(path.is_symlink() for path in (repository, folder, found.objects)):
        raise _ruined("its Git directory is a link")
    return found


def _ruined(why: str) -> CheckFailed:
    return CheckFailed("a Git repository that can be read after the lab's commands", why)
