"""The scenario tree of one submission: what is played, and from which state each scenario starts."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from harness.errors import CheckFailed
from harness.labs.dvc_versioning.alone import Alone, run_alone
from harness.labs.dvc_versioning.augmenting import augmentation_script
from harness.labs.dvc_versioning.changing import Changing, changed_nothing, succeeded
from harness.labs.dvc_versioning.exploring import Exploring
from harness.labs.dvc_versioning.params_rule import STANDARD, groups
from harness.labs.dvc_versioning.recompute import Scored, score
from harness.labs.dvc_versioning.repeating import repeat
from harness.labs.dvc_versioning.sensitivity import Reading, Sensitivity
from harness.labs.dvc_versioning.settings import Settings
from harness.labs.dvc_versioning.sharing import push, switch, switch_fresh
from harness.labs.dvc_versioning.teaching import teach
from harness.labs.dvc_versioning.thorough import Thorough, try_edits
from harness.workspace.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.evidence.prose import Described
    from harness.labs.dvc_versioning.course import Course
    from harness.labs.dvc_versioning.handed_in_experiments import Counted, HandedInExperiments
    from harness.labs.dvc_versioning.objects import Objects
    from harness.labs.dvc_versioning.taught import Taught
    from harness.labs.dvc_versioning.versions import Version
    from harness.workspace.scenario import Transcript
    from harness.workspace.workspace import Workspace

MOST_REPEATED = 12
MOST_TOLD = WANTED = 3


class Plan:
    """The scenarios of a submission; what it has no evidence for is not played.

    The first one needs nothing that takes time to find out: it can run while the others are planned.
    """

    def __init__(
        self, course: Course, objects: Objects, experiments: HandedInExperiments, random_edits: int = 0
    ) -> None:
        self.course = course
        self._objects = objects
        self._experiments = experiments
        self._random_edits = random_edits

    @cached_property
    def repeated(self) -> tuple[Counted, ...]:
        """The handed-in experiments that are repeated."""
        return self._experiments.counted[:MOST_REPEATED]

    @cached_property
    def told(self) -> tuple[Described, ...]:
        """The experiments told of that are run, where there are not enough others."""
        return self._experiments.told[:MOST_TOLD] if len(self.repeated) < WANTED else ()

    def scenarios(self) -> Iterator[Scenario]:
        """Plan one scenario after the other, each after those that it starts from or follows.

        The longest branches come first, and what is short and waits for nothing but one of them last, so that
        all cores have work until the end. Random edits are tried if asked for.
        """
        course = self.course
        yield Scenario("reproduce", "reproduce the pipeline in a fresh clone", course.reproduce)
        exploring = Exploring(course)
        yield Scenario("explore", "run three new experiments", exploring.run, "reproduce")
        yield from _parameter_branch(course, self._random_edits)
        yield from _version_scenarios(course, self._objects)
        yield from _repeats(course, self.repeated)
        yield from (_tell(course, index, one) for index, one in enumerate(self.told))
        yield from _rerun_branch(course)
        yield Scenario("share", "push, pull and apply experiments", exploring.share, "explore")
        yield Scenario("apply", "compare experiments and apply the best", exploring.apply, "explore")
        yield from _locked(course, self._objects)


def _rerun_branch(course: Course) -> tuple[Scenario, ...]:
    """The re-runs after one change each; one that an earlier one leaves room for goes on in its workspace."""
    changing, base, same = Changing(course), "reproduce", changed_nothing
    return (
        Scenario("train", "change a training parameter", changing.change_train, base),
        Scenario("split", "change the preprocessing", changing.change_split, base, "train", succeeded),
        Scenario("again", "reproduce with nothing changed", changing.again, base),
        Scenario("model", "delete the model", changing.delete_model, base, "again", same),
        Scenario("script", "edit the evaluation's script", changing.edit_evaluate, base, "model", same),
    )


def _parameter_branch(course: Course, random_edits: int) -> Iterator[Scenario]:
    """Each stage alone, what it reads, what training learns: in one workspace, which the first ones restore.

    Lessons and random edits start from a copy, and know what the stages read.
    """
    base = "reproduce"
    yield Scenario("alone", "run each stage alone", partial(_alone, course), base)
    yield Scenario("params", "find what each stage reads", partial(_readings, course), base, "alone")
    yield Scenario("scored", "score the reproduced model", course.score_base, base, "params")
    yield Scenario("taught", "train on wrong rows", partial(_taught, course), base, "scored", _in_a_copy)
    if random_edits:
        title, play = f"try up to {random_edits} random edits", partial(_edits, course, random_edits)
        yield Scenario("thorough", title, play, base, "taught", fit=_in_a_copy)


def _in_a_copy(_: Transcript) -> bool:
    """Where nothing that an earlier scenario has left may be known."""
    return False


def _taught(course: Course, ws: Workspace) -> Taught:
    """As training was seen to make what it made: it might be honest in a place that it has seen."""
    base, trained = course.base, [course.alone.get(address) for address in course.base.roles.train]
    if all(one is not None and one.deterministic for one in trained):
        return teach(base, course.seed, ws, course.alone, course.seal)
    with course.before_training(ws) as new:
        return teach(base, course.seed, new, {}, course.seal)


def _edits(course: Course, count: int, ws: Workspace) -> Thorough:
    if not course.alone:
        raise CheckFailed("stages that can be run by themselves", "none could")
    return try_edits(course, count, ws)


def _alone(course: Course, ws: Workspace) -> dict[str, Alone]:
    """Each stage by itself, the end of the pipeline first: it finds nothing that an earlier one has left."""
    base = course.base
    found: dict[str, Alone] = {}
    for stage in map(base.pipeline.stage, reversed(base.pipeline.order)):
        if stage.cmd:
            unlike = Settings(ws, base.pipeline, stage).unlike()
            seal = course.seal if stage.address in base.roles.train else None
            found[stage.address] = run_alone(ws, stage, base.state.outs, unlike, seal)
    course.alone = {address: found[address] for address in base.pipeline.addresses if address in found}
    return course.alone


def _readings(course: Course, ws: Workspace) -> dict[str, Reading]:
    """What the stages of the three roles read, each by its last role, the end of the pipeline first.

    So no stage's trials meet what those of an earlier one have left behind beside the declared outputs.
    """
    standard = course.case.standard_keys(course.base.commit, STANDARD)
    suspects = {
        address: frozenset(standard[role])
        for role, addresses in groups(course.base.roles)
        for address in addresses
        if address in course.alone
    }
    found = {address: _reading(course, ws, address, suspects[address]) for address in reversed(suspects)}
    return {address: found[address] for address in suspects}


def _reading(course: Course, ws: Workspace, address: str, suspects: frozenset[str]) -> Reading:
    alone, base = course.alone[address], course.base
    trial = Sensitivity(ws, base.pipeline, base.pipeline.stage(address), base.state.outs)
    clear = alone.reads if alone.clear else None
    return trial.reading(deterministic=alone.deterministic, suspects=suspects, clear=clear)


def _repeats(course: Course, repeated: Sequence[Counted]) -> Iterator[Scenario]:
    """One after the other in one workspace, which each of them brings to its own commit."""
    before = None
    for index, one in enumerate(repeated):
        name, play = f"repeat-{index}", partial(repeat, course, experiment=one)
        title = f"repeat the handed-in experiment {one.name}"
        yield Scenario(name, title, play, follows=before)
        before = name


def _tell(course: Course, index: int, experiment: Described) -> Scenario:
    return Scenario(
        f"told-{index}",
        f"run the experiment told in {experiment.where}",
        lambda ws: course.run_told(ws, experiment),
        "reproduce",
    )


def _locked(course: Course, objects: Objects) -> tuple[Scenario, ...]:
    """Score the lock's own model on the lock's own held-out data, where both were handed in.

    With them must come what else evaluate reads, such as a threshold, unless Git has it.
    """
    case = course.case
    roles = case.roles(case.commit)
    outs = case.locked_outs(case.commit)
    read = {dep for address in roles.evaluate for dep in case.pipeline(case.commit).stage(address).deps}
    made = [path for path in outs if path in read and case.head.entry(path) is None]
    wanted = [outs.get(path) for path in dict.fromkeys((*roles.models[:1], *roles.held_out, *made))]
    if not roles.models or not all(o and o.md5 and objects.handed_in.find(o.md5) for o in wanted):
        return ()

    def play(ws: Workspace) -> Scored:
        for out in wanted:
            if out is not None and out.md5 is not None:
                objects.restore(ws, out.path, out.md5)
        return score(ws, case, case.pipeline(case.commit), roles)

    return (Scenario("locked", "score the model that dvc.lock records", play),)


def _ends(versions: Sequence[Version]) -> tuple[Version, Version] | None:
    """The first version, and the last that is not the same data: one may end with the first one's data."""
    others = [one for one in versions[1:] if one.pointer.md5 != versions[0].pointer.md5]
    return (versions[0], others[-1]) if others else None


def _version_scenarios(course: Course, objects: Objects) -> Iterator[Scenario]:
    """The push, and the switch between versions, which leaves nothing of what it finds in the workspace."""
    dataset, case, commit = course.dataset, course.case, objects.served_commit
    if commit is not None:
        play = partial(push, objects=objects, commit=commit)
        yield Scenario("push", "push to an empty remote and pull", play)
    script, ends = augmentation_script(case), _ends(dataset.versions)
    if ends and ends[0].files and ends[1].files:
        between = partial(switch, first=ends[0], last=ends[1], root=case.dvc_root)
        before = None if commit is None else "push"
        yield Scenario("switch", "switch between data versions", between, follows=before)
    elif len(dataset.versions) > 1 and script is not None:
        between_fresh = partial(switch_fresh, script=script, dataset=dataset)
        yield Scenario("switch", "switch between fresh data versions", between_fresh)
