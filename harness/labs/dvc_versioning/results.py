"""Typed access to what the scenarios of a grade found; a scenario that failed raises its failure here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from harness.errors import HarnessError, Pending
from harness.labs.dvc_versioning.changing import Rerun
from harness.labs.dvc_versioning.course import Reproduction
from harness.labs.dvc_versioning.exploring import Applied, Runs, Shared
from harness.labs.dvc_versioning.recompute import Scored
from harness.labs.dvc_versioning.reproduction import Snapshot
from harness.labs.dvc_versioning.sharing import Pushed
from harness.labs.dvc_versioning.taught import Taught
from harness.labs.dvc_versioning.thorough import Thorough

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.labs.dvc_versioning.alone import Alone
    from harness.labs.dvc_versioning.sensitivity import Reading
    from harness.labs.dvc_versioning.sharing import Visit
    from harness.workspace.command import Completed
    from harness.workspace.scenario import Transcript
    from harness.workspace.scenario_tree import ScenarioTree

Facts = TypeVar("Facts")


class Results:
    """The scenarios' facts by name; each method waits until its scenario has ended."""

    def __init__(self, tree: ScenarioTree, names: frozenset[str]) -> None:
        self.tree = tree
        self.names = names

    def transcript(self, name: str) -> Transcript:
        """The transcript of a scenario that succeeded.

        Raises:
            CheckFailed: the submission made the scenario, or one that it starts from, fail.

        """
        transcript = self.tree.transcript(name)
        if transcript.failure is not None:
            raise transcript.failure
        return transcript

    def steps_of(self, name: str) -> tuple[Completed, ...]:
        """The commands of a scenario, whether it succeeded or not; none where it was not played."""
        return self.tree.transcript(name).steps if name in self.names else ()

    def reproduction(self) -> Reproduction:
        """The pipeline's run from nothing, with the right scores of what came out."""
        found = self._facts("reproduce", Reproduction)
        return replace(found, scored=self._facts("scored", Scored)) if "scored" in self.names else found

    def rerun(self, name: str) -> Rerun:
        """The run after one change: ``again``, ``train``, ``split``, ``script`` or ``model``."""
        return self._facts(name, Rerun)

    def reproduction_or_none(self) -> Reproduction | None:
        """The pipeline's run from nothing, None when it failed."""
        done = all(self._succeeded(name) for name in ("reproduce", *({"scored"} & self.names)))
        return self.reproduction() if done else None

    def rerun_or_none(self, name: str) -> Rerun | None:
        """The run after one change, None when there was none."""
        return self.rerun(name) if self._succeeded(name) else None

    def scored_of_lock(self) -> Scored | None:
        """The scores that the lock's own model and data give, None when these were not handed in."""
        return self._facts("locked", Scored) if self._succeeded("locked") else None

    def taught(self) -> Taught:
        """What became of the model that was trained on wrong rows; nothing known where it could not be."""
        return self._facts("taught", Taught) if self._succeeded("taught") else Taught("unknown")

    def reads(self) -> Mapping[str, frozenset[str] | None]:
        """The files that each stage really read, None where that is unknown.

        An evaluation that does something else with its declared inputs alone reads the model, seen or not.
        """
        found = {address: alone.reads for address, alone in self.alone().items()}
        base = self.reproduction_or_none()
        if base is None or base.roles.model is None:
            return found
        for address in found.keys() & {*base.roles.evaluate}:
            if not self.alone()[address].whole:
                seen = found[address] or frozenset(base.pipeline.stage(address).deps)
                found[address] = seen | {base.roles.model}
        return found

    def deterministic(self) -> bool:
        """Whether every stage gave the same bytes twice; True where that is unknown."""
        return not self._succeeded("alone") or all(one.deterministic for one in self.alone().values())

    def _succeeded(self, name: str) -> bool:
        return name in self.names and self.tree.transcript(name).failure is None

    def random_edits(self) -> tuple[tuple[str, str], ...]:
        """What random edits found, as advice; nothing where none were asked for."""
        if "thorough" not in self.names:
            return ()
        failure = self.tree.transcript("thorough").failure
        if failure is None:
            text = self._facts("thorough", Thorough).text
        elif self._succeeded("alone"):
            text = f"no edit was tried: {failure}"
        else:
            text = "no edit was tried: the pipeline does not run yet"
        return (("thorough", text),)

    def visits(self) -> tuple[Visit, ...]:
        """The data versions that were switched to."""
        if "switch" not in self.names:
            hint = "Hand in the folder with .dvc/cache, or show the examiner the switch on your machine."
            raise Pending("the data of the versions was not handed in and cannot be made again", hint)
        visits: tuple[Visit, ...] = self._facts("switch", tuple)
        return visits

    def pushed(self) -> Pushed:
        """The push to an empty remote, and the pulls."""
        return self._facts("push", Pushed)

    def runs(self) -> Runs:
        """The harness's own experiments."""
        return self._facts("explore", Runs)

    def applied(self) -> Applied:
        """The comparison of the experiments, and the best one applied."""
        return self._facts("apply", Applied)

    def shared(self) -> Shared:
        """The experiments in a fresh clone."""
        return self._facts("share", Shared)

    def alone(self) -> Mapping[str, Alone]:
        """Each stage run by itself, by address."""
        found: Mapping[str, Alone] = self._facts("alone", dict)
        return found

    def alone_or_none(self) -> Mapping[str, Alone]:
        """Each stage run by itself, none where they did not run."""
        return self.alone() if self._succeeded("alone") else {}

    def readings(self) -> Mapping[str, Reading]:
        """The parameters that each stage reads, by address.

        Raises:
            CheckFailed: the stages could not be run one by one, or not with other parameters.
        """
        self.alone()
        found: Mapping[str, Reading] = self._facts("params", dict)
        return found

    def repeated(self, index: int) -> Reproduction:
        """The handed-in experiment of that index, run again at its own commit."""
        return self._facts(f"repeat-{index}", Reproduction)

    def recomputed(self, index: int) -> Snapshot | None:
        """The state that an experiment gives which is only told of; None where it does not run."""
        name = f"told-{index}"
        return self._facts(name, Snapshot) if self._succeeded(name) else None

    def _facts(self, name: str, kind: type[Facts]) -> Facts:
        facts = self.transcript(name).facts
        if not isinstance(facts, kind):
            raise HarnessError(f"scenario {name!r} found {type(facts).__name__}, not {kind.__name__}")
        return facts
