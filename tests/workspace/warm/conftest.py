"""A warm and a cold workspace, in which the same commands must give the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.workspace.box.isolation import isolation
from harness.workspace.command import Completed, Limits
from harness.workspace.launcher import Launcher
from harness.workspace.warm.launcher import WarmLauncher, can_be_warm
from harness.workspace.workspace import Workspace


@dataclass(frozen=True)
class Pair:
    """Two workspaces in the same state."""

    warm: Workspace
    cold: Workspace

    def write(self, files: dict[str, str]) -> None:
        """Write the same text files into both."""
        for workspace in (self.warm, self.cold):
            for name, text in files.items():
                workspace.write(name, text.encode())

    def run(self, *argv: str) -> tuple[Completed, Completed]:
        """Run the same command in both, the warm one first."""
        return self.warm.run(*argv), self.cold.run(*argv)


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmLauncher]:
    """A warm launcher that isolates as well as this machine can."""
    if not can_be_warm():
        pytest.skip("this system or this interpreter cannot fork")
    found = isolation()
    with WarmLauncher(found.launcher(), found.bubblewrap) as launcher:
        yield launcher


@pytest.fixture(scope="session")
def plainly_warm() -> Iterator[WarmLauncher]:
    """A warm launcher without isolation."""
    if not can_be_warm():
        pytest.skip("this system or this interpreter cannot fork")
    with WarmLauncher() as launcher:
        yield launcher


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Workspace]]:
    """Makes an empty workspace with a launcher; all are let go at the end."""
    made: list[Workspace] = []

    def make_one(launcher: Launcher, limits: Limits | None = None) -> Workspace:
        root = tmp_path / f"w{len(made)}"
        made.append(
            Workspace.create(
                root, repository=None, commit=None, branch="main", limits=limits, launcher=launcher
            )
        )
        return made[-1]

    yield make_one
    for workspace in made:
        workspace.leave()


@pytest.fixture
def pair(make: Callable[..., Workspace], warm: WarmLauncher) -> Pair:
    """Two empty workspaces, one warm and one cold, isolated in the same way."""
    return Pair(make(warm), make(isolation().launcher()))


def contents(workspace: Workspace) -> dict[str, str]:
    """A digest of each file of the workspace that does not tell times, names of processes or commits."""
    found = {}
    for part in (workspace.repo, workspace.cache, workspace.storage):
        for path in sorted(part.rglob("*")):
            name = path.relative_to(workspace.root).as_posix()
            if path.is_file() and not {".git", "tmp", "runs", "__pycache__"} & set(Path(name).parts):
                found[name] = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return found
