"""What is said of an experiment that is not as asked: expected, found and hint, word for word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import CheckFailed
from harness.evidence.metrics import find_scores
from harness.evidence.pipeline import Pipeline
from harness.labs.dvc_versioning.exploring_rule import (
    locked_outs,
    refuse_incomplete,
    refuse_incomplete_table,
    refuse_other_state,
    repetition,
)
from harness.labs.dvc_versioning.recompute import Scored
from harness.labs.dvc_versioning.reproduction import Snapshot
from harness.workspace.command import Completed
from tests.labs.dvc_versioning.conftest import PLAIN, SCORE, SPLIT, lock_file, locked, md5_of, ran, scored
from tests.labs.dvc_versioning.test_exploring_rule import (
    METRICS,
    PARAMS,
    RUN,
    RUNS,
    STATE,
    TRUTH,
    again,
    counted,
    guesses,
    row,
    shown,
    values,
)

Told = tuple[str, str, str | None]
LINE = "dvc exp run -S fit.trees=2"
DONE = f"command: {LINE}\nexit code: 0\nstdout: (none)\nstderr: (none)"
APPLIED = ran(exit_code=1, argv=("dvc", "exp", "apply", "odd-name"))
OTHER_PARAMS = b"fit: {trees: 100, depth: 3}\n"


def told(failure: pytest.ExceptionInfo[CheckFailed]) -> Told:
    """What a failure says."""
    return failure.value.expected, failure.value.found, failure.value.hint


@pytest.mark.parametrize(
    ("files", "commit", "says"),
    [
        (RUN.files, None, (f"`{LINE}` makes an experiment", DONE, None)),
        (
            {"params.yaml": OTHER_PARAMS, "scores.json": METRICS},
            "e" * 40,
            (
                "fit.trees = 2 in experiment odd-name",
                "100",
                "Something in the pipeline writes the params file: a stage must only read it.",
            ),
        ),
        (
            {"params.yaml": PARAMS},
            "e" * 40,
            ("metrics in experiment odd-name", "none with a number", None),
        ),
    ],
)
def test_an_incomplete_experiment(files: dict[str, bytes], commit: str | None, says: Told) -> None:
    """No experiment, another value, no number."""
    with pytest.raises(CheckFailed) as failure:
        refuse_incomplete(replace(RUN, files=files, commit=commit))
    assert told(failure) == says


def test_an_incomplete_row_says_what_it_has() -> None:
    """The missing keys, and those that the row has; without the row, the names that there are."""
    table = shown(row("odd-name", {"fit": {"trees": 2}, "seed": 1}, {"accuracy": 0.75}))
    with pytest.raises(CheckFailed) as failure:
        refuse_incomplete_table(PLAIN, RUNS, table)
    assert told(failure) == (
        "precision, recall, f1 in the row of odd-name",
        "it has fit.trees, seed, accuracy",
        None,
    )
    with pytest.raises(CheckFailed) as failure:
        refuse_incomplete_table(PLAIN, RUNS, shown(row("a", {}, {}), row("b", {}, {})))
    assert told(failure) == ("a row for odd-name in `dvc exp show`", "rows for a, b", None)


@pytest.mark.parametrize(
    ("done", "now", "params", "says"),
    [
        (
            APPLIED,
            STATE,
            PARAMS,
            (
                "`dvc exp apply odd-name` succeeds",
                "command: dvc exp apply odd-name\nexit code: 1\nstdout: (none)\nstderr: (none)",
                None,
            ),
        ),
        (
            ran(),
            replace(STATE, metrics={"scores.json": b"{"}),
            OTHER_PARAMS,
            (
                "params.yaml, scores.json as in experiment odd-name",
                "another content after the apply",
                None,
            ),
        ),
        (
            ran(),
            replace(STATE, outs={**STATE.outs, "forest.pkl": md5_of(b"other")}),
            PARAMS,
            ("forest.pkl as in the lock of odd-name", "other bytes after the apply", None),
        ),
    ],
)
def test_another_state_after_the_apply(done: Completed, now: Snapshot, params: bytes, says: Told) -> None:
    """A failed apply, other contents, other outputs."""
    with pytest.raises(CheckFailed) as failure:
        refuse_other_state(PLAIN, RUN, done, now, {"params.yaml": params})
    assert told(failure) == says


def test_an_output_that_nothing_keeps_is_named() -> None:
    """The way out is another than for one that was changed."""
    loose = Pipeline(
        tuple(replace(s, outs=tuple(replace(out, cached=False) for out in s.outs)) for s in PLAIN.stages)
    )
    gone = replace(STATE, outs={**STATE.outs, "forest.pkl": "0" * 32})
    with pytest.raises(CheckFailed) as failure:
        refuse_other_state(loose, RUN, ran(), gone, {"params.yaml": RUN.files["params.yaml"]})
    assert str(failure.value.hint).startswith("forest.pkl has `cache: false` in dvc.yaml")


def test_what_cannot_be_read_is_another_content_unless_it_is_the_same() -> None:
    """Two broken files are the same by their bytes alone."""
    broken = replace(RUN, files={**RUN.files, "params.yaml": b"{"})
    refuse_other_state(PLAIN, broken, ran(), STATE, {"params.yaml": b"{"})
    with pytest.raises(CheckFailed, match=r"params\.yaml as in experiment"):
        refuse_other_state(PLAIN, broken, ran(), STATE, {"params.yaml": b"["})


def test_outputs_of_several_locks() -> None:
    """Each dvc.yaml has a lock beside it, whose paths start at its stage's working directory."""
    deep = replace(SCORE, address="sub/dvc.yaml:score", file="sub/dvc.yaml", wdir="sub/w")
    files = {
        "dvc.lock": lock_file({"split": locked(SPLIT)}),
        "sub/dvc.lock": lock_file({"score": locked(SCORE), "gone": locked(SPLIT)}),
    }
    assert locked_outs(replace(RUN, files=files), Pipeline((SPLIT, deep))) == {
        "train.csv": md5_of(b"train.csv"),
        "test.csv": md5_of(b"test.csv"),
        "sub/w/scores.json": md5_of(b"scores.json"),
    }


def test_numbers_that_did_not_come_out_are_told() -> None:
    """Each with what came out in its place; one that never came is not noise."""
    model = str(STATE.outs["forest.pkl"])
    outcome = repetition(
        counted({"accuracy": 0.97512345, "f1": 0.5}, model), again({"accuracy": 0.5}), deterministic=True
    )
    assert outcome == ("other", "accuracy 0.975123 came out as 0.5; f1 0.5 came out as nothing")
    never = repetition(counted({"f1": 0.5}, "m"), again({"accuracy": 0.5}), deterministic=True)
    assert never == ("other", "f1 0.5 came out as nothing")


def test_noise_is_told_in_rows() -> None:
    """Two test rows that other library versions predict otherwise."""
    run = again(values(0, 1, 2), scored(None, TRUTH, guesses(0, 1, 2)))
    assert repetition(counted(values(0)), run, deterministic=True) == (
        "same",
        "came out again but for 2 test rows",
    )
    assert repetition(counted(values(0)), again(values(0)), deterministic=True) == ("same", "came out again")


def test_scores_of_other_names_are_open() -> None:
    """A number that is none of the four tells nothing about test rows."""
    run = again({"loss": 0.5}, scored(None, TRUTH, guesses(0)))
    assert repetition(counted({"loss": 0.4}), run, deterministic=True)[0] == "open"


WRONG = find_scores({"accuracy": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0})
CONSTANT = Scored(WRONG, (0, 1, 1, 0), (0, 1, 0, 0))


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (
            CONSTANT,
            ("other", "accuracy, precision, f1 came out again, but not as the model of that commit scores"),
        ),
        (replace(CONSTANT, doubt="evaluate has parameters"), ("same", "came out again")),
        (replace(CONSTANT, reported=find_scores({"accuracy": 1.0})), ("same", "came out again")),
        (replace(CONSTANT, reported=None), ("same", "came out again")),
        (None, ("same", "came out again")),
    ],
)
def test_numbers_are_held_against_the_model(found: Scored | None, outcome: tuple[str, str]) -> None:
    """All four of a plain evaluation are; fewer, or those that more than a model makes, are not."""
    run = again(WRONG.values, found)
    assert repetition(counted(WRONG.values), run, deterministic=True) == outcome
