"""The points of partial and other re-runs: shares that add up, and hints that name the line to remove."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence.pipeline import Output, Pipeline, Stage
from harness.grading.result import CheckResult
from harness.labs.dvc_versioning.changing import Rerun
from harness.labs.dvc_versioning.course import Reproduction
from harness.labs.dvc_versioning.draws import Change, Param
from harness.labs.dvc_versioning.partial_rule import (
    comparison,
    culprits,
    model_fault,
    rule,
    script_fault,
    split_fault,
    touched,
)
from harness.labs.dvc_versioning.reruns import Judgement, judge
from tests.labs.dvc_versioning.conftest import (
    FIT,
    PLAIN,
    READS,
    SCORE,
    SPLIT,
    TREES,
    base_of,
    pipeline_with,
    ran,
    rerun,
    ruling_about,
    state,
)

BLIND = pipeline_with(replace(SCORE, deps=("score.py", "test.csv")))
FILE_DEPS = pipeline_with(
    replace(SPLIT, deps=(*SPLIT.deps, "params.yaml")), replace(FIT, deps=(*FIT.deps, "params.yaml"))
)
WHOLE = pipeline_with(*(replace(stage, params={"params.yaml": ()}) for stage in (SPLIT, FIT)))
SHARE = Change(Param("params.yaml", "split.share", 0.2), 0.4)
EDIT = Rerun("an edit of score.py", ran("score"), state(PLAIN), state(PLAIN))
READ = Mapping[str, frozenset[str] | None]


def ruled(judgement: Judgement, about: Rerun, hint: str | None = None) -> CheckResult:
    """The result of a rule about six points."""
    ruling = ruling_about(6)
    rule(ruling, judgement, hint, about)
    return ruling.settle(None, 0)


def graded(pipeline: Pipeline, *stages: str, moved: list[str] | None = None) -> CheckResult:
    """The result when these stages ran after a change of the training."""
    about = rerun(pipeline, *stages, moved=moved)
    judgement = judge(about, pipeline, touched(about, base_of(pipeline)), READS)
    return ruled(judgement, about, culprits(pipeline, judgement, about))


def test_a_right_rerun_has_all_points() -> None:
    """What the change touches ran, what follows too, the rest stayed."""
    result = graded(PLAIN, "fit", "score")
    assert (result.status, result.points) == ("passed", 6)


@pytest.mark.parametrize(
    ("stages", "points"),
    [
        (("split", "fit", "score"), 4.0),
        (("fit",), 4.0),
        (("split", "fit"), 2.0),
        (("split",), 0.0),
    ],
)
def test_each_group_has_two_points(stages: tuple[str, ...], points: float) -> None:
    """A stage that ran without need, or did not run, costs its group's share."""
    result = graded(PLAIN, *stages, moved=list({*stages, "fit"}))
    assert result.points == points
    assert result.lost_points == 6 - points


def test_params_file_as_dependency_loses_exactly_two() -> None:
    """The stage before training runs at every change in the file, and the hint names the line to remove."""
    result = graded(FILE_DEPS, "split", "fit", "score", moved=["fit", "score"])
    assert (result.points, result.lost_points) == (4, 2)
    assert str(result.hint).startswith(
        "Remove the line `- params.yaml` from the `deps` of `split` and `fit` in dvc.yaml"
    )


def test_an_undeclared_model_loses_what_follows() -> None:
    """The declared graph says that score may stay: the data really read says that it must run."""
    result = graded(BLIND, "fit")
    assert (result.points, result.lost_points) == (4, 2)
    assert "score did not run" in str(result.found)
    assert "without declaring it" in str(result.hint)


def test_nothing_that_could_be_skipped_leaves_two_points() -> None:
    """A pipeline in which everything depends on training shows no partial re-run."""
    everything = Judgement(("fit",), ("score",), (), frozenset({"fit", "score"}), frozenset())
    assert ruled(everything, rerun(PLAIN, "fit", "score")).points == 2
    half = replace(everything, ran=frozenset({"fit"}))
    assert ruled(half, rerun(PLAIN, "fit")).points == 1


def test_an_empty_group_gives_its_points_to_the_others() -> None:
    """A pipeline that ends with training is judged by the two groups that it has."""
    alone = Judgement(("fit",), (), ("split",), frozenset({"fit"}), frozenset({"split"}))
    assert ruled(alone, rerun(PLAIN, "fit")).points == 6
    assert ruled(replace(alone, unmoved=frozenset()), rerun(PLAIN, "fit")).points == 3


def test_a_group_is_paid_by_its_share() -> None:
    """Of four stages that should stay, three did: three quarters of two points."""
    names = ("a", "b", "c", "d")
    judgement = Judgement(("fit",), ("score",), names, frozenset({"fit", "score"}), frozenset("abc"))
    result = ruled(judgement, rerun(PLAIN, "fit", "score"))
    assert result.points == 5.5
    assert "d ran all the same" in str(result.found)


GROUPS = st.dictionaries(st.sampled_from("abcdefghij"), st.tuples(st.integers(0, 2), st.booleans()))


@given(GROUPS)
def test_points_always_sum_to_six(stages: dict[str, tuple[int, bool]]) -> None:
    """Whatever the groups are, awarded and lost make six, and all is awarded only to a faultless run."""
    changed, downstream, others = (
        tuple(name for name, (group, _) in stages.items() if group == number) for number in range(3)
    )
    good = frozenset(name for name, (_, right) in stages.items() if right)
    judgement = Judgement(changed or ("x",), downstream, others, good, good & frozenset(others))
    result = ruled(judgement, rerun(PLAIN, "fit"))
    assert math.isclose(result.points + result.lost_points, 6, abs_tol=1e-3)
    assert result.status != "error"
    if others:
        assert (result.points == 6) == (not judgement.idle and not judgement.needless)
    else:
        assert result.points <= 2


def test_touched_are_the_stages_that_declare_the_parameter() -> None:
    """A key, its section and the whole file all declare it; without a parameter it is the preparation."""
    base = base_of()
    assert touched(rerun(PLAIN, "fit"), base) == ("fit",)
    section = base_of(pipeline_with(replace(FIT, params={"params.yaml": ("fit",)})))
    assert touched(rerun(PLAIN, "fit"), section) == ("fit",)
    assert touched(rerun(PLAIN, "split", param=None), base) == ("split",)


def test_a_stage_that_lists_params_it_never_reads_ran_without_need() -> None:
    """The whole file under `params` of the split costs what the file under its `deps` costs, and is named."""
    result = graded(WHOLE, "split", "fit", "score", moved=["fit", "score"])
    assert (result.points, graded(FILE_DEPS, "split", "fit", "score", moved=["fit", "score"]).points) == (
        4,
        4,
    )
    assert result.hint == (
        "List under the `params` of `split` only the keys of params.yaml that its script reads."
    )


@pytest.mark.parametrize(
    ("role", "change", "moved", "stages"),
    [
        ("train", TREES, ["fit"], ("fit",)),
        ("train", TREES, ["split", "fit"], ("split", "fit")),
        ("prepare", SHARE, ["split"], ("split",)),
        ("prepare", SHARE, ["split", "fit"], ("split", "fit")),
        ("prepare", SHARE, [], ("split",)),
    ],
)
def test_another_roles_stage_is_touched_only_if_its_outputs_changed(
    role: str, change: Change, moved: list[str], stages: tuple[str, ...]
) -> None:
    """The stages of the role for which the parameter was drawn are touched whatever came out."""
    about = replace(rerun(WHOLE, "split", "fit", param=change, moved=moved), role=role)
    assert touched(about, base_of(WHOLE)) == stages


def test_no_line_is_blamed_for_a_stage_that_ran_for_another_reason() -> None:
    """A file under deps is only named when a stage that lists it ran without need."""
    about = rerun(PLAIN, "split", "fit", "score")
    judgement = judge(about, PLAIN, ("fit",), READS)
    assert judgement.needless == ("split",)
    assert culprits(PLAIN, judgement, about) is None
    assert culprits(FILE_DEPS, judgement, replace(about, param=None)) is None


def test_the_declared_graph_is_compared_with_the_data_really_read() -> None:
    """The oracle says where they differ: too much with a file under deps, too little without the model."""
    right = rerun(PLAIN, "fit", "score")
    judgement = judge(right, PLAIN, ("fit",), READS)
    assert comparison(PLAIN, right, judgement).endswith("agree on what must run")
    assert comparison(FILE_DEPS, right, judgement) == "declares too much: split"
    assert comparison(BLIND, right, judge(right, BLIND, ("fit",), READS)) == "declares too little: score"


def test_a_changed_split_must_run_all_that_follows() -> None:
    """Every stage that reads what the split makes runs."""
    base = base_of()
    assert split_fault(rerun(PLAIN, "split", "fit", "score", param=SHARE), base, READS) is None
    fault = split_fault(rerun(PLAIN, "split", "fit", param=SHARE), base, READS)
    assert fault is not None
    assert "score" in fault.found


def test_a_rerun_that_fails_is_a_fault() -> None:
    """Whatever ran before the failure."""
    failed = replace(rerun(PLAIN, "split", "fit", "score"), completed=ran("split", exit_code=255))
    for fault in (split_fault, script_fault, model_fault):
        found = fault(failed, base_of(), READS)
        assert found is not None
        assert "exit code: 255" in found.found


@pytest.mark.parametrize(
    ("stages", "right"), [(("score",), True), ((), False), (("fit",), False), (("fit", "score"), False)]
)
def test_an_edited_evaluation_runs_alone(stages: tuple[str, ...], right: bool) -> None:  # noqa: FBT001
    """Its stage runs, and no stage before it."""
    fault = script_fault(replace(EDIT, completed=ran(*stages)), base_of(), READS)
    assert (fault is None) is right


def test_what_follows_the_evaluation_may_run_with_it() -> None:
    """A report made of the scores is no stage that runs without need."""
    report = Stage("report", "report", cmd=("cat",), deps=("scores.json",), outs=(Output("report.md"),))
    base = base_of(Pipeline((*PLAIN.stages, report)))
    assert script_fault(replace(EDIT, completed=ran("score", "report")), base, READS) is None


def test_one_script_for_all_stages_runs_them_all() -> None:
    """What is edited is a script that every stage runs; a stage that does not read it still must stay."""
    shared = pipeline_with(*(replace(s, deps=("main.py", *s.deps[1:])) for s in PLAIN.stages))
    about = Rerun("an edit", ran("split", "fit", "score"), state(shared), state(shared), path="main.py")
    declared: READ = {stage.address: frozenset(stage.deps) for stage in shared.stages}
    for reads in (declared, {}, dict.fromkeys(shared.addresses)):
        assert script_fault(about, base_of(shared), reads) is None
    fault = script_fault(about, base_of(shared), {**declared, "split": frozenset({"data/raw/data.csv"})})
    assert fault is not None
    assert fault.found == "split ran too"


def test_a_script_that_others_run_too_does_not_stand_for_the_evaluations_own() -> None:
    """Behind a wrapper of all stages the evaluation's script must be declared; what others read is theirs."""
    shared = pipeline_with(*(replace(s, deps=("run.sh", *s.deps[1:])) for s in PLAIN.stages))
    about = Rerun("an edit", ran("split", "fit", "score"), state(shared), state(shared), path="run.sh")
    reads: READ = {s.address: frozenset({*s.deps, "common.py", f"{s.name}.py"}) for s in shared.stages}
    fault = script_fault(about, base_of(shared), reads)
    assert fault is not None
    assert (fault.expected, fault.found) == (
        "score declares its own script too",
        "an edit of score.py goes unnoticed",
    )
    declared = pipeline_with(*(replace(s, deps=(*s.deps, f"{s.name}.py")) for s in shared.stages))
    assert script_fault(about, base_of(declared), reads) is None
    assert script_fault(about, base_of(shared), {**reads, "score": None}) is None


def deleted(before: str | None, after: str | None) -> tuple[Rerun, Reproduction]:
    """A re-run after the model was deleted, with the model's md5 before and after."""
    then, now = (replace(state(PLAIN), outs={"forest.pkl": md5}) for md5 in (before, after))
    return Rerun("the deletion of forest.pkl", ran("fit"), then, now), base_of()


def test_a_deleted_model_comes_back_the_same() -> None:
    """From the cache or by a run, with the hash that it had."""
    assert model_fault(*deleted("a", "a"), READS) is None
    other, gone = model_fault(*deleted("a", "b"), READS), model_fault(*deleted("a", None), READS)
    assert other is not None
    assert other.found == "md5 b"
    assert gone is not None
    assert gone.found == "it did not come back"
