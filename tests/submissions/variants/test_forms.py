"""Pipelines are written in the way that they name, and give complete results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long

FORMS = {
    "weighted_average": 'scripts/evaluate.py: average="weighted"',
    "micro_average": 'scripts/evaluate.py: average="micro"',
    "other_positive_label": "scripts/evaluate.py: pos_label=0",
    "rounded_to_four_decimals": "scripts/evaluate.py: round(value, 4)",
    "nested_metrics": 'metrics/scores.json: "test": {',
    "yaml_metrics": "metrics/scores.yaml: accuracy: 0.9",
    "metrics_at_top_level": "dvc.yaml: \nmetrics:\n  - metrics/scores.json",
    "extra_stage": "dvc.yaml: plots/confusion.csv",
    "whole_sections": "dvc.yaml: - train\n",
    "several_params_files": "dvc.yaml: params/split.yaml:",
    "json_params": "dvc.yaml: params.json:",
    "toml_params": "dvc.yaml: params.toml:",
    "wdir": "dvc.yaml: wdir: scripts",
    "directory_outputs": "dvc.yaml: - models/forest\n",
    "dvclive_layout": "dvc.yaml: dvclive/metrics.json",
    "persisted_outputs": "dvc.yaml: persist: true",
    "described_stages": "dvc.yaml: framework: scikit-learn",
    "command_lists": "dvc.yaml: - echo train",
    "python_modules": "dvc.yaml: python -m scripts.train",
    "shell_scripts": "dvc.yaml: sh run/train.sh",
    "makefile": "dvc.yaml: make --silent train",
    "command_arguments": "dvc.yaml: ${train.n_estimators}",
    "decision_tree": "scripts/train.py: DecisionTreeClassifier",
    "scaled_regression": "scripts/train.py: LogisticRegression",
    "features_and_labels": "dvc.yaml: y_test.csv",
}


@pytest.mark.parametrize(("name", "sign"), FORMS.items())
def test_has_the_form_that_it_names(made: Callable[[str], Made], name: str, sign: str) -> None:
    """The file holds what is special, a lock was committed, and three experiments were run."""
    lab = made(name)
    file, _, text = sign.partition(": ")
    assert text in lab.text(file)
    assert "dvc.lock" in lab.files()
    assert len(lab.experiments()) == 3
