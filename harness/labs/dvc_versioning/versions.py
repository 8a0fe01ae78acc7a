"""The versions of the dataset in a submission's history, and the bytes behind its pointers."""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.listing import read_listing
from harness.evidence.pointers import pointer_versions
from harness.evidence.rows import grew
from harness.evidence.table import read_table
from harness.labs.dvc_versioning.copies import Copies
from harness.labs.dvc_versioning.dataset import DATA_PATH, forms, known_forms, lab_data
from harness.labs.dvc_versioning.lineage import (
    LEAST_LIKE,
    TABLES,
    names_in_turn,
    unlikeliness,
    versions_in_turn,
)
from harness.submission.recovery import Recovered, Recovery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from harness.evidence.history import Replaced
    from harness.evidence.pointers import Pointer
    from harness.evidence.table import Table
    from harness.labs.dvc_versioning.case import Case

LARGEST_LOOKED_AT = 32 << 20  # 250 times the lab's dataset


@dataclass(frozen=True)
class Placed:
    """A file to be put into a workspace: where, its md5 and bytes, and how they were found."""

    path: str
    md5: str
    data: Path
    how: str
    stands_in: bool = False


@dataclass(frozen=True)
class Version:
    """One version of the dataset: its commit and pointer, and its files where they could be recovered."""

    commit: str
    pointer: Pointer
    files: tuple[Placed, ...]
    listing: Path | None
    table: Table | None
    form: str | None

    @property
    def how(self) -> str:
        """How the bytes were found."""
        return "; ".join(dict.fromkeys(item.how for item in self.files))


def main_table(files: Sequence[Placed]) -> Placed | None:
    """The table among files that belong together: the largest."""
    tables = [item for item in files if item.path.endswith(TABLES)]
    return max(tables or files, key=lambda item: item.data.stat().st_size, default=None)


def recovery_for(case: Case, store: Path) -> Recovery:
    """Known bytes: the lab's data, what was handed in, and the history's blobs of a fitting size."""
    recovery = Recovery(store)
    recovery.add(lab_data(), "the lab's own dataset")
    commits = [commit.sha for commit in case.history.student_commits]
    pointers = [pointer for sha in commits for pointer in case.pointers(sha)]
    locked = [dep for sha in case.described for stage in case.recorded(sha) for dep in stage.deps]
    wanted = {one.md5: one.size for one in pointers if one.md5} | {
        one.md5: one.size for one in locked if one.md5
    }
    recovery.add_objects(case.submission.objects, wanted)
    recovery.add_history(case.submission.repository, [size for size in wanted.values() if size])
    return recovery


class Dataset:
    """The dataset through a submission's history.

    ``augmented`` makes, when it is first needed, the versions that the submission's own augmentation script
    makes of the lab's data, each with the words that say so.
    """

    def __init__(
        self,
        case: Case,
        recovery: Recovery,
        augmented: Callable[[], Iterable[tuple[bytes, str]]],
        store: Path,
    ) -> None:
        self.case = case
        self.recovery = recovery
        self._augmented = augmented
        self._store = store

    @cached_property
    def history(self) -> dict[str, tuple[tuple[str, Pointer], ...]]:
        """By path, each version that a student commit gave a pointer: commit and pointer, in order."""
        versions = pointer_versions(self.case.history.student_commits, self.case.repository)
        return {path: tuple((v.commit.sha, v.pointer) for v in found) for path, found in versions.items()}

    @cached_property
    def path(self) -> str:
        """The dataset's path: the handout's where it is tracked, else what looks most like it."""
        return min(self.history, key=self._unlikeliness, default=self.case.inside_dvc_root(DATA_PATH))

    def _unlikeliness(self, path: str) -> tuple[int, str]:
        return unlikeliness(path, [pointer for _, pointer in self.history[path]]), path

    @property
    def looks_tracked(self) -> bool:
        """Whether any pointer in the history looks like the dataset's, rather than a model's."""
        return bool(self.history) and self._unlikeliness(self.path)[0] < LEAST_LIKE

    @cached_property
    def versions(self) -> tuple[Version, ...]:
        """The versions of the dataset in the student's history, the first one first; none: never tracked."""
        if not self.looks_tracked:
            return ()
        found = versions_in_turn(self.history, self.names, self.case.history.student_commits)
        return tuple(self._version(commit, pointer) for commit, pointer in found)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The paths that the dataset had, one after the other."""
        if not self.looks_tracked:
            return (self.path,)
        ranked = sorted(self._unlikeliness(path) for path in self.history if path != self.path)
        others = [path for rank, path in ranked if rank < LEAST_LIKE]
        return names_in_turn(self.history, self.path, others, self.case.repository)

    def _version(self, commit: str, pointer: Pointer) -> Version:
        files = self.resolve(pointer.path, str(pointer.md5)) or ()
        listing = self.recovery.find(str(pointer.md5)) if pointer.is_dir else None
        main = main_table(files)
        table = _table(main) if main else None
        form = known_forms().get(main.md5 if main else str(pointer.md5))
        return Version(
            commit, pointer, files, listing.path if listing else None, table, form[0] if form else None
        )

    def resolve(self, path: str, md5: str) -> tuple[Placed, ...] | None:
        """The files behind a tracked path and its md5; None when their bytes cannot be recovered."""
        if md5.endswith(".dir"):
            return self._resolve_folder(path, md5)
        found = self.recovery.find(md5) or self._with_augmented(md5)
        return (Placed(path, md5, found.path, found.how),) if found else None

    def _with_augmented(self, md5: str) -> Recovered | None:
        for data, how in self.augmented:
            self.recovery.add(data, how)
        return self.recovery.find(md5)

    @cached_property
    def augmented(self) -> tuple[tuple[bytes, str], ...]:
        """What the submission's augmentation script makes of the lab's data, run once to three times."""
        return tuple(self._augmented())

    def _resolve_folder(self, path: str, md5: str) -> tuple[Placed, ...] | None:
        listing = self.recovery.find(md5)
        entries = read_listing(listing.path) if listing else self._guessed_listing(path, md5)
        if entries is None:
            return None
        parts = [self.resolve(posixpath.join(path, name), inner) for name, inner in entries.items()]
        return tuple(item for part in parts for item in part or ()) if all(parts) else None

    def _guessed_listing(self, path: str, md5: str) -> dict[str, str] | None:
        """A folder that holds nothing but the dataset, in one of the forms that are known."""
        names = {posixpath.basename(DATA_PATH), posixpath.relpath(DATA_PATH, path) if path else DATA_PATH}
        texts = [lab_data(), *(data for data, _ in self.augmented)]
        for text in (form for data in texts for form in forms(data).values()):
            inner = hashlib.md5(text, usedforsecurity=False).hexdigest()
            for name in names:
                if self.recovery.directory(md5, {name: inner}):
                    self.recovery.add(text, "a form of the lab's data that fits the folder's hash")
                    return {name: inner}
        return None

    def grew(self, versions: Sequence[Version]) -> bool:
        """Whether some later version has all rows of a former one and at least one more that holds values."""
        tables = [version.table for version in versions if version.table]
        pairs = ((a, b) for i, a in enumerate(tables) for b in tables[i + 1 :])
        return any(grew(former, later) for former, later in pairs)

    def replacement(self) -> str | None:
        """The first student commit that has the pointer and not the data."""
        found = self._replaced
        return found.commit.sha if found else None

    def in_git_after(self, commit: str) -> tuple[str, str] | None:
        """A later student commit on a branch or tag that has the data in Git, and the data's path there."""
        later = self._replaced.later if self._replaced and self._replaced.commit.sha == commit else ()
        if not later:
            return None
        tree = self.case.repository.tree(later[0].sha)
        return later[0].sha, next(
            path for path in tree.paths() if (entry := tree.entry(path)) and self._is_data(path, entry.sha)
        )

    @cached_property
    def _replaced(self) -> Replaced | None:
        return self.case.history.replaced(
            self._is_data, lambda path, _: self.looks_tracked and path in self._files
        )

    @cached_property
    def _files(self) -> frozenset[str]:
        return frozenset(pointer.file for name in self.names for _, pointer in self.history[name])

    def _is_data(self, path: str, blob: str) -> bool:
        if "/.dvc/cache/" in f"/{path}":
            return False  # a committed cache is D1.init's matter
        inside = any(_within(f"{path}/", name) for name in self.names)
        return (inside and not path.endswith(".gitignore")) or self._copies.has(path, blob)

    @cached_property
    def _copies(self) -> Copies:
        every = [item.data for version in self.versions for item in version.files]
        return Copies(
            self.case.repository, [path for path in every if path.stat().st_size <= LARGEST_LOOKED_AT]
        )

    def keep(self, data: bytes) -> Path:
        """Store bytes that a scenario puts into a workspace, and return where."""
        path = self._store / hashlib.md5(data, usedforsecurity=False).hexdigest()
        path.write_bytes(data)
        return path

    def newest(self) -> Version | None:
        """The newest version whose bytes are known."""
        return next((version for version in reversed(self.versions) if version.files), None)

    def behind(self, path: str, commit: str) -> tuple[Placed, ...]:
        """What to put at a raw input of a commit's pipeline: by pointer, by the lock, or what is newest."""
        md5s = [*self._by_pointer(path, commit), *self._by_lock(path, commit)]
        for tracked, md5 in md5s:
            if files := self.resolve(tracked, md5):
                return files
        if not self._may_be_dataset(path):
            return ()
        lost = f"md5 {md5s[0][1]} was not handed in" if md5s else "no pointer and no lock names its hash"
        return (self._stand_in(path, lost),)

    def _may_be_dataset(self, path: str) -> bool:
        return path == self.path or path.endswith(TABLES) or _within(self.path, path)

    def _stand_in(self, path: str, lost: str) -> Placed:
        """The newest version whose bytes are known, or else the lab's own data; in a folder, as its table."""
        path = self.path if _within(self.path, path) else path
        if not path.endswith(TABLES):
            path = posixpath.join(path, posixpath.basename(DATA_PATH))
        newest = self.newest()
        if newest and not newest.pointer.is_dir:
            item = newest.files[0]
            return Placed(path, item.md5, item.data, f"{lost}: the newest version stands in", stands_in=True)
        data, md5 = self.keep(lab_data()), next(iter(known_forms()))
        return Placed(path, md5, data, f"{lost}: the lab's own data stands in", stands_in=True)

    def _by_pointer(self, path: str, commit: str) -> list[tuple[str, str]]:
        pointers = self.case.pointers(commit)
        return [(p.path, p.md5) for p in pointers if p.md5 and (p.path == path or _within(path, p.path))] + [
            (p.path, p.md5) for p in pointers if p.md5 and _within(p.path, path)
        ]

    def _by_lock(self, path: str, commit: str) -> list[tuple[str, str]]:
        if not self._may_be_dataset(path) and self.case.history.commits_with(path):
            return []  # a file that was in Git and is missing now is missing in every fresh clone
        stages = [stage for lock in self.case.locks(commit).values() for stage in lock.stages.values()]
        return [(dep.path, dep.md5) for stage in stages for dep in stage.deps if dep.path == path and dep.md5]


def _table(item: Placed) -> Table | None:
    if item.data.stat().st_size > LARGEST_LOOKED_AT:
        return None
    try:
        return read_table(item.path, item.data.read_bytes())
    except MalformedEvidence:
        return None


def _within(path: str, folder: str) -> bool:
    return path.startswith(f"{folder.rstrip('/')}/")
