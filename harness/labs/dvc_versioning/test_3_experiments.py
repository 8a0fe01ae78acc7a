"""Deliverable 3: experiments are run, compared and shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import CheckFailed
from harness.grading.check import check
from harness.labs.dvc_versioning import exploring_rule
from harness.labs.dvc_versioning.handed_in_experiments import HandedInExperiments
from harness.labs.dvc_versioning.metrics_rule import never_made, runs_of, same_model
from harness.labs.dvc_versioning.repeating import made_its_model
from harness.labs.dvc_versioning.wording import listed, short

if TYPE_CHECKING:
    from harness.grading.ruling import Ruling
    from harness.labs.dvc_versioning.case import Case
    from harness.labs.dvc_versioning.plan import Plan
    from harness.labs.dvc_versioning.results import Results

WANTED = 3
POINTS_EACH = 2.0


@check("D3.experiments")
def test_three_experiments_were_handed_in(experiments: HandedInExperiments, ruling: Ruling) -> None:
    """At least three experiments with different parameters were handed in, each with its metrics."""
    counted, described = experiments.counted, experiments.told
    for experiment in counted:
        ruling.fact("value", f"{experiment.name} at {short(experiment.commit)}: {experiment.told}")
    found = f"{len(counted)} with different parameters"
    if experiments.repeats:
        found += f" ({experiments.repeats} more repeat a parameter set)"
    shown = min(WANTED, len(counted))
    told = min(WANTED - shown, len(described))
    lost = WANTED - shown - told
    if shown:
        ruling.award(shown * POINTS_EACH, f"{listed(e.name for e in counted)}")
    if told:
        where = listed(one.where for one in described)
        hint = "Hand in the experiments themselves: the folder, or `git bundle create lab.bundle --all`."
        ruling.defer(told * POINTS_EACH, found=f"{found}; {told} more only described in {where}", hint=hint)
    if lost:
        ruling.lose(lost * POINTS_EACH, expected="three experiments with different parameters", found=found)


@check("D3.metrics_in_git")
def test_the_metrics_file_is_in_git(case: Case, ruling: Ruling) -> None:
    """At HEAD the metrics file is in Git, not in DVC's cache."""
    paths = case.metric_files(case.commit)
    committed = [path for path in paths if case.head.entry(path)]
    if not committed:
        cached = case.cached_metrics(case.commit)
        found = (
            f"{listed(cached)} is in DVC's cache"
            if cached
            else f"no {listed(paths) or 'metrics file'} in Git"
        )
        raise CheckFailed("the metrics file in Git at HEAD", found)
    ruling.fact("file", f"{listed(committed)} at {short(case.commit)}")


@check("D3.reproduce")
def test_the_experiments_come_out_again(case: Case, planned: Plan, results: Results, ruling: Ruling) -> None:
    """The handed-in experiments' metrics come out again when they are run at their own commits."""
    each = ruling.max_points / max(WANTED, len(planned.repeated))
    base, deterministic = results.reproduction_or_none(), results.deterministic()
    here = base is not None and same_model(case, base)
    runs = [scored for _, scored in runs_of(results)]
    same_libraries = False
    for index, experiment in enumerate(planned.repeated):
        try:
            again = results.repeated(index)
        except CheckFailed as failure:
            outcome, why = "other", f"does not run at its commit: {failure.found}"
        else:
            same_libraries |= made_its_model(experiment, again)
            outcome, why = exploring_rule.repetition(
                experiment, again, deterministic=deterministic, same_machine=here, runs=runs
            )
        told = f"{experiment.name}: {experiment.told}"
        if outcome == "same":
            ruling.award(each, f"{told} {why}")
        elif outcome == "open":
            ruling.defer(
                each, found=f"{told}: {why}", hint="Show the examiner the run and its library versions."
            )
        else:
            ruling.lose(each, expected=told, found=why)
            ruling.flag("fabricated" if deterministic else "nondeterministic", f"{experiment.name}: {why}")
    if base and deterministic and same_libraries and (model := never_made(case, base)):
        why = "dvc.lock records another than the code makes, though an experiment's came out byte for byte"
        ruling.flag("fabricated", f"{model}: {why}")
    _defer_missing(planned, results, ruling, each)


def _defer_missing(planned: Plan, results: Results, ruling: Ruling, each: float) -> None:
    """Leave the experiments that were not handed in to the examiner, with those told of computed beside."""
    if missing := max(0, WANTED - len(planned.repeated)):
        hint = "Hand in the folder itself, or a bundle made with `git bundle create lab.bundle --all`."
        ruling.defer(missing * each, found=f"{missing} experiments not handed in", hint=hint)
    for index, told in enumerate(planned.told):
        state = results.recomputed(index)
        scores = HandedInExperiments.scores_in(state.metrics) if state else {}
        params = ", ".join(f"{key}={value}" for key, value in told.params.items())
        numbers = ", ".join(f"{name} {value:.4f}" for name, value in scores.items()) or "does not run"
        ruling.fact("value", f"{told.where} tells of {params}: run here, {numbers}")


@check("D3.run")
def test_new_experiments_run(results: Results, ruling: Ruling) -> None:
    """Three experiments of the harness's own choice run, and leave the branch where it was."""
    runs = results.runs()
    for experiment in runs.experiments:
        ruling.fact("command", f"{experiment.completed.line}: {experiment.name or 'no experiment'}")
        exploring_rule.refuse_incomplete(experiment)
    if runs.before != runs.after:
        raise CheckFailed(f"the branch stays at {short(runs.before[1])}", f"it is at {short(runs.after[1])}")


@check("D3.compare_apply")
def test_experiments_are_compared_and_applied(results: Results, ruling: Ruling) -> None:
    """`dvc exp show` has a row per experiment, and `dvc exp apply` leaves exactly the best one."""
    pipeline, runs, applied = results.reproduction().pipeline, results.runs(), results.applied()
    exploring_rule.refuse_incomplete_table(pipeline, runs, applied)
    exploring_rule.refuse_other_state(
        pipeline, applied.experiment, applied.completed, applied.state, applied.params
    )
    ruling.fact("value", f"applied {applied.experiment.name}: {applied.experiment}")


@check("D3.push")
def test_experiments_are_shared(results: Results, ruling: Ruling) -> None:
    """`dvc exp push` to a bare remote works, and a fresh clone lists, pulls and applies the experiments."""
    pipeline, runs, shared = results.reproduction().pipeline, results.runs(), results.shared()
    names = {run.name for run in runs.experiments if run.name}
    if missing := sorted(str(name) for name in names - shared.listed_names):
        raise CheckFailed(
            "every experiment on the Git remote", f"{listed(missing)} missing: {shared.pushed.describe()}"
        )
    if not shared.pulled.ok:
        raise CheckFailed("a fresh clone pulls the experiment", shared.pulled.describe())
    exploring_rule.refuse_other_state(
        pipeline, shared.experiment, shared.applied, shared.state, shared.params
    )
    ruling.fact(
        "value", f"{listed(sorted(str(name) for name in names))} listed, pulled and applied in a fresh clone"
    )
