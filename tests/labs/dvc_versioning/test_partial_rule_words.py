"""What is said of a re-run that went wrong: expected, found and hint, word for word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.labs.dvc_versioning.partial_rule import (
    Fault,
    comparison,
    culprits,
    model_fault,
    script_fault,
    split_fault,
)
from harness.labs.dvc_versioning.reruns import Judgement, judge
from tests.labs.dvc_versioning.conftest import (
    FIT,
    PLAIN,
    READS,
    SCORE,
    SPLIT,
    base_of,
    pipeline_with,
    ran,
    rerun,
)
from tests.labs.dvc_versioning.test_partial_rule import (
    BLIND,
    EDIT,
    FILE_DEPS,
    SHARE,
    WHOLE,
    deleted,
    graded,
    ruled,
)

FAILED = ran("split", exit_code=255)
EVERYTHING = Judgement(("fit",), ("score",), (), frozenset({"fit", "score"}), frozenset())


def test_a_group_that_did_otherwise_is_told() -> None:
    """The change, the stages that should have stayed or run, and what they did."""
    needless = graded(PLAIN, "split", "fit", "score", moved=["split", "fit", "score"])
    assert (needless.expected, needless.found) == (
        "after fit.trees from 100 to 2, split stay",
        "split ran all the same",
    )
    idle = graded(BLIND, "fit")
    assert (idle.expected, idle.found, idle.hint) == (
        "after fit.trees from 100 to 2, score run",
        "score did not run",
        "score reads what changed without declaring it: list the file under its `deps` in dvc.yaml.",
    )


def test_what_is_awarded_is_told() -> None:
    """Each group by its stages that did as they should."""
    assert [one.text for one in graded(PLAIN, "fit", "score").evidence] == [
        "awarded 2 of 6: split stayed",
        "awarded 2 of 6: fit ran",
        "awarded 2 of 6: score ran",
    ]


def test_a_pipeline_without_a_stage_to_skip_is_told() -> None:
    """Nothing was there to be left alone, so that most points cannot be shown."""
    result = ruled(EVERYTHING, rerun(PLAIN, "fit", "score"))
    assert (result.expected, result.found) == (
        "a stage that a training parameter leaves alone",
        "every stage depends on it",
    )


def test_the_hint_names_the_line_to_remove() -> None:
    """With every stage that lists the file, and the keys that would do."""
    about = rerun(FILE_DEPS, "split", "fit", "score")
    judgement = judge(about, FILE_DEPS, ("fit",), READS)
    assert culprits(FILE_DEPS, judgement, about) == (
        "Remove the line `- params.yaml` from the `deps` of `split` and `fit` in dvc.yaml: a file under "
        "`deps` re-runs its stage at every change in it. Its keys under `params` are enough."
    )
    both = replace(judgement, others=("split", "fit"), unmoved=frozenset())
    assert culprits(WHOLE, both, about) == (
        "List under the `params` of `split` and `fit` only the keys of params.yaml that its script reads."
    )


def test_the_comparison_is_told() -> None:
    """Without a parameter there is nothing to compare; otherwise too much, too little or both."""
    about = rerun(PLAIN, "fit", "score")
    judgement = judge(about, PLAIN, ("fit",), READS)
    assert comparison(PLAIN, replace(about, param=None), judgement) == "no parameter was changed"
    assert comparison(PLAIN, about, judgement) == (
        "the declared graph and the data really read agree on what must run"
    )
    both = pipeline_with(
        replace(SPLIT, deps=(*SPLIT.deps, "params.yaml")),
        replace(FIT, params={}, deps=("fit.py",)),
        replace(SCORE, deps=("score.py",)),
    )
    assert comparison(both, about, judgement) == "declares too much: split; declares too little: fit, score"


def test_a_failed_rerun_is_told() -> None:
    """With the command's exit code and output."""
    failed = replace(rerun(PLAIN, "split"), completed=FAILED)
    for fault in (split_fault, script_fault, model_fault):
        assert fault(failed, base_of(), READS) == Fault("`dvc repro` succeeds", FAILED.describe())


def test_a_split_that_stops_short_is_told() -> None:
    """All that should have run, and those that did not."""
    fault = split_fault(rerun(PLAIN, "split", param=SHARE), base_of(), READS)
    assert fault == Fault("split, fit, score run", "fit, score did not")


@pytest.mark.parametrize(
    ("stages", "fault"),
    [
        (
            (),
            Fault("score runs", "nothing ran", "List the evaluation's script under the `deps` of its stage."),
        ),
        (
            ("fit",),
            Fault("score runs", "fit ran", "List the evaluation's script under the `deps` of its stage."),
        ),
        (("split", "fit", "score"), Fault("only score runs", "split, fit ran too")),
    ],
)
def test_an_evaluation_that_does_not_run_alone_is_told(stages: tuple[str, ...], fault: Fault) -> None:
    """What should run, what did, and where the script is to be listed."""
    assert script_fault(replace(EDIT, completed=ran(*stages)), base_of(), READS) == fault


def test_a_model_that_comes_back_otherwise_is_told() -> None:
    """With both hashes, and the two reasons there can be."""
    hint = "Fix the random_state of the training, and list the model under the `outs` of its stage."
    back = "forest.pkl comes back with md5 a"
    assert model_fault(*deleted("a", "b"), READS) == Fault(back, "md5 b", hint)
    assert model_fault(*deleted("a", None), READS) == Fault(back, "it did not come back", hint)
