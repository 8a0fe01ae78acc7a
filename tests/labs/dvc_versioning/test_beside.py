"""Rows next to others, given the other way round."""

from __future__ import annotations

import pandas as pd
import pytest

from harness.evidence.rows import csv_of, frame_of
from harness.labs.dvc_versioning.beside import STEP, rows_beside

FEATURES = pd.DataFrame({"a": [0.5, 1.25, 7.5, 3.0], "code": [1.5, 2.5, 1.5, 2.5], "n": [3, 1, 4, 2]})


def test_measurements_move_a_little() -> None:
    """Each by less than anybody measures; the rows come in the opposite order, codes and counts stay."""
    found = frame_of(rows_beside(csv_of(FEATURES), 7))[::-1].reset_index(drop=True)
    steps = (found["a"] - FEATURES["a"]).abs() / FEATURES["a"].std(ddof=0)
    assert (steps > 0).all()
    assert (steps <= STEP + 1e-9).all()
    assert found[["code", "n"]].equals(FEATURES[["code", "n"]])


def test_the_same_seed_draws_the_same_rows() -> None:
    """What was asked in one scenario is what another would ask."""
    one, again, other = (rows_beside(csv_of(FEATURES), seed) for seed in (7, 7, 8))
    assert one == again != other


@pytest.mark.parametrize("features", [b"a\n", b"a\n\n\n", b"a,a,b\nx,,1.5\ny,2.5,\n", b"a\nnan\ninf\n"])
def test_whatever_is_held_out_has_rows_beside_it(features: bytes) -> None:
    """Also where it is nothing that a model could be asked: that is for others to say."""
    assert len(frame_of(rows_beside(features, 7))) == len(frame_of(features))
