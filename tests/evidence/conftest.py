"""Repositories to read from: small ones made with Git per test, one made with DVC once per session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import git
import pytest

from harness.evidence.repository import GitRepository
from harness.workspace.launcher import PlainLauncher
from harness.workspace.workspace import Workspace

STUDENT = git.Actor("Student", "student@example.org")
TEMPLATE = {
    "README.md": b"# Lab\nRun `dvc exp run -S fit.size=9` to try.\n",
    "data.csv": b"a,b\n1,2\n3,4\n",
    "params.yaml": b"fit:\n  size: 1\n  depth: 4\n",
    "score.sh": b"size=$(sed -n 's/^ *size: //p' params.yaml)\n"
    b'mkdir -p out\nprintf \'{"score": %s}\\n\' "$size" > out/scores.json\ncp data.csv out/model.bin\n',
}
PIPELINE = b"""stages:
  score:
    cmd: sh score.sh
    deps: [data.csv, score.sh]
    params: [fit.size]
    outs: [out/model.bin]
    metrics:
      - out/scores.json: {cache: false}
"""


class Work:
    """A repository in the making: a commit is given as files, None for one that it removes."""

    def __init__(self, path: Path) -> None:
        self.repo = git.Repo.init(path, initial_branch="main")
        self.path = path

    def commit(self, message: str, files: Mapping[str, bytes | None]) -> str:
        """Write the files, commit them all on the current branch, return the commit."""
        for name, data in files.items():
            if data is None:
                self.repo.index.remove([name], working_tree=True)
                continue
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            self.repo.index.add([name])
        return self.repo.index.commit(message, author=STUDENT, committer=STUDENT).hexsha

    def branch(self, name: str, start: str = "HEAD") -> None:
        """Check a new branch out."""
        self.repo.git.checkout("-q", "-b", name, start)

    def checkout(self, name: str) -> None:
        """Check an existing branch out."""
        self.repo.git.checkout("-q", name)

    def merge(self, name: str) -> str:
        """Merge a branch with a merge commit, return that."""
        identity = {"user.name": "Student", "user.email": "student@example.org"}
        options = [f"{key}={value}" for key, value in identity.items()]
        self.repo.git(c=options).merge("-q", "--no-ff", "-m", f"merge {name}", name)
        return self.repo.head.commit.hexsha

    def open(self) -> GitRepository:
        """Open what was committed as the harness does."""
        return GitRepository(Path(self.repo.git_dir))


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    """An empty repository."""
    made = Work(tmp_path / "work")
    yield made
    made.repo.close()


@dataclass(frozen=True)
class Lab:
    """A small lab worked through with Git and DVC: its mirror clone, and its commits by name."""

    path: Path
    commits: Mapping[str, str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what reads the lab that DVC makes in some seconds, so that a run over mutants can leave it out."""
    for item in items:
        if "lab" in getattr(item, "fixturenames", ()):
            item.add_marker("dvc_made")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Template, a pointer for the data, a second version, a pipeline, two experiments, a branch."""
    root = tmp_path_factory.mktemp("lab")
    plain = PlainLauncher()  # our own commands, on files that the test writes itself
    workspace = Workspace.create(
        root / "workspace", repository=None, commit=None, branch="main", launcher=plain
    )
    commits = {name: step(workspace) for name, step in STEPS.items()}
    clone = root / "clone.git"
    git.Repo.clone_from(str(workspace.repo), clone, mirror=True).close()
    return Lab(clone, commits)


@pytest.fixture
def opened(lab: Lab) -> Iterator[GitRepository]:
    """The lab, opened as the harness does."""
    repository = GitRepository(lab.path)
    yield repository
    repository.close()


def _commit(workspace: Workspace, message: str) -> str:
    workspace.run("git", "add", "-A", check=True)
    workspace.run("git", "commit", "-q", "-m", message, check=True)
    return _head(workspace)


def _head(workspace: Workspace) -> str:
    return workspace.run("git", "rev-parse", "HEAD", check=True).stdout.strip()


def _template(workspace: Workspace) -> str:
    for name, data in TEMPLATE.items():
        workspace.write(name, data)
    return _commit(workspace, "template")


def _tracked(workspace: Workspace) -> str:
    workspace.run("dvc", "init", check=True)
    workspace.run("git", "rm", "-q", "--cached", "data.csv", check=True)
    workspace.run("dvc", "add", "data.csv", check=True)
    return _commit(workspace, "track the data")


def _second(workspace: Workspace) -> str:
    with (workspace.repo / "data.csv").open("ab") as data:
        data.write(b"5,6\n")
    workspace.run("dvc", "add", "data.csv", check=True)
    return _commit(workspace, "add a row")


def _pipeline(workspace: Workspace) -> str:
    workspace.write("dvc.yaml", PIPELINE)
    workspace.run("dvc", "repro", check=True)
    return _commit(workspace, "pipeline")


def _experiments(workspace: Workspace) -> str:
    for name, size in (("two", 2), ("three", 3)):
        workspace.run("dvc", "exp", "run", "-n", name, "-S", f"fit.size={size}", check=True)
    workspace.run("dvc", "exp", "branch", "-q", "two", "tried", check=True)
    return _head(workspace)


STEPS: dict[str, Callable[[Workspace], str]] = {
    "template": _template,
    "tracked": _tracked,
    "second": _second,
    "pipeline": _pipeline,
    "head": _experiments,
}
