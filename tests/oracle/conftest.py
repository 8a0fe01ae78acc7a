"""Workspaces for random pipelines, whose commands start warm."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.workspace.warm.launcher import chosen_launcher
from harness.workspace.workspace import Workspace


@pytest.fixture(scope="module")
def new_dvc_workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Workspace]]:
    """Makes a workspace with Git and DVC and nothing else, each time it is called."""
    root: Path = tmp_path_factory.mktemp("oracle")
    numbers = itertools.count()
    with chosen_launcher(cold=False) as launcher:
        template = Workspace.create(
            root / "template", repository=None, commit=None, branch="main", launcher=launcher
        )
        template.run("dvc", "init", "-q", check=True)
        yield lambda: template.copy(root / str(next(numbers)))
