"""What the names of files tell of their roles."""

from __future__ import annotations

from tests.evidence.test_roles import METRICS, roles_of, stage


def test_pickled_rows_are_data() -> None:
    """Their names say so, whatever the ending."""
    split = stage("split", "raw.csv", "train.pkl X_test.joblib")
    train = stage("fit", "train.pkl", "forest.pkl")
    roles = roles_of(split, train, stage("score", "forest.pkl X_test.joblib", f"{METRICS}"))
    assert (roles.prepare, roles.train, roles.evaluate) == (("split",), ("fit",), ("score",))
    assert (roles.models, roles.held_out) == (("forest.pkl",), ("X_test.joblib",))
