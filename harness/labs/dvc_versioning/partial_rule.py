"""D2.partial and D2.upstream: the points for running what a change touches and leaving the rest alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evidence.oracle import Change as Alteration
from harness.evidence.oracle import declared
from harness.evidence.params import declares
from harness.labs.dvc_versioning.case import CODE
from harness.labs.dvc_versioning.reruns import judge, started_in
from harness.labs.dvc_versioning.wording import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.evidence.pipeline import Pipeline, Stage
    from harness.grading.ruling import Ruling
    from harness.labs.dvc_versioning.changing import Rerun
    from harness.labs.dvc_versioning.course import Reproduction
    from harness.labs.dvc_versioning.reruns import Judgement

Reads = "Mapping[str, frozenset[str] | None]"
SCRIPT_HINT = "List the evaluation's script under the `deps` of its stage."
MOST_WITHOUT_SKIPPABLE = 2.0


@dataclass(frozen=True)
class Fault:
    """Why one of the three changes was not answered rightly."""

    expected: str
    found: str
    hint: str | None = None


def touched(rerun: Rerun, base: Reproduction) -> tuple[str, ...]:
    """The stages that read the changed parameter (for other changes: those of the preprocessing).

    Where a parameter was drawn for one role, another role's stage that declares it too, such as one that
    lists the whole file, counts only if its outputs changed.
    """
    if rerun.param is None:
        return base.roles.prepare
    file, key = rerun.param.param.file, rerun.param.param.key
    declaring = [s for s in base.pipeline.stages if file in s.takes and declares(s.takes[file], key)]
    role = base.roles.prepare if rerun.role == "prepare" else base.roles.train
    return tuple(s.address for s in declaring if s.address in role or _outputs_changed(rerun, s))


def _outputs_changed(rerun: Rerun, stage: Stage) -> bool:
    return any(rerun.before.outs.get(path) != rerun.after.outs.get(path) for path in stage.out_paths)


def rule(ruling: Ruling, judgement: Judgement, culprits: str | None, rerun: Rerun) -> None:
    """Award two points each for the stages that stayed, that changed and that follow, by their share.

    An empty group's points go to the others; with nothing that could be skipped at most two points are left.
    """
    stayed = tuple(stage for stage in judgement.others if stage in judgement.unmoved)
    ran = tuple(stage for stage in judgement.changed if stage in judgement.ran)
    followed = tuple(stage for stage in judgement.downstream if stage in judgement.ran)
    groups = [
        _Group(judgement.others, stayed, culprits, stays=True),
        _Group(judgement.changed, ran, None),
        _Group(judgement.downstream, followed, _missing_dependency(judgement)),
    ]
    filled = [group for group in groups if group.members]
    most = ruling.max_points if judgement.others else MOST_WITHOUT_SKIPPABLE
    if not judgement.others:
        lost = ruling.max_points - most
        ruling.lose(
            lost, expected="a stage that a training parameter leaves alone", found="every stage depends on it"
        )
    for group in filled:
        _award_share(ruling, most / len(filled), group, rerun)


@dataclass(frozen=True)
class _Group:
    """Stages that should all run, or all stay as they are; those that did, and the hint for the others."""

    members: tuple[str, ...]
    good: tuple[str, ...]
    hint: str | None
    stays: bool = False


def _award_share(ruling: Ruling, points: float, group: _Group, rerun: Rerun) -> None:
    share = points * len(group.good) / len(group.members)
    ruling.award(share, f"{listed(group.good)} {'stayed' if group.stays else 'ran'}")
    if bad := [stage for stage in group.members if stage not in group.good]:
        did = "ran all the same" if group.stays else "did not run"
        expected = f"after {rerun.change}, {listed(bad)} {'stay' if group.stays else 'run'}"
        ruling.lose(points - share, expected=expected, found=f"{listed(bad)} {did}", hint=group.hint)


def _missing_dependency(judgement: Judgement) -> str | None:
    idle = [stage for stage in judgement.downstream if stage not in judgement.ran]
    if not idle:
        return None
    return (
        f"{listed(idle)} reads what changed without declaring it: list the file under its `deps` in dvc.yaml."
    )


def culprits(pipeline: Pipeline, judgement: Judgement, rerun: Rerun) -> str | None:
    """The line of dvc.yaml that makes a stage run without need: a params file listed under its `deps`."""
    if rerun.param is None:
        return None
    file = rerun.param.param.file
    guilty = [stage for stage in pipeline.stages if file in stage.deps]
    if not any(stage.address in judgement.needless for stage in guilty):
        return _whole_file(pipeline, judgement, file, rerun.param.param.key)
    names = " and ".join(f"`{stage.name}`" for stage in guilty)
    return (
        f"Remove the line `- {file}` from the `deps` of {names} in {guilty[0].file}: a file under `deps` "
        f"re-runs its stage at every change in it. Its keys under `params` are enough."
    )


def _whole_file(pipeline: Pipeline, judgement: Judgement, file: str, key: str) -> str | None:
    needless = [pipeline.stage(address) for address in judgement.needless]
    declaring = [stage for stage in needless if file in stage.params]
    guilty = [f"`{stage.name}`" for stage in declaring if declares(stage.params[file], key)]
    if not guilty:
        return None
    return f"List under the `params` of {' and '.join(guilty)} only the keys of {file} that its script reads."


def comparison(pipeline: Pipeline, rerun: Rerun, judgement: Judgement) -> str:
    """Where DVC, by what is declared, and the data really read disagree on what must run."""
    if rerun.param is None:
        return "no parameter was changed"
    param = rerun.param.param
    by_graph = declared(
        pipeline, Alteration(files=frozenset({param.file}), params={param.file: frozenset({param.key})})
    )
    by_data = {*judgement.changed, *judgement.downstream}
    needless = sorted(by_graph & {*judgement.others})
    lacking = sorted(by_data - by_graph)
    if not needless and not lacking:
        return "the declared graph and the data really read agree on what must run"
    told = [f"declares too much: {listed(needless)}"] if needless else []
    return "; ".join([*told, *([f"declares too little: {listed(lacking)}"] if lacking else [])])


def split_fault(rerun: Rerun, base: Reproduction, reads: Mapping[str, frozenset[str] | None]) -> Fault | None:
    """After a change of the split, everything that follows by the data really read must have run."""
    if not rerun.completed.ok:
        return Fault("`dvc repro` succeeds", rerun.completed.describe())
    judgement = judge(rerun, base.pipeline, touched(rerun, base), reads)
    if judgement.idle:
        return Fault(
            f"{listed((*judgement.changed, *judgement.downstream))} run", f"{listed(judgement.idle)} did not"
        )
    return None


def script_fault(
    rerun: Rerun, base: Reproduction, reads: Mapping[str, frozenset[str] | None]
) -> Fault | None:
    """After an edit of the evaluation's script only the stages that run this script must have run."""
    if not rerun.completed.ok:
        return Fault("`dvc repro` succeeds", rerun.completed.describe())
    ran = started_in(rerun, base.pipeline)
    if not ran & set(base.roles.evaluate):
        return Fault(f"{listed(base.roles.evaluate)} runs", f"{listed(ran) or 'nothing'} ran", SCRIPT_HINT)
    told = rerun.completed.stages
    others = [s for s in base.pipeline.stages if s.address in told and s.address not in base.roles.evaluate]
    needless = [
        s.address
        for s in others
        if not _may_follow(base.pipeline, s.address, base.roles.evaluate)
        and rerun.path not in (reads.get(s.address) or s.deps)
    ]
    if needless:
        return Fault(f"only {listed(base.roles.evaluate)} runs", f"{listed(needless)} ran too")
    if hidden := _hidden_code(rerun, base, reads):
        found = f"an edit of {listed(hidden)} goes unnoticed"
        return Fault(f"{listed(base.roles.evaluate)} declares its own script too", found, SCRIPT_HINT)
    return None


def _hidden_code(
    rerun: Rerun, base: Reproduction, reads: Mapping[str, frozenset[str] | None]
) -> tuple[str, ...]:
    """What only the evaluation runs, and does not declare, where a script was edited that others run too."""
    evaluate = [base.pipeline.stage(address) for address in base.roles.evaluate]
    others = [stage for stage in base.pipeline.stages if stage not in evaluate]
    of_others = {path for stage in others for path in reads.get(stage.address) or stage.deps}
    if rerun.path not in of_others:
        return ()
    own = {path for stage in evaluate for path in reads.get(stage.address) or ()} - of_others
    code = sorted(path for path in own if path.lower().endswith(CODE))
    return tuple(path for path in code if not any(stage.reads(path) for stage in evaluate))


def _may_follow(pipeline: Pipeline, address: str, evaluate: tuple[str, ...]) -> bool:
    return any(address in pipeline.downstream(stage) for stage in evaluate)


def model_fault(rerun: Rerun, base: Reproduction, _: Mapping[str, frozenset[str] | None]) -> Fault | None:
    """A deleted model must come back with the same hash, from the cache or by a run."""
    model = base.roles.model
    if not rerun.completed.ok:
        return Fault("`dvc repro` succeeds", rerun.completed.describe())
    before, after = (rerun.before.outs.get(str(model)), rerun.after.outs.get(str(model)))
    if after != before or after is None:
        return Fault(
            f"{model} comes back with md5 {before}",
            f"md5 {after}" if after else "it did not come back",
            "Fix the random_state of the training, and list the model under the `outs` of its stage.",
        )
    return None
