"""Whose work each commit is, and what the commits hold: the template's history is not the student's work.

A commit is the template's while it and all before it only add template files, or bring them to the template's
text; line ends do not count, and the whole may lie in a subfolder.
"""

from __future__ import annotations

import posixpath
from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from harness.evidence.repository import Change, Commit, GitRepository

_EXPERIMENT_MESSAGE = "dvc: commit experiment "


@dataclass(frozen=True)
class Replaced:
    """The first commit that holds a pointer and no data in Git, and later ones that hold data again."""

    commit: Commit
    later: tuple[Commit, ...]


class History:
    """The commits of a submission: those up to the graded `head`, and those of the other branches and tags.

    `template` has the template's files by path; `template_commits` names commits that are the template's
    whatever they hold (older versions of it).
    """

    def __init__(
        self,
        repository: GitRepository,
        head: str,
        template: Mapping[str, bytes],
        template_commits: frozenset[str] = frozenset(),
    ) -> None:
        self.repository = repository
        self.head = head
        self._template = _Template(repository, template)
        self._given = template_commits

    @cached_property
    def commits(self) -> tuple[Commit, ...]:
        """Every commit on the head, on branches and on tags, parents before children; experiments too."""
        tips = {*self.repository.branches().values(), *self.repository.tags().values()}
        return self.repository.commits(self.head, *sorted(tips))

    @cached_property
    def on_head(self) -> frozenset[str]:
        """The commits that the head contains, itself included."""
        return frozenset(commit.sha for commit in self.repository.commits(self.head))

    @cached_property
    def template_commits(self) -> frozenset[str]:
        """The commits that are the template's: their ancestors are too."""
        found: set[str] = set()
        for commit in self.commits:
            if commit.sha in self._given or (
                found.issuperset(commit.parents) and self._template.covers(self.changes(commit))
            ):
                found.add(commit.sha)
        return frozenset(found | self._ancestors_of_given())

    @cached_property
    def student_commits(self) -> tuple[Commit, ...]:
        """The student's commits that the head contains, parents before children."""
        return tuple(commit for commit in self.all_student_commits if commit.sha in self.on_head)

    @cached_property
    def all_student_commits(self) -> tuple[Commit, ...]:
        """The student's commits on the head, branches and tags, parents before children.

        A commit that DVC made for an experiment counts only where the head contains it.
        """
        return tuple(
            commit
            for commit in self.commits
            if commit.sha not in self.template_commits
            and (commit.sha in self.on_head or not is_experiment(commit))
        )

    def changes(self, commit: Commit) -> tuple[Change, ...]:
        """Return what a commit changed against its first parent."""
        return self.repository.changes(commit.sha)

    def added(self, commit: Commit) -> tuple[str, ...]:
        """Return the paths that a commit added against its first parent."""
        return tuple(change.path for change in self.changes(commit) if change.before is None)

    def removed(self, commit: Commit) -> tuple[str, ...]:
        """Return the paths that a commit removed against its first parent."""
        return tuple(change.path for change in self.changes(commit) if change.after is None)

    def commits_with(self, path: str) -> tuple[Commit, ...]:
        """Return the student's commits, also on branches and tags, that hold a regular file at `path`."""
        holding = self.holding(lambda name, _blob: name == path)
        return tuple(commit for commit in self.all_student_commits if holding[commit.sha])

    def holding(self, wanted: Callable[[str, str], bool]) -> dict[str, frozenset[str]]:
        """Return, by commit, the paths of the regular files for which `wanted(path, blob)` is true."""
        held: dict[str, frozenset[str]] = {}
        asked: dict[tuple[str, str], bool] = {}
        for commit in self.commits:
            paths = set(held.get(commit.parents[0], frozenset())) if commit.parents else set()
            for change in self.changes(commit):
                paths.discard(change.path)
                after = change.after
                if after is None or not after.is_file:
                    continue
                key = (change.path, after.sha)
                if key not in asked:
                    asked[key] = wanted(*key)
                if asked[key]:
                    paths.add(change.path)
            held[commit.sha] = frozenset(paths)
        return held

    def data_in_git(self, is_data: Callable[[str, str], bool]) -> tuple[Commit, ...]:
        """Return the student's commits, also on branches and tags, that have the data in Git."""
        holding = self.holding(is_data)
        return tuple(commit for commit in self.all_student_commits if holding[commit.sha])

    def replaced(
        self, is_data: Callable[[str, str], bool], is_pointer: Callable[[str, str], bool]
    ) -> Replaced | None:
        """Return where a pointer takes the place of the data, None where that never happens.

        `is_data` and `is_pointer` get a path and a blob. The pointer may come with the commit that removes
        the data, before it or after it.
        """
        data = self.holding(is_data)
        pointers = self.holding(is_pointer)
        for commit in self.all_student_commits:
            if pointers[commit.sha] and not data[commit.sha]:
                after = self.descendants(commit.sha)
                again = (
                    later for later in self.all_student_commits if later.sha in after and data[later.sha]
                )
                return Replaced(commit, tuple(again))
        return None

    def descendants(self, sha: str) -> frozenset[str]:
        """Return the commits on the head, branches and tags that build on `sha`, itself left out."""
        found = {sha}
        for commit in self.commits:
            if not found.isdisjoint(commit.parents):
                found.add(commit.sha)
        return frozenset(found - {sha})

    def ancestors(self, sha: str) -> frozenset[str]:
        """Return the commits that `sha` builds on, itself left out."""
        parents = {commit.sha: commit.parents for commit in self.commits}
        found: set[str] = set()
        waiting = deque(parents.get(sha, ()))
        while waiting:
            parent = waiting.popleft()
            if parent not in found:
                found.add(parent)
                waiting.extend(parents.get(parent, ()))
        return frozenset(found)

    def _ancestors_of_given(self) -> frozenset[str]:
        """What the named template commits build on is the template's too."""
        known = {commit.sha for commit in self.commits}
        return frozenset().union(*(self.ancestors(sha) for sha in self._given & known))


def is_experiment(commit: Commit) -> bool:
    """Whether DVC made the commit for an experiment, by DVC's own message for it."""
    return commit.message.startswith(_EXPERIMENT_MESSAGE)


class _Template:
    """The template's files, found by the end of a path, compared without regard to line ends."""

    def __init__(self, repository: GitRepository, files: Mapping[str, bytes]) -> None:
        self.repository = repository
        self.texts = {path: _text(data) for path, data in files.items()}
        self.by_name: dict[str, list[str]] = {}
        for path in files:
            self.by_name.setdefault(posixpath.basename(path), []).append(path)

    def covers(self, changes: Iterable[Change]) -> bool:
        """Whether changes do nothing but bring files to the template's text."""
        return all(
            change.after is not None and change.after.is_file and self.has(change.path, change.after.sha)
            for change in changes
        )

    def has(self, path: str, sha: str) -> bool:
        likely = [
            known for known in self.by_name.get(posixpath.basename(path), ()) if _ends_with(path, known)
        ]
        return any(self.same(self.texts[known], sha) for known in likely)

    def same(self, text: bytes, sha: str) -> bool:
        data = self.repository.blob(sha, limit=2 * len(text) + 1)
        return data is not None and _text(data) == text


def _ends_with(path: str, known: str) -> bool:
    return path == known or path.endswith(f"/{known}")


def _text(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")
