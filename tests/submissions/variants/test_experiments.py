"""The submissions with a fault in the third deliverable have that fault."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long

SCORES = "metrics/scores.json"


def test_same_experiments(made: Callable[[str], Made]) -> None:
    """Three experiments have one set of parameters."""
    lab = made("same_experiments")
    assert len(lab.experiments()) == 3
    assert len({lab.text("params.yaml", sha) for sha in lab.experiments().values()}) == 1


def test_two_experiments(made: Callable[[str], Made]) -> None:
    """Two experiments are left."""
    assert set(made("two_experiments").experiments()) == {"small", "large"}


def test_no_experiments(made: Callable[[str], Made]) -> None:
    """There is no experiment, and no other branch."""
    lab = made("no_experiments")
    assert not lab.experiments()
    assert lab.git("branch", "--list", "--format=%(refname:short)") == "main"


def test_edited_experiment(made: Callable[[str], Made]) -> None:
    """One experiment claims to be perfect, with a lock that agrees; the others are as they were."""
    lab, reference = made("edited_experiment"), made("reference")
    experiments = lab.experiments()
    edited = experiments.pop("medium")
    assert set(lab.data(SCORES, edited).values()) == {1.0}
    scores = lab.text(SCORES, edited) + "\n"
    assert lab.locked(SCORES, edited) == hashlib.md5(scores.encode(), usedforsecurity=False).hexdigest()
    assert experiments.items() <= reference.experiments().items()
    assert lab.git("rev-parse", "HEAD") == reference.git("rev-parse", "HEAD")


def test_metrics_in_cache(made: Callable[[str], Made]) -> None:
    """No commit of the student has the metrics; the lock and the cache have."""
    lab = made("metrics_in_cache")
    assert SCORES not in lab.files()
    md5 = lab.locked(SCORES)
    assert (lab.folder / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]).is_file()
