"""Every submission of the catalogue, however broken or unusual: warm and cold give the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from fixtures.submissions.build import kept
from fixtures.submissions.catalogue import EVERY
from harness.submission import Submission, open_submission
from harness.workspace.box.isolation import isolation
from harness.workspace.launcher import Launcher
from harness.workspace.warm.launcher import WarmLauncher
from harness.workspace.workspace import Workspace

from .conftest import Pair, contents

COMMANDS = (
    "dvc checkout",
    "dvc repro -P -f --no-run-cache",
    "dvc repro -P",
    "dvc status",
    "dvc metrics show --json",
    "dvc exp run -n one",
    "dvc push",
    "git status --short",
)
SAME_TEXT = frozenset({"dvc status", "dvc metrics show --json", "git status --short"})
QUICK = "shell_scripts"
DATED = "learns_the_history_and_is_dated"  # another model each time, cold as warm: files by their names alone
CASES = [
    pytest.param(one.name, id=one.name, marks=() if one.name == QUICK else pytest.mark.long) for one in EVERY
]


@pytest.fixture
def pair_of(tmp_path: Path, warm: WarmLauncher) -> Iterator[Callable[[Path], Pair]]:
    """Makes a warm and a cold workspace of a submission, each with the DVC objects that were handed in."""
    made: list[Workspace] = []

    def workspace(name: str, folder: Path, submission: Submission, launcher: Launcher) -> Workspace:
        made.append(
            Workspace.create(
                tmp_path / name,
                repository=submission.repository,
                commit=submission.commit,
                branch=submission.branch,
                launcher=launcher,
            )
        )
        for cache in folder.glob("**/.dvc/cache"):
            shutil.copytree(cache, made[-1].cache, dirs_exist_ok=True)
        launcher.adopt(made[-1].root)
        return made[-1]

    def make(folder: Path) -> Pair:
        (tmp_path / "opened").mkdir()
        submission = open_submission(str(folder), tmp_path / "opened")
        cold = isolation().launcher()
        return Pair(workspace("w", folder, submission, warm), workspace("c", folder, submission, cold))

    yield make
    for one in made:
        one.leave()


def dvc_root(workspace: Workspace) -> str:
    """The folder of the repository in which DVC was set up, the Git root where it was not."""
    found = sorted(path.parent for path in workspace.repo.glob("**/.dvc") if path.is_dir())
    return found[0].relative_to(workspace.repo).as_posix() if found else "."


@pytest.mark.parametrize("name", CASES)
def test_the_lab_gives_the_same(name: str, pair_of: Callable[[Path], Pair]) -> None:
    """Exit codes, started stages in their order, locks, metrics, outputs, cache and remote are the same."""
    pair = pair_of(kept(name))
    root = dvc_root(pair.warm)
    for command in COMMANDS:
        warm, cold = (one.run(*command.split(), cwd=root) for one in (pair.warm, pair.cold))
        assert (warm.exit_code, warm.stages) == (cold.exit_code, cold.stages), (
            warm.describe() + cold.describe()
        )
        if command in SAME_TEXT:
            assert (warm.stdout, warm.stderr) == (cold.stdout, cold.stderr)
    warm_files, cold_files = contents(pair.warm), contents(pair.cold)
    if name == DATED:
        assert _in_the_work_tree(warm_files) == _in_the_work_tree(cold_files)
    else:
        assert warm_files == cold_files


def _in_the_work_tree(found: Iterable[str]) -> set[str]:
    return {path for path in found if path.startswith("repo/")}
