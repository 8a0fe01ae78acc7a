"""Stages and parameters do not go together where the submission says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long

LOCK = "dvc.lock"
PIPELINE = "dvc.yaml"
PARAMS = "params.yaml"
TRAIN = "scripts/train.py"
CHANGED = {
    "split_hard_coded": {"scripts/preprocess.py", LOCK},
    "split_seed_undeclared": {PIPELINE},
    "seed_hard_coded": {TRAIN, LOCK},
    "unread_training_param": {PIPELINE, PARAMS, LOCK},
    "unread_evaluation_param": {PIPELINE, PARAMS, LOCK},
    "training_without_params": {PIPELINE, TRAIN, LOCK},
    "nothing_to_vary": {PIPELINE, TRAIN, "scripts/preprocess.py", LOCK},
    "whole_params_file": {PIPELINE, LOCK},
    "training_param_of_preprocessing": {PIPELINE, LOCK},
}


@pytest.mark.parametrize(("name", "paths"), CHANGED.items())
def test_differs_from_the_reference_in_these_files(
    made: Callable[[str], Made], name: str, paths: set[str]
) -> None:
    """The fault stands in the files named here, with what a run made of it; nothing else changed."""
    assert made(name).differs_from(made("reference")) == paths
