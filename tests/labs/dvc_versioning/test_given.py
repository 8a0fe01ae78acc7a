"""Training is given the held-out rows where it declares them, or was seen to read them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.evidence.pipeline import Output
from harness.labs.dvc_versioning.alone import Alone
from harness.labs.dvc_versioning.given import is_given
from tests.labs.dvc_versioning.conftest import FIT, SCORE, SPLIT, base_of, pipeline_with, ran

OWN = frozenset({"fit.py", "out/train.csv"})


@pytest.mark.parametrize(
    ("deps", "reads", "given"),
    [
        (("out/train.csv",), None, False),
        (("out/train.csv",), OWN, False),
        (("out/train.csv",), OWN | {"out/test.csv"}, True),
        (("out/train.csv", "out/test.csv"), OWN, True),
        (("out",), OWN, False),
        (("out",), OWN | {"out/test.csv"}, True),
        (("out",), None, True),
    ],
)
def test_what_training_declares_and_reads(
    deps: tuple[str, ...], reads: frozenset[str] | None, *, given: bool
) -> None:
    """A folder that holds them is theirs only where nobody saw what training takes of it."""
    split = replace(SPLIT, outs=(Output("out/train.csv"), Output("out/test.csv")))
    fit = replace(FIT, deps=("fit.py", *deps))
    base = base_of(pipeline_with(split, fit, replace(SCORE, deps=("forest.pkl", "out/test.csv"))))
    alone = {FIT.address: Alone(FIT.address, ran(), (), reads, deterministic=True)}
    assert is_given(["out/test.csv"], base, alone) is given
    if reads is None:
        assert is_given(["out/test.csv"], base, {}) is given
