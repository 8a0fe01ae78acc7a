"""The tables that scikit-learn brings, with their rows' labels exchanged."""

from __future__ import annotations

import io

import pandas as pd
from sklearn.datasets import load_breast_cancer

from harness.labs.dvc_versioning.samples import samples_told_wrong


def test_the_labs_data_is_told_wrong() -> None:
    """Its features are what they are, and half of the rarer class's rows have the other label."""
    (data,) = (data for path, data in samples_told_wrong().items() if path.name == "breast_cancer.csv")
    true = load_breast_cancer()
    told = pd.read_csv(io.BytesIO(data), header=None, skiprows=1)
    assert (told.iloc[:, :-1].to_numpy() == true.data).all()
    assert sorted(told.iloc[:, -1]) == sorted(true.target)
    assert (told.iloc[:, -1] != true.target).sum() > (true.target == 0).sum() / 2
