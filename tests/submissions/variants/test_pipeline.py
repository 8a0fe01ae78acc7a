"""The submissions with a fault in the second deliverable have that fault."""

from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING

import pytest

from fixtures.submissions.area import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long

SCORES = "metrics/scores.json"
MODEL = "models/classifier.pkl"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _deps(lab: Made, stage: str) -> set[str]:
    return set(lab.data("dvc.yaml")["stages"][stage]["deps"])


def test_no_pipeline(made: Callable[[str], Made]) -> None:
    """There is neither dvc.yaml nor lock, but a tracked model and committed metrics."""
    files = made("no_pipeline").files()
    assert files.isdisjoint({"dvc.yaml", "dvc.lock"})
    assert {f"{MODEL}.dvc", SCORES} <= files


def test_missing_edge(made: Callable[[str], Made]) -> None:
    """Evaluate declares the model and its script, nothing else."""
    assert _deps(made("missing_edge"), "evaluate") == {MODEL, "scripts/evaluate.py"}


def test_model_not_declared(made: Callable[[str], Made]) -> None:
    """Evaluate does not declare the model, and yet the committed metrics changed with it."""
    lab = made("model_not_declared")
    assert MODEL not in _deps(lab, "evaluate")
    assert lab.text(SCORES) != lab.text(SCORES, "HEAD^")


def test_params_as_dependency(made: Callable[[str], Made]) -> None:
    """Preprocess and train depend on params.yaml as a file, evaluate does not."""
    lab = made("params_as_dependency")
    with_file = {stage for stage in ("preprocess", "train", "evaluate") if "params.yaml" in _deps(lab, stage)}
    assert with_file == {"preprocess", "train"}


def test_hard_coded_params(made: Callable[[str], Made]) -> None:
    """The parameters changed between the commits, the model did not."""
    lab = made("hard_coded_params")
    assert lab.text("params.yaml") != lab.text("params.yaml", "HEAD^")
    assert lab.locked(MODEL) == lab.locked(MODEL, "HEAD^")


def test_undeclared_params(made: Callable[[str], Made]) -> None:
    """max_depth is in params.yaml, and no stage declares it."""
    lab = made("undeclared_params")
    assert "max_depth" in lab.text("params.yaml")
    assert "max_depth" not in lab.text("dvc.yaml")


def test_no_lock(made: Callable[[str], Made]) -> None:
    """No commit of the branch has a lock; the experiments have."""
    lab = made("no_lock")
    assert lab.git("log", "--format=%h", "--", "dvc.lock") == ""
    assert all("dvc.lock" in lab.files(sha) for sha in lab.experiments().values())


def test_stale_lock(made: Callable[[str], Made]) -> None:
    """At no commit is the training script the one that the lock recorded."""
    lab = made("stale_lock")
    commits = lab.git("log", "--format=%H", "--", "dvc.lock").splitlines()
    assert commits
    for commit in commits:
        assert lab.locked("scripts/train.py", commit) != _md5(lab.text("scripts/train.py", commit) + "\n")


def test_broken_head(made: Callable[[str], Made]) -> None:
    """Only the last commit imports what does not exist."""
    lab = made("broken_head")
    assert "sklearn.forests" in lab.text("scripts/train.py")
    assert "sklearn.forests" not in lab.text("scripts/train.py", "HEAD^")


def test_fabricated_metrics(made: Callable[[str], Made]) -> None:
    """The metrics are all 1, and the lock agrees with them."""
    lab = made("fabricated_metrics")
    assert set(lab.data(SCORES).values()) == {1.0}
    assert lab.locked(SCORES) == _md5(lab.text(SCORES) + "\n")


def test_metrics_missing_key(made: Callable[[str], Made]) -> None:
    """There is one metric."""
    assert set(made("metrics_missing_key").data(SCORES)) == {"accuracy"}


def test_regression_metrics(made: Callable[[str], Made]) -> None:
    """The metrics are those of a regression."""
    assert set(made("regression_metrics").data(SCORES)) == {"mae", "mse", "r2"}


def test_string_model(made: Callable[[str], Made]) -> None:
    """What the pipeline calls a model is text, and no pickle."""
    model = (made("string_model").folder / MODEL).read_bytes()
    assert model.startswith(b"random forest of 463 rows")
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads(model)  # noqa: S301 (made by our own builder)


def test_stubs_with_lock(made: Callable[[str], Made]) -> None:
    """The committed scripts are the template's, and not those that the lock recorded."""
    lab = made("stubs_with_lock")
    for script in ("scripts/train.py", "scripts/evaluate.py"):
        stub = lab.text(script) + "\n"
        assert stub == (TEMPLATE / script).read_text(encoding="utf-8")
        assert lab.locked(script) != _md5(stub)


def test_undeclared_dependency(made: Callable[[str], Made]) -> None:
    """The training script reads the raw data, and its stage does not say so."""
    lab = made("undeclared_dependency")
    assert "data/raw/data.csv" in lab.text("scripts/train.py")
    assert "data/raw/data.csv" not in _deps(lab, "train")


def test_always_changed(made: Callable[[str], Made]) -> None:
    """Evaluate is marked as always changed."""
    assert made("always_changed").data("dvc.yaml")["stages"]["evaluate"]["always_changed"] is True


def test_script_not_declared(made: Callable[[str], Made]) -> None:
    """Evaluate declares its two inputs, and not its script."""
    assert _deps(made("script_not_declared"), "evaluate") == {MODEL, "data/processed/test.csv"}
