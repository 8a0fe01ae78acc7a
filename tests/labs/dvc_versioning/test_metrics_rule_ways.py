"""Committed scores that an evaluation came to in another way than the model's own, or may have."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from harness.labs.dvc_versioning.metrics_rule import compare_committed, never_made
from harness.labs.dvc_versioning.recompute import Scored
from harness.labs.dvc_versioning.versions import Placed
from harness.workspace.prediction import Way
from tests.labs.dvc_versioning.conftest import (
    PLAIN,
    ResultsOf,
    Work,
    base_of,
    md5_of,
    ruling_about,
    scored,
    state,
)
from tests.labs.dvc_versioning.test_metrics_rule import (
    TRUTH,
    fabricated_numbers,
    handed_in,
    refusal,
    rerun_with,
    right_for,
    wrong_in,
)


def scaled(row: int) -> Scored:
    """A run whose scores are those after a scaler, one row wrong, and not those of the model as it is."""
    plain = scored(right_for(wrong_in(row)), TRUTH, wrong_in(10, 11, 12, 13))
    return replace(plain, ways=(Way("the model", plain.predictions), Way("scaled", wrong_in(row))))


def test_committed_scores_may_be_those_after_a_scaler(work: Work, results_of: ResultsOf) -> None:
    """The way that all runs share is that of the lock's own model, and of the same model here."""
    case = handed_in(work, right_for(wrong_in(3)))
    base = replace(base_of(case.pipeline(case.commit), case.commit), scored=scaled(3))
    facts = {"reproduce": base, "train": rerun_with(scaled(5))}
    assert refusal(case, results_of, **facts)[1] is None
    assert refusal(case, results_of, locked=scaled(3), **facts)[1] is None
    no_way = replace(base, scored=replace(scaled(3), ways=()))
    assert "same model" in str(refusal(case, results_of, reproduce=no_way, train=facts["train"], x=1, y=1)[1])


def test_a_way_of_predicting_that_is_not_known_refutes_nothing(work: Work, results_of: ResultsOf) -> None:
    """Where an evaluation may do more than ask the model, scores other than the model's own may be right."""
    case = handed_in(work, right_for(wrong_in(3)))
    doubtful = replace(scored(None, TRUTH, wrong_in(4, 5)), doubt="evaluate has parameters")
    base = replace(base_of(case.pipeline(case.commit), case.commit), scored=doubtful)
    assert refusal(case, results_of, reproduce=base)[1] is None


def test_committed_scores_are_compared_in_the_way_of_the_runs(work: Work, results_of: ResultsOf) -> None:
    """What the scaled rows give is no row apart from the committed scores; the model alone is five."""
    case = fabricated_numbers(work)
    data = json.dumps(right_for(wrong_in(3))).encode()
    lock = json.loads(case.head.read("dvc.lock") or b"")
    lock["stages"]["score"]["outs"][0]["md5"] = md5_of(data)
    work.commit({"scores.json": data, "dvc.lock": json.dumps(lock).encode()})
    case, ruling = work.case(PLAIN), ruling_about(5)
    base = replace(base_of(commit=case.commit), scored=scaled(3))
    compare_committed(case, results_of({"reproduce": base}), ruling)
    (fact,) = ruling.settle(None, 0).evidence
    assert fact.text == "scores.json as committed: 0 test rows apart from the run here"


def test_a_model_that_no_run_made_is_told(work: Work, tmp_path: Path) -> None:
    """Where the lock agrees with all beside it and this very commit ran on its own rows, and only there."""
    case = fabricated_numbers(work)
    same = base_of(case.pipeline(case.commit), case.commit)
    other = replace(same, state=state(PLAIN, fit="other"))
    assert never_made(case, same) is None
    assert never_made(case, other) == "forest.pkl"
    assert never_made(case, replace(other, commit="e" * 40)) is None
    stand_in = Placed("data/raw/data.csv", "0" * 32, tmp_path, "by its name", stands_in=True)
    assert never_made(case, replace(other, placed=(stand_in,))) is None
    assert never_made(case, replace(other, roles=replace(other.roles, models=("m.pkl",)))) is None


def test_a_lock_that_disagrees_tells_of_no_model(work: Work) -> None:
    """It may be that of another state, whose run made the model."""
    case = handed_in(work, right_for(wrong_in(3)), fit="elsewhere")
    assert never_made(case, base_of(case.pipeline(case.commit), case.commit)) is None
