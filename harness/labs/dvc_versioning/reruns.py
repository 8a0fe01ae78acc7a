"""Which stages a change should have run again, by the data that they really read, and which did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evidence.lock import parse_lock
from harness.evidence.oracle import Change, declared
from harness.evidence.pipeline import overlaps
from harness.labs.dvc_versioning.reproduction import lock_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from harness.evidence.lock import LockedStage
    from harness.evidence.pipeline import Pipeline, Stage
    from harness.labs.dvc_versioning.changing import Rerun
    from harness.labs.dvc_versioning.reproduction import Snapshot


@dataclass(frozen=True)
class Judgement:
    """The stages of a re-run in three groups, each with those that did right.

    ``changed`` are the stages that the change itself touches, ``downstream`` those that follow by the data
    really read, ``others`` the rest, which should stay. Stages that only declare it are in none.
    """

    changed: tuple[str, ...]
    downstream: tuple[str, ...]
    others: tuple[str, ...]
    ran: frozenset[str]
    unmoved: frozenset[str]

    @property
    def idle(self) -> tuple[str, ...]:
        """Stages that should have run and did not."""
        return tuple(stage for stage in (*self.changed, *self.downstream) if stage not in self.ran)

    @property
    def needless(self) -> tuple[str, ...]:
        """Stages that should have stayed, and ran or have another lock entry."""
        return tuple(stage for stage in self.others if stage not in self.unmoved)


def judge(
    rerun: Rerun, pipeline: Pipeline, changed: Collection[str], reads: Mapping[str, frozenset[str] | None]
) -> Judgement:
    """Sort the stages of ``pipeline`` by what a change of the stages ``changed`` should do to them.

    ``reads`` has the files each stage really read; where it is None, its declared dependencies stand in.
    """
    really = {stage.address: reads.get(stage.address) for stage in pipeline.stages}
    must = _follow(pipeline, changed, really)
    may = _follow(pipeline, [*changed, *must], dict.fromkeys(really))
    before, after = (entries(state, pipeline.stages) for state in (rerun.before, rerun.after))
    moved = {address for address, entry in before.items() if entry != after[address]}
    started = started_in(rerun, pipeline)
    idle = _rightly_idle(pipeline, [a for a in (*changed, *must) if a not in started], rerun, really) - set(
        changed
    )
    others = tuple(a for a in pipeline.addresses if a not in {*changed, *must, *may})
    return Judgement(
        changed=tuple(address for address in pipeline.addresses if address in changed),
        downstream=tuple(address for address in pipeline.addresses if address in must),
        others=others,
        ran=started | idle,
        unmoved=frozenset(a for a in others if a not in rerun.completed.stages and a not in moved),
    )


def started_in(rerun: Rerun, pipeline: Pipeline) -> frozenset[str]:
    """The stages that were started: told of, and with a reason by what is declared.

    The command of a stage can tell of others that never ran. DVC starts a stage only for what the change does
    to the declared graph, or because an input that another stage makes has other bytes than before.
    """
    told = frozenset(rerun.completed.stages)
    change = _change_of(rerun)
    if change is None:
        return told
    remade = [path for path, md5 in rerun.after.outs.items() if rerun.before.outs.get(path) != md5]
    moved = {
        stage.address
        for stage in pipeline.stages
        if not stage.frozen and any(overlaps(path, dep) for path in remade for dep in stage.deps)
    }
    return told & (declared(pipeline, change) | moved)


def _change_of(rerun: Rerun) -> Change | None:
    """What was changed, as the oracle understands it; None where nothing was, or an output was deleted."""
    if rerun.param is not None:
        return Change.of_param(rerun.param.param.file, rerun.param.param.key)
    return Change.of_file(rerun.path) if rerun.path is not None else None


def entries(state: Snapshot, stages: Sequence[Stage]) -> dict[str, LockedStage | None]:
    """Each stage's entry in its lock of a state, by address; None where it has none."""
    files = [file for file in dict.fromkeys(lock_of(stage.file) for stage in stages) if file in state.locks]
    read = {file: parse_lock(file, state.locks[file]).stages for file in files}
    return {stage.address: read.get(lock_of(stage.file), {}).get(stage.name) for stage in stages}


def _follow(
    pipeline: Pipeline, start: Collection[str], really: Mapping[str, frozenset[str] | None]
) -> frozenset[str]:
    """The stages that read, directly or not, an output of ``start``."""
    reached: set[str] = set(start)
    while True:
        made = {out.path for stage in pipeline.stages if stage.address in reached for out in stage.outs}
        more = {s.address for s in pipeline.stages if _reads_any(s, made, really[s.address])} - reached
        if not more:
            return frozenset(reached - set(start))
        reached |= more


def _reads_any(stage: Stage, paths: Collection[str], really: frozenset[str] | None) -> bool:
    inputs = stage.deps if really is None else really
    own = set(stage.out_paths)
    return any(overlaps(path, one) for path in paths if path not in own for one in inputs)


def _rightly_idle(
    pipeline: Pipeline,
    suspects: Collection[str],
    rerun: Rerun,
    really: Mapping[str, frozenset[str] | None],
) -> frozenset[str]:
    """The ``suspects`` that had no reason to run: what makes their inputs made the same bytes."""
    done = started_in(rerun, pipeline) | (set(pipeline.addresses) - set(suspects))
    moved = [path for path, md5 in rerun.after.outs.items() if rerun.before.outs.get(path) != md5]
    idle: set[str] = set()
    for stage in (pipeline.stage(address) for address in pipeline.order if address in suspects):
        makers = {s.address for s in pipeline.stages if _reads_any(stage, s.out_paths, really[stage.address])}
        if makers <= done | idle and not _reads_any(stage, moved, really[stage.address]):
            idle.add(stage.address)
    return frozenset(idle)
