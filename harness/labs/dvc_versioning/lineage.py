"""Which tracked path is the dataset, and each that it had in turn: with `dvc move` the former one goes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from harness.labs.dvc_versioning.dataset import DATA_PATH, known_forms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.evidence.pointers import Pointer
    from harness.evidence.repository import Commit, GitRepository

LEAST_LIKE = 4
FOLDERS = ("data/raw", "data")
TABLES = (".csv", ".tsv", ".parquet")


def unlikeliness(path: str, pointers: Iterable[Pointer]) -> int:
    """How unlike the dataset a tracked path is, from 0 to LEAST_LIKE: by its name, hashes and ending."""
    hashes = {(pointer.md5 or "").removesuffix(".dir") for pointer in pointers}
    signs = (
        path.endswith(DATA_PATH),
        bool(hashes & set(known_forms())),
        path.endswith(FOLDERS),
        path.endswith(TABLES),
    )
    return next((rank for rank, sign in enumerate(signs) if sign), LEAST_LIKE)


def names_in_turn(
    history: Mapping[str, Sequence[tuple[str, Pointer]]],
    first: str,
    others: Iterable[str],
    git: GitRepository,
) -> tuple[str, ...]:
    """``first`` and those of the other paths that took its place: one pointer came as the other one went.

    ``history`` has, by path, each commit that gave it another version, with the pointer.
    """
    found = [first]
    for path in others:
        files = {pointer.file for name in found for _, pointer in history[name]}
        if any(_went(files, history[path][0][0], git)):
            found.append(path)
    return tuple(found)


def versions_in_turn(
    history: Mapping[str, Sequence[tuple[str, Pointer]]], names: Sequence[str], commits: Iterable[Commit]
) -> tuple[tuple[str, Pointer], ...]:
    """The versions under all these paths, in the order of the commits; a mere move makes none."""
    order = {commit.sha: place for place, commit in enumerate(commits)}
    every = sorted((one for name in names for one in history[name]), key=lambda one: order[one[0]])
    later = [other for one, other in pairwise(every) if other[1].md5 != one[1].md5]
    return (*every[:1], *later)


def _went(files: Iterable[str], commit: str, git: GitRepository) -> Iterable[bool]:
    """For each of the files, whether this commit took it away."""
    gone = {change.path for change in git.changes(commit) if change.after is None}
    return (file in gone for file in files)
