"""Deliverable 2: a pipeline that re-runs what it must, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import CheckFailed, Pending
from harness.evidence.flows import find_flows
from harness.grading.check import check
from harness.labs.dvc_versioning import metrics_rule, params_rule, partial_rule
from harness.labs.dvc_versioning.lock_rule import agreement, find_agreeing_commit
from harness.labs.dvc_versioning.reruns import judge
from harness.labs.dvc_versioning.wording import drawing, listed, short

if TYPE_CHECKING:
    from harness.grading.ruling import Ruling
    from harness.labs.dvc_versioning.case import Case
    from harness.labs.dvc_versioning.plan import Plan
    from harness.labs.dvc_versioning.results import Results


@check("D2.pipeline")
def test_stages_are_joined_by_their_data(case: Case, dag: str, ruling: Ruling) -> None:
    """dvc.yaml loads, and raw data, preprocess, train and evaluate are joined by the data between them."""
    pipeline = case.pipeline(case.commit)
    if pipeline.error or not pipeline.stages:
        raise CheckFailed("a dvc.yaml with stages that DVC loads", pipeline.error or "no stage at HEAD")
    ruling.award(1, f"DVC loads {listed(pipeline.addresses)}")
    ruling.fact("value", drawing(pipeline))
    for flow in find_flows(pipeline, case.roles(case.commit)):
        if flow.holds:
            ruling.award(1, f"{flow.name}: {flow.reason}")
        else:
            ruling.lose(1, expected=flow.name, found=flow.reason)
    ruling.fact("command", f"dvc dag\n{dag}")


@check("D2.params")
def test_parameters_are_declared_and_read(
    case: Case, planned: Plan, results: Results, ruling: Ruling
) -> None:
    """Each stage declares the parameters its script reads and reads those it declares; none is hard-coded."""
    base = results.reproduction_or_none()
    commit = base.commit if base else case.commit
    readings = results.readings() if base else planned.course.readings_at_head
    standard = case.standard_keys(commit, params_rule.STANDARD)
    for role, stages in params_rule.groups(case.roles(commit)):
        members = [case.pipeline(commit).stage(address) for address in stages]
        if not stages:
            ruling.lose(1, expected=f"a stage that does the {role}", found="none")
        elif faults := params_rule.faults(role, members, readings, standard):
            ruling.lose(1, expected=f"{role}: parameters declared and read", found="; ".join(faults))
        else:
            ruling.award(1, f"{role}: {params_rule.summary(members, readings)}")
    for reading in readings.values():
        for trial in reading.tried.values():
            ruling.fact("value", f"{reading.stage}, {trial}")


@check("D2.repro")
def test_the_pipeline_runs_in_a_fresh_clone(results: Results, ruling: Ruling) -> None:
    """`dvc repro -f --no-run-cache` in a fresh clone runs every stage and makes every output."""
    base = results.reproduction()
    ruling.fact(
        "command", f"{base.completed.line} at {short(base.commit)}: exit code {base.completed.exit_code}"
    )
    ruling.fact("value", f"ran {listed(base.completed.stages)}")
    for item in base.placed:
        ruling.fact("file", f"{item.path}: {item.how}")
    if base.head_failure is not None:
        ruling.award(3, f"the earlier commit {short(base.commit)} runs")
        ruling.lose(
            3,
            expected=base.head_failure.expected,
            found=f"at HEAD {base.head_failure.found}",
            hint=f"HEAD does not run, {short(base.commit)} does: commit what you changed since.",
        )


@check("D2.lock", needs="inside")
def test_the_lock_is_committed_and_agrees(case: Case, ruling: Ruling) -> None:
    """dvc.lock has every stage, and agrees with code, parameters and data at a student commit."""
    ruling.require_needs()
    case.refuse_unreadable_locks()
    pipeline, locks = case.pipeline(case.commit), case.locks(case.commit)
    if not locks:
        raise CheckFailed("dvc.lock committed at HEAD", "there is none")
    missing = [
        stage.address for stage in pipeline.stages if stage.cmd and case.locked(case.commit, stage) is None
    ]
    if missing:
        ruling.lose(2, expected="every stage in dvc.lock at HEAD", found=f"{listed(missing)} not in it")
    else:
        ruling.award(2, f"dvc.lock at HEAD has {listed(pipeline.addresses)}")
    here = agreement(case, case.commit)
    found = case.commit if not here else find_agreeing_commit(case)
    if found is None:
        ruling.lose(
            2,
            expected="dvc.lock in agreement with code, parameters and data",
            found=listed(one.text for one in here),
        )
    else:
        ruling.award(2, f"dvc.lock agrees with code, parameters and data at {short(found)}")


@check("D2.noop")
def test_a_second_repro_does_nothing(results: Results, ruling: Ruling) -> None:
    """A second `dvc repro` runs nothing and leaves the lock byte-identical."""
    rerun = results.rerun("again")
    if not rerun.completed.ok:
        raise CheckFailed("`dvc repro` succeeds", rerun.completed.describe())
    if rerun.completed.stages:
        raise CheckFailed("no stage runs the second time", f"{listed(rerun.completed.stages)} ran again")
    if rerun.before.locks != rerun.after.locks:
        raise CheckFailed("dvc.lock unchanged", "another dvc.lock after the second run")
    ruling.fact("command", f"{rerun.completed.line}: nothing ran")


@check("D2.partial")
def test_a_training_parameter_reruns_train_and_what_follows(results: Results, ruling: Ruling) -> None:
    """After a change of a training parameter train and what follows run, and nothing else does."""
    base, rerun = results.reproduction(), results.rerun("train")
    if not rerun.completed.ok:
        raise CheckFailed(f"`dvc repro` succeeds after {rerun.change}", rerun.completed.describe())
    judgement = judge(rerun, base.pipeline, partial_rule.touched(rerun, base), results.reads())
    ruling.fact("value", f"changed {rerun.change}; ran {listed(rerun.completed.stages) or 'nothing'}")
    partial_rule.rule(ruling, judgement, partial_rule.culprits(base.pipeline, judgement, rerun), rerun)
    ruling.fact("value", partial_rule.comparison(base.pipeline, rerun, judgement))


@check("D2.upstream")
def test_other_changes_rerun_what_they_must(results: Results, ruling: Ruling) -> None:
    """A changed split re-runs all that follows, an edited script its stage; a deleted model comes back."""
    base = results.reproduction()
    for name, rule in (
        ("split", partial_rule.split_fault),
        ("script", partial_rule.script_fault),
        ("model", partial_rule.model_fault),
    ):
        try:
            rerun = results.rerun(name)
        except CheckFailed as failure:
            ruling.lose(1, expected=failure.expected, found=failure.found, hint=failure.hint)
            continue
        ran = listed(rerun.completed.stages) or "nothing"
        if fault := rule(rerun, base, results.reads()):
            ruling.lose(
                1, expected=f"after {rerun.change}: {fault.expected}", found=fault.found, hint=fault.hint
            )
        else:
            ruling.award(1, f"after {rerun.change}: {ran} ran")


@check("D2.metrics", needs="inside")
def test_the_metrics_are_the_models(case: Case, results: Results, ruling: Ruling) -> None:
    """The four metrics equal the harness's own computation from model and held-out data, on two runs."""
    metrics_rule.refuse_fabricated(case, results, ruling)
    ruling.require_needs()
    try:
        metrics_rule.compare_with_recomputation(results, ruling)
    except Pending:
        metrics_rule.refuse_known_rows(results.taught(), ruling)  # what is shown is not left open
        raise
    metrics_rule.refuse_known_rows(results.taught(), ruling)
    metrics_rule.compare_committed(case, results, ruling)
