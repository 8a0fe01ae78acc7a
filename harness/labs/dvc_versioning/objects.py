"""The DVC objects that were handed in, against what the commits of the submission track."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from harness.evidence.listing import read_listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.labs.dvc_versioning.case import Case
    from harness.labs.dvc_versioning.versions import Dataset
    from harness.workspace.workspace import Workspace

COMMITS_LOOKED_AT = 50


class Objects:
    """Which commit's tracked files the handed-in cache and remotes can serve."""

    def __init__(self, case: Case, dataset: Dataset) -> None:
        self.case = case
        self.dataset = dataset
        self.handed_in = case.submission.objects

    def tracked_at(self, commit: str) -> dict[str, str]:
        """Path and md5 of what DVC tracks at a commit: pointers, and cached outputs in the locks."""
        pointed = {p.path: p.md5 for p in self.case.pointers(commit) if p.md5 and p.cached}
        return {**self._locked_at(commit), **pointed}

    def _locked_at(self, commit: str) -> dict[str, str]:
        if not self.case.locks(commit):
            return {}  # and DVC need not be asked for the pipeline
        uncached = {out.path for s in self.case.pipeline(commit).stages for out in s.outs if not out.cached}
        outs = self.case.locked_outs(commit)
        return {path: out.md5 for path, out in outs.items() if out.md5 and path not in uncached}

    def lacking(self, commit: str) -> tuple[str, ...]:
        """The tracked paths of a commit whose bytes were not handed in."""
        return tuple(path for path, md5 in self.tracked_at(commit).items() if not self._complete(md5))

    def remote_lacks(self, commit: str) -> tuple[str, ...]:
        """The tracked paths of a commit that no handed-in remote holds."""
        tracked = self.tracked_at(commit)
        return tuple(path for path, md5 in tracked.items() if not self._in_remote(md5))

    def _in_remote(self, md5: str) -> bool:
        return self.handed_in.remote_has(md5) and all(self._in_remote(inner) for inner in self._inside(md5))

    @cached_property
    def commits(self) -> tuple[str, ...]:
        """The graded commit and the student commits before it that track anything, the newest first."""
        student = [commit.sha for commit in reversed(self.case.history.student_commits)]
        every = dict.fromkeys([self.case.commit, *student[:COMMITS_LOOKED_AT]])
        return tuple(sha for sha in every if self.tracked_at(sha))

    @cached_property
    def served_commit(self) -> str | None:
        """The newest commit whose tracked files were all handed in, in a cache or a remote."""
        return next((sha for sha in self.commits if not self.lacking(sha)), None)

    @cached_property
    def remote_serves(self) -> bool:
        """Whether the handed-in remotes hold all that one commit tracks."""
        return any(not self.remote_lacks(sha) for sha in self.commits)

    def fill_cache(self, ws: Workspace, md5s: Iterable[str]) -> None:
        """Put the handed-in objects of these hashes, and the files of folders among them, into a cache."""
        for md5 in md5s:
            if path := self.handed_in.find(md5):
                ws.put_object(md5, path)
                self.fill_cache(ws, self._inside(md5))

    def restore(self, ws: Workspace, path: str, md5: str) -> None:
        """Put a handed-in file, or the files of a handed-in folder, where it belongs in a workspace."""
        for item in self.dataset.resolve(path, md5) or ():
            ws.place(item.path, item.data)

    def _complete(self, md5: str) -> bool:
        return self.handed_in.find(md5) is not None and all(
            self._complete(inner) for inner in self._inside(md5)
        )

    def _inside(self, md5: str) -> Sequence[str]:
        if not md5.endswith(".dir"):
            return ()
        path = self.handed_in.find(md5)
        return tuple((read_listing(path) or {}).values()) if path else ()

    def bytes_of(self, md5: str | None, limit: int = 1 << 20) -> bytes | None:
        """The first ``limit`` bytes of a handed-in object; None when it was not handed in."""
        path = self.handed_in.find(md5) if md5 else None
        if path is None:
            return None
        with path.open("rb") as file:
            return file.read(limit)
