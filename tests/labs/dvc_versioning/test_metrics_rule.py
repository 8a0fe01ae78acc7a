"""Reported scores against the right ones: what passes, what fails, what only the examiner can settle."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace

import pytest

from harness.errors import CheckFailed, Pending
from harness.evidence.pipeline import Output
from harness.grading.ruling import Ruling
from harness.labs.dvc_versioning.case import Case
from harness.labs.dvc_versioning.changing import Rerun
from harness.labs.dvc_versioning.draws import Change
from harness.labs.dvc_versioning.metrics_rule import (
    committed_scores,
    compare_committed,
    compare_with_recomputation,
    judge_run,
    refuse_fabricated,
)
from harness.labs.dvc_versioning.recompute import Scored
from tests.labs.dvc_versioning.conftest import (
    LABELS,
    PLAIN,
    RIGHT,
    SCORE,
    TREES,
    ResultsOf,
    Work,
    base_of,
    lock_file,
    locked,
    md5_of,
    pipeline_with,
    ran,
    ruling_about,
    scored,
    state,
)

ROWS = 40
TRUTH = (1, 0) * (ROWS // 2)
MODEL = md5_of(b"forest.pkl")


def wrong_in(*rows: int) -> tuple[int, ...]:
    """Predictions that are wrong in these rows."""
    return tuple(1 - label if row in rows else label for row, label in enumerate(TRUTH))


def right_for(guesses: tuple[int, ...]) -> dict[str, float]:
    """The right scores of predictions."""
    compared = scored(RIGHT, TRUTH, guesses).match
    assert compared is not None
    return dict(compared.right.values)


def rerun_with(found: Scored, change: Change | None = TREES, exit_code: int = 0) -> Rerun:
    """A re-run with these scores."""
    return Rerun(
        str(change), ran("fit", "score", exit_code=exit_code), state(PLAIN), state(PLAIN), change, found
    )


def handed_in(work: Work, values: object, recorded: bytes | None = None, **lock: str) -> Case:
    """A submission with committed scores; the lock's own are `recorded` where they are others."""
    data = json.dumps(values).encode()
    entries = {stage.name: locked(stage, lock.get(stage.name, "")) for stage in PLAIN.stages}
    entries["score"]["outs"] = [
        {"path": "scores.json", "md5": md5_of(data if recorded is None else recorded)}
    ]
    work.commit({"scores.json": data, "dvc.lock": lock_file(entries)})
    return work.case(PLAIN)


def refusal(case: Case, results_of: ResultsOf, **facts: object) -> tuple[Ruling, str | None]:
    """The ruling, and what a fabrication is refused with; None when nothing is refused."""
    ruling = ruling_about(5)
    try:
        refuse_fabricated(case, results_of(facts), ruling)
    except CheckFailed as failure:
        return ruling, failure.found
    return ruling, None


def test_right_scores_pass() -> None:
    """The comparison says under which average they are right."""
    assert judge_run("as handed in", scored()).average == "binary:1"


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (None, "all missing"),
        ({"accuracy": 0.75}, "precision, recall, f1 missing"),
        ({"mse": 0.1, "r2": 0.9}, "accuracy, precision, recall, f1 missing"),
        ({**RIGHT, "f1": "0.67"}, "f1: '0.67' is a text, not a number"),
        ({**RIGHT, "recall": None}, "recall: 'None' is nothing, not a number"),
        ({**RIGHT, "accuracy": True}, "accuracy: 'True' is a truth value, not a number"),
        ({**RIGHT, "accuracy": 0.751}, "accuracy 0.751 instead of 0.75"),
        ({**RIGHT, "f1": 0.66}, "f1 0.66 instead of 0.666667"),
        ({**RIGHT, "accuracy": 0}, "accuracy 0 instead of 0.75"),
    ],
)
def test_other_scores_fail(values: dict[str, object] | None, found: str) -> None:
    """A score that is missing, no number or another one is told by its name."""
    with pytest.raises(CheckFailed) as failure:
        judge_run("as handed in", scored(values))
    assert failure.value.found == found


def test_numbers_without_a_model_fail() -> None:
    """A file that is no model predicts nothing."""
    with pytest.raises(CheckFailed, match="is a short text"):
        judge_run("x", Scored(scored().reported, problem="forest.pkl is a short text", no_model=True))


def test_what_cannot_be_computed_is_open() -> None:
    """A model of a kind that nobody here can load costs nothing and earns nothing."""
    with pytest.raises(Pending) as pending:
        judge_run("x", Scored(scored().reported, problem="no module named torch"))
    assert "no module named torch" in pending.value.found


def test_two_runs_with_other_right_values_settle_it(results_of: ResultsOf) -> None:
    """Both were right, and no constant numbers could have been."""
    ruling = ruling_about(5)
    other = scored(right_for(wrong_in(3)), TRUTH, wrong_in(3))
    found = results_of({"reproduce": replace(base_of(), scored=scored()), "train": rerun_with(other)})
    compare_with_recomputation(found, ruling)
    assert ruling.settle(None, 0).points == 5


def test_constant_numbers_fail_on_the_second_run(results_of: ResultsOf) -> None:
    """The first run gives the numbers that are typed into the script, the second one others."""
    second = scored(RIGHT, LABELS, (0, 0, 0, 0))
    found = results_of({"reproduce": replace(base_of(), scored=scored()), "train": rerun_with(second)})
    with pytest.raises(CheckFailed, match="trees from 100 to 2"):
        compare_with_recomputation(found, ruling_about(5))


def test_a_split_decides_where_training_gave_the_same(results_of: ResultsOf) -> None:
    """With few test rows other trees may score the same; another split does not."""
    same, second = scored(), scored(RIGHT, LABELS, (0, 0, 0, 0))
    facts = {"reproduce": replace(base_of(), scored=same), "train": rerun_with(same)}
    with pytest.raises(Pending, match="2 runs"):
        compare_with_recomputation(results_of(facts), ruling_about(5))
    with pytest.raises(CheckFailed):
        compare_with_recomputation(results_of({**facts, "split": rerun_with(second)}), ruling_about(5))


def test_a_failed_rerun_shows_nothing(results_of: ResultsOf) -> None:
    """Its metrics file is that of the run before."""
    stale = rerun_with(scored(RIGHT, LABELS, (0, 0, 0, 0)), exit_code=1)
    found = results_of(
        {"reproduce": replace(base_of(), scored=scored()), "train": stale, "split": CheckFailed("a", "b")}
    )
    with pytest.raises(Pending, match="1 runs"):
        compare_with_recomputation(found, ruling_about(5))


def test_committed_scores_are_those_of_the_lock(work: Work) -> None:
    """The file counts when its md5 is the lock's, in LF or CRLF, and all four scores are there."""
    crlf = json.dumps(RIGHT, indent=1).replace("\n", "\r\n").encode()
    work.commit(
        {
            "scores.json": crlf.replace(b"\r\n", b"\n"),
            "dvc.lock": lock_file({"score": {"outs": [{"path": "scores.json", "md5": md5_of(crlf)}]}}),
        }
    )
    found = committed_scores(work.case(PLAIN))
    assert found is not None
    assert found.values == RIGHT


def test_scores_that_the_lock_does_not_record_prove_nothing(work: Work) -> None:
    """A file edited after the run is a disagreement of the lock, not a forgery of it."""
    assert committed_scores(handed_in(work, RIGHT, recorded=b"others")) is None


def test_incomplete_committed_scores_are_left_out(work: Work) -> None:
    """Missing scores are judged by the run."""
    assert committed_scores(handed_in(work, {"accuracy": 0.5})) is None


def test_scores_against_the_locks_own_model_are_fabricated(work: Work, results_of: ResultsOf) -> None:
    """The handed-in model predicts the handed-in data otherwise."""
    case = handed_in(work, {**RIGHT, "accuracy": 0.99})
    ruling, found = refusal(case, results_of, locked=scored(None))
    assert found is not None
    assert "accuracy 0.99" in found
    assert [flag.id for flag in ruling.flags] == ["fabricated"]


def test_scores_of_the_locks_own_model_are_not(work: Work, results_of: ResultsOf) -> None:
    """What the handed-in model gives is right, whatever a run here gives."""
    case = handed_in(work, RIGHT)
    base = replace(base_of(commit=case.commit), scored=scored(None, TRUTH, TRUTH))
    assert refusal(case, results_of, locked=scored(None), reproduce=base)[1] is None


def test_the_same_model_with_other_scores_is_fabricated(work: Work, results_of: ResultsOf) -> None:
    """The environment is proven equal by the model's bytes, so the numbers cannot be another's."""
    case = handed_in(work, right_for(wrong_in(0)))
    base = replace(
        base_of(case.pipeline(case.commit), case.commit), scored=scored(None, TRUTH, wrong_in(0, 1))
    )
    assert "same model, byte for byte" in str(refusal(case, results_of, reproduce=base)[1])


def test_another_model_with_other_scores_is_not(work: Work, results_of: ResultsOf) -> None:
    """Another version of the library trains another forest."""
    case = handed_in(work, right_for(wrong_in(0)), fit="elsewhere")
    base = replace(base_of(commit=case.commit), scored=scored(None, TRUTH, wrong_in(0, 1, 2, 3)))
    assert refusal(case, results_of, reproduce=base)[1] is None


def fabricated_numbers(work: Work) -> Case:
    """A submission whose lock agrees with everything and whose four scores no predictions give."""
    numbers = {"accuracy": 0.99, "precision": 0.1, "recall": 0.1, "f1": 0.9}
    files = {path: path.encode() for path in ("split.py", "fit.py", "score.py")}
    raw, outs = b"1,2", {p: md5_of(p.encode()) for s in PLAIN.stages for p in s.out_paths}
    outs |= {"scores.json": md5_of(json.dumps(numbers).encode()), "data/raw/data.csv": md5_of(raw)}
    outs |= {path: md5_of(data) for path, data in files.items()}
    values = {"split.share": 0.2, "fit.trees": 100, "fit.depth": 3}
    entries = {
        s.name: {
            "cmd": s.cmd[0],
            "deps": [{"path": path, "md5": outs[path]} for path in s.deps],
            "params": {file: {key: values[key] for key in keys} for file, keys in s.params.items()},
            "outs": [{"path": path, "md5": outs[path]} for path in s.out_paths],
        }
        for s in PLAIN.stages
    }
    params = b"split: {share: 0.2}\nfit: {trees: 100, depth: 3}\n"
    scores = json.dumps(numbers).encode()
    work.commit({**files, "params.yaml": params, "scores.json": scores, "dvc.lock": lock_file(entries)})
    return work.case(PLAIN)


def test_numbers_that_no_predictions_give_are_fabricated(work: Work, results_of: ResultsOf) -> None:
    """Of 40 test rows no confusion matrix gives these four, on whatever machine."""
    case = fabricated_numbers(work)
    base = replace(base_of(commit=case.commit), scored=scored(None, TRUTH, wrong_in(1)))
    other = replace(base, state=state(PLAIN, fit="other"))
    assert "no predictions for 40 test rows" in str(refusal(case, results_of, reproduce=other)[1])


def test_numbers_of_other_rows_are_not(work: Work, results_of: ResultsOf) -> None:
    """Where the lock disagrees with the commit, its test rows may have been others in number."""
    case = handed_in(work, {"accuracy": 0.99, "precision": 0.1, "recall": 0.1, "f1": 0.9}, fit="elsewhere")
    base = replace(base_of(commit=case.commit), scored=scored(None, TRUTH, wrong_in(1)))
    assert refusal(case, results_of, reproduce=base)[1] is None


def test_a_run_of_an_earlier_commit_refutes_nothing(work: Work, results_of: ResultsOf) -> None:
    """What ran is not what the scores are of."""
    case = fabricated_numbers(work)
    base = replace(base_of(commit="e" * 40), scored=scored(None, TRUTH, wrong_in(1)))
    assert refusal(case, results_of, reproduce=base)[1] is None


@pytest.mark.parametrize("rows", [(0, 1), (0, 1, 2), (0, 1, 2, 3)])
def test_two_rows_are_noise_and_more_is_open(
    work: Work, results_of: ResultsOf, rows: tuple[int, ...]
) -> None:
    """The committed scores miss one row; a run that misses up to two more differs by library versions."""
    case = fabricated_numbers(work)
    data = json.dumps(right_for(wrong_in(0))).encode()
    lock = json.loads(case.head.read("dvc.lock") or b"")
    lock["stages"]["score"]["outs"][0]["md5"] = md5_of(data)
    work.commit({"scores.json": data, "dvc.lock": json.dumps(lock).encode()})
    case = work.case(PLAIN)
    base = replace(base_of(commit=case.commit), scored=scored(None, TRUTH, wrong_in(*rows)))
    with pytest.raises(Pending) if len(rows) > 3 else nullcontext():
        compare_committed(case, results_of({"reproduce": base}), ruling_about(5))


def test_scores_beside_a_lock_that_disagrees_are_not_compared(work: Work, results_of: ResultsOf) -> None:
    """They are of another state than the one that ran."""
    case = handed_in(work, right_for(wrong_in(0)))
    base = replace(base_of(commit=case.commit), scored=scored(None, TRUTH, wrong_in(*range(20))))
    compare_committed(case, results_of({"reproduce": base}), ruling_about(5))


def test_metrics_that_the_lock_does_not_record_hide_no_others(work: Work) -> None:
    """Of two metrics files the second counts where the first was edited after the run."""
    data, two = json.dumps(RIGHT).encode(), (Output("a.json", cached=False, kind="metric"), *SCORE.outs)
    outs = [{"path": "a.json", "md5": md5_of(b"others")}, {"path": "scores.json", "md5": md5_of(data)}]
    files = {"a.json": data, "scores.json": data, "dvc.lock": lock_file({"score": {"outs": outs}})}
    work.commit(files, pipeline_with(replace(SCORE, outs=two)))
    found = committed_scores(work.case())
    assert found is not None
    assert found.path == "scores.json"
