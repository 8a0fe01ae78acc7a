"""Which lab a submission is graded by: the one that was named, or else the one that its files give away."""

from __future__ import annotations

import contextlib
import fnmatch
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.repository import GitRepository
from harness.grading.rubric_file import load_rubric
from harness.labs import RUBRIC, installed, lab_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.grading.rubric import Detection, Rubric


class NoSuchLab(Exception):
    """It cannot be said which lab to grade by; the message names the labs that there are."""


@dataclass(frozen=True)
class Lab:
    """A lab that was chosen: its folder, its rubric, and the digest of all its files."""

    folder: Path
    rubric: Rubric
    digest: str


def named_lab(name: str, labs: Mapping[str, Path] | None = None) -> Lab:
    """Return the lab with this name or in this folder; NoSuchLab when there is none."""
    known = installed() if labs is None else labs
    folder = known.get(name) or Path(name)
    if not (folder / RUBRIC).is_file():
        raise NoSuchLab(
            f"there is no lab {name!r}: neither is it one of the installed labs ({_listed(known)}), "
            f"nor is it a folder with a {RUBRIC}. Name one of these with --lab."
        )
    return _open(folder.resolve())


def detected_lab(repository: Path, commit: str, labs: Mapping[str, Path] | None = None) -> Lab:
    """Return the one lab whose ``[detect]`` patterns match the submission at ``commit`` or in its history.

    A lab that is the only one installed needs no match. NoSuchLab when none or several match.
    """
    known = installed() if labs is None else labs
    opened = [_open(folder) for folder in known.values()]
    matching = _matching(opened, repository, commit) or (opened if len(opened) == 1 else [])
    if len(matching) == 1:
        return matching[0]
    if matching:
        names = " and ".join(lab.rubric.lab for lab in matching)
        raise NoSuchLab(f"{len(matching)} labs match this submission: {names}. Name one with --lab.")
    raise NoSuchLab(f"no lab matches this submission; looked for {_listed(known)}. Name one with --lab.")


def matches(detect: Detection, paths: Iterable[str]) -> bool:
    """Say whether paths give a lab away: each of its ``all`` patterns matches, and one of ``any``."""
    names = tuple(paths)

    def there(pattern: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for name in names)

    some = any(map(there, detect.any)) if detect.any else bool(detect.all)
    return some and all(map(there, detect.all))


def _matching(labs: list[Lab], repository: Path, commit: str) -> list[Lab]:
    with contextlib.closing(GitRepository(repository)) as clone:
        for paths in (_paths_at(clone, commit), _paths_ever(clone)):
            if found := [lab for lab in labs if matches(lab.rubric.detect, paths)]:
                return found
    return []


def _paths_at(clone: GitRepository, commit: str) -> tuple[str, ...]:
    with contextlib.suppress(MalformedEvidence):
        return clone.tree(commit).paths()
    return ()


def _paths_ever(clone: GitRepository) -> tuple[str, ...]:
    with contextlib.suppress(MalformedEvidence):
        commits = clone.commits(*clone.branches().values(), *clone.tags().values())
        return tuple({change.path for commit in commits for change in clone.changes(commit.sha)})
    return ()


def _open(folder: Path) -> Lab:
    return Lab(folder, load_rubric(folder / RUBRIC), lab_digest(folder))


def _listed(labs: Mapping[str, Path]) -> str:
    return ", ".join(sorted(labs)) or "none"
