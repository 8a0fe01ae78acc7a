"""`harness check --thorough`: random edits of a student's pipeline, and the shortest ones that go wrong.

After each edit DVC runs as the student would type it, and three things are asked: are all outputs what a run
of everything would make, did a stage run though nothing that it reads had changed, and did DVC run what the
declared graph says (the oracle's forecast)? What is found is advice beside the grade, which stays as it is:
edits at random are no rule that all submissions are held to alike.
"""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from harness.errors import CheckFailed
from harness.evidence.forecast import Foresight, State, within
from harness.evidence.pipeline import Pipeline
from harness.labs.dvc_versioning import draws
from harness.labs.dvc_versioning.reproduction import repro
from harness.labs.dvc_versioning.thorough_edits import Editor, params_in
from harness.labs.dvc_versioning.thorough_verdict import Fault, Seen, failure, judge
from harness.labs.dvc_versioning.wording import listed
from harness.workspace.files import remove_tree
from harness.workspace.pipelines import describe_pipelines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.evidence.pipeline import Stage
    from harness.labs.dvc_versioning.course import Course
    from harness.labs.dvc_versioning.thorough_edits import Edit
    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace

Edits: TypeAlias = "tuple[Edit, ...]"
LONGEST = 6


@dataclass(frozen=True)
class Thorough:
    """What random edits found: how many were tried, and the shortest sequence that goes wrong, if any."""

    tried: int
    seed: int
    edits: tuple[Edit, ...] = ()
    fault: Fault | None = None

    @property
    def text(self) -> str:
        """What was found, for a student to read and to do again by hand."""
        if self.fault is None:
            return f"{self.tried} random edits tried (seed {self.seed}): DVC re-ran what it should each time"
        steps = [f"  {n}. {one.words}, then `dvc repro`" for n, one in enumerate(self.edits, start=1)]
        what = "This edit goes" if len(steps) == 1 else "These edits go"
        return "\n".join(
            [
                f"{what} wrong (found at random edit {self.tried}, seed {self.seed}):",
                *steps,
                f"  expected: {self.fault.expected}",
                f"  found: {self.fault.found}",
                f"  hint: {self.fault.hint}",
            ]
        )


def try_edits(course: Course, count: int, workspace: Workspace) -> Thorough:
    """Try up to `count` random edits of the pipeline in copies of a workspace in which it has run.

    Stops at the first that goes wrong, and looks for a shorter sequence that does, too.

    Raises:
        CheckFailed: two runs of the unchanged pipeline differ, so that nothing could be told.
    """
    _run_twice(course, workspace)
    editor = Editor(
        workspace,
        course.base.pipeline,
        tuple(item.path for item in course.base.placed),
        draws.generator(course.seed, "thorough"),
        {path for alone in course.alone.values() for path in alone.reads or ()},
    )
    trial = Trial(course, workspace)
    tried = 0
    while tried < count and (edits := editor.draw(min(LONGEST, count - tried))):
        wrong = trial.first_fault(edits)
        if wrong is not None:
            return Thorough(tried + len(wrong[0]), course.seed, *trial.shortest(*wrong))
        tried += len(edits)
    return Thorough(tried, course.seed)


def _run_twice(course: Course, workspace: Workspace) -> None:
    """Run everything once more, so that lock and outputs belong together."""
    done = repro(workspace, course.base.command, "-f", "--no-run-cache")
    outs = {path: workspace.md5(path) for path in course.base.state.outs}
    if not done.ok or outs != course.base.state.outs:
        raise CheckFailed(
            "two runs of the unchanged pipeline make the same bytes",
            f"{listed(path for path, md5 in outs.items() if md5 != course.base.state.outs[path])} differs",
            "Fix every random_state, and write no dates into the outputs.",
        )


class Trial:
    """Tries sequences of edits, each in a fresh copy of the same workspace."""

    def __init__(self, course: Course, workspace: Workspace) -> None:
        self._course = course
        self._base = workspace
        self._reads = {address: alone.reads for address, alone in course.alone.items()}
        self._numbers = itertools.count()

    def first_fault(self, edits: Edits) -> tuple[Edits, Fault] | None:
        """The sequence up to the first edit that goes wrong, and what does; None when none does."""
        with self._copy(self._base) as workspace:
            bench = _Bench(self._course, workspace, self._reads)
            for number, edit in enumerate(edits, start=1):
                try:
                    fault = self._after(bench, edit)
                except CheckFailed:  # the edit cannot be done or breaks the pipeline, as it does in any
                    return None
                if fault is not None:
                    return edits[:number], fault
        return None

    def shortest(self, edits: Edits, fault: Fault) -> tuple[Edits, Fault]:
        """Leave out edits for as long as something still goes wrong: all but the last, then one by one."""
        for fewer in (edits[-1:], *(edits[:n] + edits[n + 1 :] for n in range(len(edits) - 1))):
            wrong = self.first_fault(fewer) if len(fewer) < len(edits) else None
            if wrong is not None:
                return self.shortest(*wrong)
        return edits, fault

    def _after(self, bench: _Bench, edit: Edit) -> Fault | None:
        edit.apply(bench.workspace)
        bench.look_again()
        before = bench.state()
        done = repro(bench.workspace, bench.command)
        if not done.ok:
            if fault := failure(edit, done):
                return fault
            raise CheckFailed("`dvc repro` succeeds", done.describe())
        return judge(bench.seen(edit, before, done, self._fresh(bench)))

    def _fresh(self, bench: _Bench) -> State:
        """The state after a run of everything, from the state of now."""
        with self._copy(bench.workspace) as workspace:
            done = repro(workspace, bench.command, "-f", "--no-run-cache")
            if not done.ok:
                raise CheckFailed("`dvc repro -f` succeeds", done.describe())
            return bench.state_of(workspace)

    @contextlib.contextmanager
    def _copy(self, workspace: Workspace) -> Iterator[Workspace]:
        twin = workspace.copy(self._base.root / "tried" / str(next(self._numbers)))
        try:
            yield twin
        finally:
            twin.leave()
            remove_tree(twin.root)


class _Bench:
    """One copy, and what is known of it: DVC's books, and the state in which each stage last ran."""

    def __init__(
        self, course: Course, workspace: Workspace, reads: Mapping[str, frozenset[str] | None]
    ) -> None:
        self.workspace = workspace
        self.command = course.base.command
        self._pipeline = course.base.pipeline
        self._reads = reads
        self._after = self.state()
        self._foresight = Foresight(self._make)
        self._foresight.repro(self._pipeline, self._after)
        self._last = dict.fromkeys(self._pipeline.addresses, self._after)
        self._commands = {stage.address: stage.cmd for stage in self._pipeline.stages}

    def look_again(self) -> None:
        """Ask DVC what the pipeline is now: parameters may be part of commands and paths (`${…}`).

        Raises:
            CheckFailed: it has other stages than before.
        """
        now = Pipeline.from_description(describe_pipelines(self.workspace, [""])[""])
        if now.error or set(now.addresses) != set(self._last):
            raise CheckFailed("the same stages", now.error or listed(now.addresses))
        self._pipeline = now

    def state(self) -> State:
        """What is in the workspace now, as far as any stage declares or reads it."""
        return self.state_of(self.workspace)

    def state_of(self, workspace: Workspace) -> State:
        """The same of another workspace."""
        stages = self._pipeline.stages
        read = (path for paths in self._reads.values() if paths for path in sorted(paths))
        paths = dict.fromkeys([*(p for s in stages for p in (*s.inputs, *s.out_paths)), *read])
        files = {path: md5 for path in paths if (md5 := workspace.md5(path)) is not None}
        return State(files, params_in(workspace, self._pipeline))

    def seen(self, edit: Edit, before: State, done: Completed, fresh: State) -> Seen:
        """What the edit showed; the books follow."""
        self._after = self.state()
        foreseen = frozenset(self._foresight.repro(self._pipeline, before).ran)
        now = {stage.address: stage.cmd for stage in self._pipeline.stages}
        seen = Seen(
            pipeline=self._pipeline,
            reads=self._reads,
            edit=edit,
            completed=done,
            foreseen=foreseen,
            last=dict(self._last),
            after=self._after,
            fresh=fresh,
            reworded=frozenset(address for address in now if now[address] != self._commands[address]),
        )
        self._last |= dict.fromkeys(seen.ran, self._after)
        self._commands |= {address: now[address] for address in seen.ran if address in now}
        return seen

    def _make(self, stage: Stage, _: State) -> Mapping[str, str]:
        """What a stage made, as it was found afterwards."""
        made = self._after.files.items()
        return {file: md5 for file, md5 in made if any(within(file, path) for path in stage.out_paths)}
