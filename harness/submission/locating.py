"""Finding the one Git repository in a folder, without asking Git and without following a link."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harness.errors import Unreadable
from harness.submission.wording import listed, shown

_MACHINE_JUNK = frozenset({"__MACOSX", ".DS_Store"})
_HOW_TO_HAND_IN = (
    "hand in the folder together with its hidden .git folder (a ZIP downloaded from a Git host has none), "
    "or the file that `git bundle create work.bundle --all` writes"
)


@dataclass(frozen=True)
class Located:
    """A repository: its Git directory, and whether a work tree lies around it."""

    git_dir: Path
    bare: bool


def repository_in_folder(folder: Path) -> Located:
    """Return the repository whose root is exactly this folder; Unreadable says what was found instead."""
    found = _repository_at(folder)
    if found:
        return found
    if not any(folder.iterdir()):
        raise Unreadable(f"{shown(folder)} is empty: looked for a Git repository; {_HOW_TO_HAND_IN}")
    parent = next((above for above in folder.resolve().parents if (above / ".git").exists()), None)
    below = [str(path.relative_to(folder)) for path, _ in _repositories_below(folder, 2)]
    if below:
        raise Unreadable(
            f"{shown(folder)} is not a Git repository, but holds one in {listed(below)}: name that folder"
        )
    if parent:
        raise Unreadable(f"{shown(folder)} lies inside the repository {shown(parent)}: name that folder")
    raise Unreadable(f"{shown(folder)} is not a Git repository: no .git folder in it; {_HOW_TO_HAND_IN}")


def repository_in_archive(root: Path, archive: Path, depth: int = 3) -> Located:
    """Return the one repository at the root of what was unpacked, or up to `depth` folders down.

    One with a work tree is preferred to bare ones beside it. Unreadable when there is none, or several.
    """
    found = _repositories_below(root, depth)
    with_work_tree = [(path, located) for path, located in found if not located.bare]
    candidates = with_work_tree or found
    if not candidates:
        top = sorted(path.name for path in root.iterdir() if path.name not in _MACHINE_JUNK)
        raise Unreadable(
            f"{shown(archive)} holds no Git repository at its root or up to {depth} folders down "
            f"(at the root: {listed(top)}); {_HOW_TO_HAND_IN}"
        )
    if len(candidates) > 1:
        names = sorted(str(path.relative_to(root)) for path, _ in candidates)
        raise Unreadable(
            f"{shown(archive)} holds {len(names)} repositories ({listed(names)}): hand in exactly one"
        )
    return candidates[0][1]


def _repositories_below(root: Path, depth: int) -> list[tuple[Path, Located]]:
    found: list[tuple[Path, Located]] = []
    level = [root]
    for _ in range(depth + 1):
        here = [(folder, _repository_at(folder)) for folder in level]
        found += [(folder, located) for folder, located in here if located]
        level = [child for folder, located in here if not located for child in _folders_in(folder)]
    return found


def _folders_in(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return sorted(
            Path(entry.path)
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and entry.name not in _MACHINE_JUNK
        )


def _repository_at(folder: Path) -> Located | None:
    inner = folder / ".git"
    if inner.is_symlink():
        raise Unreadable(
            f"{shown(inner)} is a link: hand in the repository itself, with its .git folder in place"
        )
    if inner.is_file():
        raise Unreadable(
            f"{shown(inner)} is a file that points to a repository elsewhere (a Git worktree or submodule): "
            "hand in that repository, or a bundle made with `git bundle create work.bundle --all`"
        )
    if inner.is_dir():
        return Located(inner, bare=False)
    return Located(folder, bare=True) if _looks_bare(folder) else None


def _looks_bare(folder: Path) -> bool:
    refs = (folder / "refs").is_dir() or (folder / "packed-refs").is_file()
    return refs and (folder / "HEAD").is_file() and (folder / "objects").is_dir()
