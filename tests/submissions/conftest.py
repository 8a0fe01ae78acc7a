"""The catalogue's submissions as finished folders, and a way to read their commits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import git
import pytest
import yaml

from fixtures.submissions import build
from fixtures.submissions.reference import reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Made:
    """A finished submission: its folder, and what its commits hold."""

    folder: Path

    def git(self, *argv: str) -> str:
        """The output of a Git command that only reads."""
        return str(git.Repo(self.folder).git.execute(["git", *argv]))

    def text(self, path: str, revision: str = "HEAD") -> str:
        """The text of a committed file."""
        return self.git("show", f"{revision}:{path}")

    def data(self, path: str, revision: str = "HEAD") -> dict[str, Any]:
        """The content of a committed YAML or JSON file."""
        content: dict[str, Any] = yaml.safe_load(self.text(path, revision))
        return content

    def files(self, revision: str = "HEAD") -> set[str]:
        """The paths of a commit."""
        return set(self.git("ls-tree", "-r", "--name-only", revision).splitlines())

    def blobs(self, revision: str = "HEAD") -> dict[str, str]:
        """The blob of each file of a commit, by path."""
        lines = self.git("ls-tree", "-r", "--format=%(objectname) %(path)", revision).splitlines()
        return {path: sha for sha, _, path in (line.partition(" ") for line in lines)}

    def differs_from(self, other: Made) -> set[str]:
        """The paths at which the last commits of two submissions are not alike."""
        mine, others = self.blobs(), other.blobs()
        return {path for path in mine.keys() | others.keys() if mine.get(path) != others.get(path)}

    def subjects(self) -> list[str]:
        """The first lines of the branch's commit messages, newest first."""
        return self.git("log", "--format=%s").splitlines()

    def commit(self, subject: str) -> str:
        """The commit of the branch with this first line."""
        commits = [line.partition(" ") for line in self.git("log", "--format=%H %s").splitlines()]
        return next(sha for sha, _, found in commits if found == subject)

    def experiments(self) -> dict[str, str]:
        """The experiments in refs/exps: name to commit."""
        listing = self.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps/*/*/*")
        pairs = [line.split(" ") for line in listing.splitlines()]
        return {ref.rpartition("/")[2]: sha for sha, ref in pairs}

    def locked(self, path: str, revision: str = "HEAD", lock: str = "dvc.lock") -> str:
        """The md5 that the lock records for a file."""
        stages = self.data(lock, revision)["stages"].values()
        entries = [entry for stage in stages for entry in (*stage.get("deps", []), *stage.get("outs", []))]
        return next(str(entry["md5"]) for entry in entries if entry["path"] == path)

    def pointer(self, path: str = "data/raw/data.csv.dvc", revision: str = "HEAD") -> dict[str, Any]:
        """The only output of a pointer file."""
        (out,) = self.data(path, revision)["outs"]
        return dict(out)


@pytest.fixture(scope="session")
def made() -> Callable[[str], Made]:
    """Gives a submission of the catalogue, built once and kept in the checkout; to be read only."""
    return lambda name: Made(reference() if name == "reference" else build.kept(name))
