"""The scores are not the model's where the submission says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long

EVALUATE = "scripts/evaluate.py"
SCORES = "metrics/scores.json"
CHANGED = {
    "scored_on_training_rows": {"dvc.yaml", "dvc.lock", EVALUATE, SCORES},
    "precision_is_recall": {"dvc.lock", EVALUATE, SCORES},
    "rounded_to_two_decimals": {"dvc.lock", EVALUATE, SCORES},
    "mixed_averages": {"dvc.lock", EVALUATE, SCORES},
    "flattered_accuracy": {"dvc.lock", EVALUATE, SCORES},
    "not_a_number": {"dvc.lock", EVALUATE, SCORES},
    "scores_of_other_predictions": {"dvc.lock", EVALUATE, SCORES},
    "metrics_as_plain_output": {"dvc.yaml"},
    "no_metrics_file": {"dvc.yaml", "dvc.lock", EVALUATE, SCORES, "reports/.gitignore"},
    "metrics_taken_out_of_git": {SCORES, "metrics/.gitignore"},
}


@pytest.mark.parametrize(("name", "paths"), CHANGED.items())
def test_differs_from_the_reference_in_these_files(
    made: Callable[[str], Made], name: str, paths: set[str]
) -> None:
    """The fault stands in the files named here, with what a run made of it; nothing else changed."""
    assert made(name).differs_from(made("reference")) == paths
