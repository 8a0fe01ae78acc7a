"""Experiments are at fault where the submission says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long

CHANGED = {
    "one_experiment": set[str](),
    "one_experiment_two_told": {"RESULTS.md"},
    "branches_never_run": set[str](),
    "edited_branch": set[str](),
    "edited_branch_later": set[str](),
    "model_neither_cached_nor_in_git": {"dvc.yaml", "models/.gitignore"},
    "rows_neither_cached_nor_in_git": {"dvc.yaml", "data/processed/.gitignore"},
}


@pytest.mark.parametrize(("name", "paths"), CHANGED.items())
def test_differs_from_the_reference_in_these_files(
    made: Callable[[str], Made], name: str, paths: set[str]
) -> None:
    """The fault stands in the files named here, with what a run made of it; nothing else changed."""
    assert made(name).differs_from(made("reference")) == paths


def test_one_experiment_is_left(made: Callable[[str], Made]) -> None:
    """One of the reference's experiments is there."""
    assert set(made("one_experiment").experiments()) == {"small"}
    assert set(made("one_experiment_two_told").experiments()) == {"small"}


def test_branches_never_run(made: Callable[[str], Made]) -> None:
    """Three branches have parameters of their own and the lock of main."""
    lab = made("branches_never_run")
    branches = [f"experiment-{name}" for name in ("small", "medium", "large")]
    assert len({lab.blobs(branch)["params.yaml"] for branch in branches}) == 3
    assert {lab.blobs(branch)["dvc.lock"] for branch in branches} == {lab.blobs()["dvc.lock"]}


def test_edited_branch(made: Callable[[str], Made]) -> None:
    """One branch claims to be perfect."""
    for lab in (made("edited_branch"), made("edited_branch_later")):
        assert set(lab.data("metrics/scores.json", "experiment-medium").values()) == {1.0}
        assert lab.experiments() == {}
