"""What must hold of experiments that were run, listed, applied or repeated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import CheckFailed
from harness.evidence.metrics import find_scores
from harness.evidence.pipeline import Output, Pipeline
from harness.labs.dvc_versioning.course import Reproduction
from harness.labs.dvc_versioning.draws import Change, Param
from harness.labs.dvc_versioning.exploring import Applied, OwnExperiment, Runs
from harness.labs.dvc_versioning.exploring_rule import (
    locked_outs,
    refuse_incomplete,
    refuse_incomplete_table,
    refuse_other_state,
    repetition,
)
from harness.labs.dvc_versioning.handed_in_experiments import Counted
from harness.labs.dvc_versioning.recompute import Scored
from harness.labs.dvc_versioning.repeating import made_its_model
from harness.labs.dvc_versioning.versions import Placed
from tests.labs.dvc_versioning.conftest import (
    PLAIN,
    RIGHT,
    SCORE,
    TREES,
    base_of,
    md5_of,
    pipeline_with,
    ran,
    scored,
    state,
)

PARAMS = b"fit: {trees: 2, depth: 3}\n"
METRICS = json.dumps(RIGHT).encode()
STATE = replace(state(PLAIN), metrics={"scores.json": METRICS})
RUN = OwnExperiment(
    (TREES,),
    ran(argv=("dvc", "exp", "run", "-S", "fit.trees=2")),
    "odd-name",
    "e" * 40,
    {"params.yaml": PARAMS, "scores.json": METRICS, **STATE.locks},
)
RUNS = Runs((RUN,), ("refs/heads/main", "c" * 40), ("refs/heads/main", "c" * 40))
TRUTH = (1, 0) * 20


def row(name: str, params: Mapping[str, object], metrics: Mapping[str, object]) -> dict[str, object]:
    """One experiment as `dvc exp show --json` has it."""
    data = {
        "params": {"params.yaml": {"data": params}},
        "metrics": {"scores.json": {"data": metrics}},
    }
    return {"revs": [{"name": name, "data": data}]}


def shown(*rows: dict[str, object]) -> Applied:
    """The table that was shown, and the state after the apply."""
    table = [{"rev": "workspace"}, {"rev": "c" * 40, "experiments": list(rows)}]
    return Applied(table, RUN, ran(), STATE, {"params.yaml": PARAMS})


def guesses(*rows: int) -> tuple[int, ...]:
    """Predictions that are wrong in these rows."""
    return tuple(1 - label if at in rows else label for at, label in enumerate(TRUTH))


def values(*wrong: int) -> dict[str, float]:
    """The right scores of such predictions."""
    found = scored(RIGHT, TRUTH, guesses(*wrong)).match
    assert found is not None
    return dict(found.right.values)


def counted(scores: Mapping[str, float], model: str | None = "m") -> Counted:
    """A handed-in experiment."""
    return Counted("exp-a", "e" * 40, {"fit.trees": 2}, scores, "ref", {"forest.pkl": model})


def again(metrics: Mapping[str, float], found: Scored | None = None) -> Reproduction:
    """The same experiment, run here."""
    base = base_of()
    made = replace(base.state, metrics={"scores.json": json.dumps(metrics).encode()})
    return replace(base, state=made, scored=found)


def test_an_experiment_with_its_parameters_and_metrics_is_complete() -> None:
    """The usual case."""
    refuse_incomplete(RUN)


@pytest.mark.parametrize(
    ("experiment", "found"),
    [
        (replace(RUN, commit=None), "exit code: 0"),
        (replace(RUN, completed=ran(exit_code=255)), "exit code: 255"),
        (replace(RUN, files={"scores.json": METRICS}), "None"),
        (replace(RUN, files={"params.yaml": b"fit: {trees: 100}\n", "scores.json": METRICS}), "100"),
        (replace(RUN, files={"params.yaml": PARAMS}), "none with a number"),
        (replace(RUN, files={"params.yaml": PARAMS, "scores.json": b"{"}), "none with a number"),
        (replace(RUN, files={"params.yaml": b"{", "scores.json": METRICS}), "None"),
    ],
)
def test_an_experiment_without_them_is_refused(experiment: OwnExperiment, found: str) -> None:
    """No commit, a failed run, another value, no scores: each is said."""
    with pytest.raises(CheckFailed) as failure:
        refuse_incomplete(experiment)
    assert found in failure.value.found


def test_a_table_with_every_value_is_complete() -> None:
    """A row has the parameter that was asked for and every metric."""
    refuse_incomplete_table(PLAIN, RUNS, shown(row("odd-name", {"fit": {"trees": 2}}, RIGHT)))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "a row for odd-name"),
        ([row("other", {"fit": {"trees": 2}}, RIGHT)], "a row for odd-name"),
        ([row("odd-name", {"fit": {"trees": 100}}, RIGHT)], "fit.trees in the row"),
        ([row("odd-name", {}, RIGHT)], "fit.trees in the row"),
        ([row("odd-name", {"fit": {"trees": 2}}, {"accuracy": 0.75})], "precision, recall, f1 in the row"),
        ([{"revs": "none"}, {"revs": [3]}], "a row for odd-name"),
    ],
)
def test_a_table_that_lacks_something_is_refused(rows: list[dict[str, object]], expected: str) -> None:
    """A row or a value; what is no row is passed over."""
    with pytest.raises(CheckFailed) as failure:
        refuse_incomplete_table(PLAIN, RUNS, shown(*rows))
    assert expected in failure.value.expected


@pytest.mark.parametrize("table", [None, {}, "text", [None, 3]])
def test_no_table_is_refused(table: object) -> None:
    """`dvc exp show` may have printed anything."""
    with pytest.raises(CheckFailed, match="rows for none"):
        refuse_incomplete_table(PLAIN, RUNS, replace(shown(), shown=table))


def test_metrics_of_the_same_name_in_two_files_are_both_shown() -> None:
    """`exp show` may list the files in another order than dvc.yaml; both must be there."""
    outs = (
        Output("test.json", cached=False, kind="metric"),
        Output("train.json", cached=False, kind="metric"),
    )
    pipeline = pipeline_with(replace(SCORE, outs=outs))
    files = {**RUN.files, "test.json": b'{"accuracy": 0.9}', "train.json": b'{"accuracy": 1.0}'}
    run = replace(RUN, files=files)
    test, train = ({"accuracy": value} for value in (0.9, 1.0))
    params = {"params.yaml": {"data": {"fit": {"trees": 2}}}}
    for metrics, complete in (
        ({"train.json": {"data": train}, "test.json": {"data": test}}, True),
        ({"train.json": {"data": train}}, False),
    ):
        one: dict[str, object] = {
            "revs": [{"name": "odd-name", "data": {"params": params, "metrics": metrics}}]
        }
        with nullcontext() if complete else pytest.raises(CheckFailed, match=r"accuracy in the row"):
            refuse_incomplete_table(pipeline, replace(RUNS, experiments=(run,)), shown(one))


def test_an_applied_experiment_is_there_in_full() -> None:
    """Parameters by value, lock by content, outputs by hash."""
    rewritten = {"params.yaml": b"fit:\n  depth: 3\n  trees: 2\n"}
    refuse_other_state(PLAIN, RUN, ran(), STATE, rewritten)


def test_any_difference_from_the_experiment_is_refused() -> None:
    """A failed apply, other parameters, another lock, other bytes of the model."""
    outs = {**STATE.outs, "forest.pkl": md5_of(b"other")}
    for done, now, params in (
        (ran(exit_code=1), STATE, {"params.yaml": PARAMS}),
        (ran(), STATE, {"params.yaml": b"fit: {trees: 100, depth: 3}\n"}),
        (ran(), STATE, {}),
        (ran(), replace(STATE, locks=state(PLAIN, fit="x").locks), {"params.yaml": PARAMS}),
        (ran(), replace(STATE, metrics={}), {"params.yaml": PARAMS}),
        (ran(), replace(STATE, outs=outs), {"params.yaml": PARAMS}),
    ):
        with pytest.raises(CheckFailed):
            refuse_other_state(PLAIN, RUN, done, now, params)


def test_an_experiments_outputs_are_those_of_its_lock() -> None:
    """By path and md5; without a lock there is nothing to compare."""
    assert locked_outs(RUN, PLAIN) == STATE.outs
    assert locked_outs(replace(RUN, files={}), PLAIN) == {}


def test_scores_that_come_out_again_are_the_same() -> None:
    """To nine decimals, or as rounded by the student."""
    rounded = {name: round(value, 4) for name, value in values(0).items()}
    for told in (values(0), rounded):
        assert repetition(counted(told), again(values(0)), deterministic=True)[0] == "same"


def test_other_scores_of_the_same_model_are_false() -> None:
    """The model came out byte for byte, its numbers did not."""
    run = again(values(0, 1), scored(None, TRUTH, guesses(0, 1)))
    model = str(run.state.outs["forest.pkl"])
    outcome, why = repetition(counted(values(0), model), run, deterministic=True)
    assert outcome == "other"
    assert "accuracy 0.975 came out as 0.95" in why


def test_scores_that_change_at_every_run_do_not_come_out_again() -> None:
    """Without a fixed seed nothing can be repeated."""
    run = again(values(0, 1), scored(None, TRUTH, guesses(0, 1)))
    assert repetition(counted(values(0)), run, deterministic=False)[0] == "other"


@pytest.mark.parametrize("wrong", [(0, 1), (0, 1, 2)])
def test_two_rows_apart_are_noise(wrong: tuple[int, ...]) -> None:
    """Another version of the library trains a slightly other forest."""
    run = again(values(*wrong), scored(None, TRUTH, guesses(*wrong)))
    assert repetition(counted(values(0)), run, deterministic=True)[0] == "same"


@pytest.mark.parametrize("model", [None, "md5 of no model that was ever made"])
def test_known_libraries_leave_no_noise(model: str | None) -> None:
    """Where the graded commit's model came out byte for byte, other scores are other ones, however near."""
    run = again(values(0, 1), scored(None, TRUTH, guesses(0, 1)))
    told = counted(values(0), model)
    assert repetition(told, run, deterministic=True, same_machine=True)[0] == "other"
    right = counted(values(0, 1), model)
    assert repetition(right, run, deterministic=True, same_machine=True)[0] == "same"
    stand_in = replace(run, placed=(Placed("data.csv", "0" * 32, Path("x"), "stands in", stands_in=True),))
    assert repetition(told, stand_in, deterministic=True, same_machine=True)[0] == "same"


def test_right_scores_beside_a_model_that_was_never_made_are_false() -> None:
    """Of known libraries and a lock that agrees with all else: it was copied from another experiment."""
    run = again(values(0), scored(None, TRUTH, guesses(0)))
    copied = replace(counted(values(0), "another model's md5"), agrees=True)
    outcome, why = repetition(copied, run, deterministic=True, same_machine=True)
    assert (outcome, "another model than its lock records" in why) == ("other", True)
    assert repetition(copied, run, deterministic=True)[0] == "same"
    own = replace(copied, outs={"forest.pkl": str(run.state.outs["forest.pkl"])})
    assert made_its_model(own, run)
    assert not made_its_model(copied, run)
    assert not made_its_model(replace(own, outs={}), run)
    assert repetition(own, run, deterministic=True, same_machine=True)[0] == "same"
    unrecorded = replace(copied, outs={"forest.pkl": None})
    assert repetition(unrecorded, run, deterministic=True, same_machine=True)[0] == "same"
    then = replace(
        run, roles=replace(run.roles, models=("old.pkl",)), state=replace(run.state, outs={"old.pkl": "m"})
    )
    assert made_its_model(replace(copied, outs={"forest.pkl": "other", "old.pkl": "m"}), then)


@pytest.mark.parametrize("wrong", [4, 7, 10])
def test_more_than_two_rows_apart_are_open(wrong: int) -> None:
    """Numbers that were raised by a few test rows are not taken for noise."""
    run = again(values(*range(wrong)), scored(None, TRUTH, guesses(*range(wrong))))
    assert repetition(counted(values(0)), run, deterministic=True)[0] == "open"


@pytest.mark.parametrize("model", [None, "m"])
def test_an_unknown_model_is_not_the_same_model(model: str | None) -> None:
    """Where training has no model that evaluation reads, other scores are open and nobody's fabrication."""
    run = again(values(*range(20)), scored(None, TRUTH, guesses(*range(20))))
    unknown = replace(run, roles=base_of(Pipeline()).roles)
    assert unknown.roles.model is None
    assert repetition(counted(values(0), model), unknown, deterministic=True)[0] == "open"


def test_scores_far_apart_or_unknown_are_open() -> None:
    """What neither the run nor the harness can settle is the examiner's."""
    far = again(values(*range(20)), scored(None, TRUTH, guesses(*range(20))))
    assert repetition(counted(values(0)), far, deterministic=True)[0] == "open"
    assert repetition(counted(values(0)), again(values(0, 1)), deterministic=True)[0] == "open"


def test_a_change_of_a_parameter_that_is_a_section_is_found() -> None:
    """Dotted keys are looked up at any depth."""
    deep = Change(Param("params.yaml", "a.b.c", 1), 2)
    refuse_incomplete(replace(RUN, changes=(deep,), files={**RUN.files, "params.yaml": b"a: {b: {c: 2}}"}))


def test_a_score_that_did_not_come_out_is_a_gap() -> None:
    """A missing score is no number at all, not even minus one."""
    told = counted({"score": -1.0})
    assert repetition(told, again({"accuracy": 0.9}), deterministic=False)[0] == "other"


def test_numbers_that_are_not_the_models_are_others() -> None:
    """A commit whose evaluation prints constants gives them again, and its model says otherwise."""
    reported = find_scores({"accuracy": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0})
    scored = Scored(reported, (0, 1, 1, 0), (0, 1, 0, 0))
    told = counted(reported.values)
    assert repetition(told, again(reported.values, scored), deterministic=True)[0] == "other"
