"""Rows that lie next to the held-out ones: a model that has these by heart knows nothing of them."""

from __future__ import annotations

import numpy as np

from harness.evidence.crossing import moved
from harness.evidence.rows import csv_of, frame_of
from harness.labs.dvc_versioning import draws

STEP = 0.001  # of a column's standard deviation


def rows_beside(features: bytes, seed: int) -> bytes:
    """Rows of features a little moved, in the opposite order; columns of few values, maybe codes, stay."""
    frame = frame_of(features)
    with np.errstate(all="ignore"):  # infinite measurements stay what they are, or become none
        found = moved(frame, draws.generator(seed, "move"), STEP)
    codes = [name for name in frame.columns if 2 * frame[name].nunique() <= len(frame)]
    found[codes] = frame[codes]
    return csv_of(found[::-1])
