"""Pipelines that do not run have the fault that they name, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long

LOCK = "dvc.lock"
PIPELINE = "dvc.yaml"
CHANGED = {
    "unreadable_pipeline": {PIPELINE},
    "misspelt_key": {PIPELINE},
    "circular_pipeline": {PIPELINE},
    "unresolved_template": {PIPELINE},
    "output_of_two_stages": {PIPELINE},
    "rows_not_declared": {PIPELINE},
    "raw_data_not_declared": {PIPELINE},
    "script_removed": {"scripts/train.py"},
    "frozen_stage": {PIPELINE},
    "windows_paths": {PIPELINE},
    "misspelt_script": {PIPELINE},
    "output_not_made": {PIPELINE},
    "lock_removed": {LOCK},
    "lock_lacks_stage": {LOCK},
    "trained_and_scored_in_one_stage": {PIPELINE, LOCK},
}


@pytest.mark.parametrize(("name", "paths"), CHANGED.items())
def test_differs_from_the_reference_in_these_files(
    made: Callable[[str], Made], name: str, paths: set[str]
) -> None:
    """The fault stands in the files named here, with what a run made of it; nothing else changed."""
    assert made(name).differs_from(made("reference")) == paths


def test_needs_a_file_of_its_author(made: Callable[[str], Made]) -> None:
    """The file lies in the folder, and in no commit."""
    lab = made("needs_a_file_of_its_author")
    assert (lab.folder / "local.yaml").is_file()
    assert lab.git("log", "--all", "--format=%h", "--", "local.yaml") == ""


def test_params_changed_after_the_run(made: Callable[[str], Made]) -> None:
    """The lock has another number of trees than params.yaml, at the only commit with a lock."""
    lab = made("params_changed_after_the_run")
    assert len(lab.git("log", "--format=%h", "--", LOCK).splitlines()) == 1
    locked = lab.data(LOCK)["stages"]["train"]["params"]["params.yaml"]["train.n_estimators"]
    assert (locked, lab.data("params.yaml")["train"]["n_estimators"]) == (100, 150)
