"""Too much or too little runs again where the submission says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long

CHANGED = {
    "stage_without_dependencies": {"dvc.yaml", "dvc.lock"},
    "note_always_changed": {"dvc.yaml", "dvc.lock", ".gitignore"},
    "preprocessing_always_changed": {"dvc.yaml"},
    "preprocessing_needs_evaluation_script": {"dvc.yaml", "dvc.lock"},
    "training_needs_evaluation_script": {"dvc.yaml", "dvc.lock"},
    "params_as_dependency_of_preprocessing": {"dvc.yaml", "dvc.lock"},
}


@pytest.mark.parametrize(("name", "paths"), CHANGED.items())
def test_differs_from_the_reference_in_these_files(
    made: Callable[[str], Made], name: str, paths: set[str]
) -> None:
    """The fault stands in the files named here, with what a run made of it; nothing else changed."""
    assert made(name).differs_from(made("reference")) == paths
