"""The checks of the second deliverable: what a run must show before it earns anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import CheckFailed, Pending
from harness.labs.dvc_versioning import test_2_pipeline as checks
from harness.labs.dvc_versioning.alone import Alone
from harness.labs.dvc_versioning.changing import Rerun
from harness.labs.dvc_versioning.taught import Taught, Verdict
from tests.labs.dvc_versioning.conftest import (
    PLAIN,
    READS,
    ResultsOf,
    Work,
    base_of,
    ran,
    rerun,
    ruling_about,
    scored,
)

ALONE = {address: Alone(address, ran(), (), reads, deterministic=True) for address, reads in READS.items()}


def judge_partial(results_of: ResultsOf, about: Rerun) -> float:
    """The points of a re-run after a change of a training parameter."""
    ruling = ruling_about(6)
    found = results_of({"reproduce": base_of(), "train": about, "alone": ALONE})
    checks.test_a_training_parameter_reruns_train_and_what_follows(found, ruling)
    return ruling.settle(None, 0).points


def test_a_rerun_that_ends_well_is_judged(results_of: ResultsOf) -> None:
    """The changed stage and what follows ran, the split stayed."""
    assert judge_partial(results_of, rerun(PLAIN, "fit", "score")) == 6


def test_a_rerun_that_fails_earns_nothing(results_of: ResultsOf) -> None:
    """A script that accepts one value alone has started the right stage, and shows no partial re-run."""
    failed = replace(rerun(PLAIN, "fit", moved=["fit"]), completed=ran("fit", exit_code=255))
    with pytest.raises(CheckFailed) as failure:
        judge_partial(results_of, failed)
    assert "fit.trees from 100 to 2" in failure.value.expected
    assert "exit code: 255" in failure.value.found


@pytest.mark.parametrize(("verdict", "error"), [("looked up", CheckFailed), ("learns", Pending)])
def test_rows_known_by_heart_win_over_what_is_open(
    verdict: Verdict, error: type[Exception], results_of: ResultsOf, work: Work
) -> None:
    """A model that is right each time gives the same scores in all runs, which alone would show nothing."""
    work.commit({"README.md": b"mine"})
    base = replace(base_of(), scored=scored())
    found = results_of({"reproduce": base, "taught": Taught(verdict, 1.0, 0.4)})
    with pytest.raises(error):
        checks.test_the_metrics_are_the_models(work.case(PLAIN), found, ruling_about(5))
