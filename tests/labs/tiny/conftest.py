"""The tiny lab's fixtures: one scenario that runs the student's script."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import CheckFailed
from harness.workspace.scenario import Scenario
from harness.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.labs.limits import LabLimits
    from harness.submission import Submission
    from harness.workspace.launcher import Launcher


def _count(workspace: Workspace) -> str:
    done = workspace.run("sh", "count.sh", timeout=20)
    if not done.ok:
        raise CheckFailed("count.sh to end well", done.describe(), "run it yourself")
    return (workspace.read("count.txt") or b"nothing").decode().strip()


@pytest.fixture(scope="session")
def scenarios() -> tuple[Scenario, ...]:
    """Run the script once."""
    return (Scenario("count", "sh count.sh", _count),)


@pytest.fixture(scope="session")
def start_workspace(
    submission: Submission, limits: LabLimits, launcher: Launcher
) -> Callable[[Path], Workspace]:
    """Start from the submission as it was handed in."""
    return lambda root: Workspace.create(
        root,
        repository=submission.repository,
        commit=submission.commit,
        branch=submission.branch,
        limits=limits.fresh(),
        launcher=launcher,
    )
