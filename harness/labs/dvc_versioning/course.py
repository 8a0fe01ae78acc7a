"""What the scenarios of one grade do to a workspace: the lab's workflow, step by step."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from harness.errors import CheckFailed
from harness.evidence.params import addressable, declares, load_params
from harness.evidence.params_edit import edit
from harness.evidence.skeleton import skeleton
from harness.labs.dvc_versioning import draws
from harness.labs.dvc_versioning.beside import rows_beside
from harness.labs.dvc_versioning.recompute import Scored, score
from harness.labs.dvc_versioning.reproduction import (
    Repro,
    Snapshot,
    last_lines,
    missing_outputs,
    not_run,
    put_back,
    repro,
    repro_command,
    snapshot,
)
from harness.labs.dvc_versioning.running import results, run_stage
from harness.labs.dvc_versioning.samples import samples_told_wrong
from harness.labs.dvc_versioning.sensitivity import Sensitivity
from harness.workspace.files import copy_inside, remove_tree
from harness.workspace.keeping import open_folders
from harness.workspace.sealing import Seal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from harness.evidence.pipeline import Pipeline, Stage
    from harness.evidence.prose import Described
    from harness.evidence.roles import Roles
    from harness.labs.dvc_versioning.alone import Alone
    from harness.labs.dvc_versioning.case import Case
    from harness.labs.dvc_versioning.draws import Param
    from harness.labs.dvc_versioning.sensitivity import Reading
    from harness.labs.dvc_versioning.versions import Dataset, Placed
    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace


@dataclass(frozen=True)
class Reproduction:
    """A commit whose whole pipeline ran from nothing, and what came out."""

    commit: str
    pipeline: Pipeline
    roles: Roles
    command: Repro
    placed: tuple[Placed, ...]
    completed: Completed
    state: Snapshot
    scored: Scored | None = None
    head_failure: CheckFailed | None = None


class Course:
    """The plays of the scenario tree; the plays below the first one build on what it found.

    ``start`` makes a workspace of the submission in a folder: the graded commit, nothing done.
    """

    def __init__(self, case: Case, dataset: Dataset, seed: int, start: Callable[[Path], Workspace]) -> None:
        self.case = case
        self.dataset = dataset
        self.seed = seed
        self.start = start
        self.alone: dict[str, Alone] = {}
        self.readings_at_head: dict[str, Reading] = {}
        self._base: Reproduction | None = None

    @cached_property
    def seal(self) -> Seal:
        """What training may know but its own rows: Git's names, and DVC's configurations in the base."""
        commit, repository = self.base.commit, self.case.repository
        tree = repository.tree(commit)
        paths = [path for path in tree.paths() if f"/{path}".endswith("/.dvc/config")]
        configs = {path: tree.read(path) or b"" for path in paths}
        return Seal(commit, skeleton(repository, commit), configs, samples_told_wrong())

    @property
    def base(self) -> Reproduction:
        """The commit that the scenarios run on, once the first of them has found it."""
        if self._base is None:
            raise CheckFailed("a pipeline that runs", "none ran")
        return self._base

    def reproduce(self, ws: Workspace) -> Reproduction:
        """Run HEAD's pipeline in a fresh clone; where it fails, the newest earlier student commit that runs.

        Raises:
            CheckFailed: no commit runs; the failure is HEAD's.

        """
        failure: CheckFailed | None = None
        for commit in self.case.commits_to_run():
            try:
                found = self.reproduce_at(ws, commit)
            except CheckFailed as failed:
                failure = failure or failed
                continue
            self._base = replace(found, head_failure=failure)
            return self._base
        self.readings_at_head = self._readings_of_what_runs(ws)
        raise failure or CheckFailed("a commit with a pipeline", "none was handed in")

    def score_base(self, ws: Workspace) -> Scored:
        """Compute the right scores of what was reproduced, and ask its model about the rows beside."""
        base, beside = self.base, partial(rows_beside, seed=self.seed)
        scored = score(ws, self.case, base.pipeline, base.roles, beside)
        self._base = replace(base, scored=scored)
        return scored

    def _readings_of_what_runs(self, ws: Workspace) -> dict[str, Reading]:
        """Where no pipeline runs as a whole: what those of HEAD's stages read that run by themselves."""
        pipeline, found = self.case.pipeline(self.case.commit), {}
        self.check_out(ws, self.case.commit)
        self.place_sources(ws, self.case.commit)
        failed: set[str] = set()
        for stage in (pipeline.stage(address) for address in pipeline.order):
            if pipeline.upstream(stage.address) & failed:
                continue  # what is there of its inputs may be half of them
            runs = [(run_stage(ws, stage)[0].ok, results(ws, stage)) for _ in range(2)]
            if all(ok for ok, _ in runs):
                trial = Sensitivity(ws, pipeline, stage, runs[0][1])
                found[stage.address] = trial.reading(deterministic=runs[0] == runs[1], suspects=frozenset())
            else:
                failed.add(stage.address)
        return found

    def reproduce_at(self, ws: Workspace, commit: str) -> Reproduction:
        """Run one commit with `dvc repro -f --no-run-cache`; raises CheckFailed unless all of it ran."""
        pipeline, roles = self.case.pipeline(commit), self.case.roles(commit)
        if pipeline.error or not pipeline.stages:
            raise CheckFailed("a dvc.yaml that DVC can run", pipeline.error or "no stages")
        placed = self.prepare(ws, commit)
        command = repro_command(pipeline, self.case.dvc_root)
        done = repro(ws, command, "-f", "--no-run-cache")
        state = snapshot(ws, pipeline)
        _all_ran(done, pipeline, state)
        tracked = {pointer.path: pointer.md5 for pointer in self.case.pointers(commit)}
        put_back(ws, {item.path: item.data for item in placed}, tracked, state)
        return Reproduction(commit, pipeline, roles, command, placed, done, state)

    def prepare(self, ws: Workspace, commit: str) -> tuple[Placed, ...]:
        """Bring the workspace to a commit as a fresh clone has it, with the raw data and without outputs.

        What the clone brings along of these was not made by the run.
        """
        self.check_out(ws, commit)
        placed = self.place_sources(ws, commit)
        stages = self.case.pipeline(commit).stages
        for path in (path for stage in stages if not stage.frozen for path in stage.out_paths):
            ws.remove(path)
        return placed

    @contextmanager
    def before_training(self, ws: Workspace) -> Iterator[Workspace]:
        """A workspace as training finds it at its first run, for a while.

        The stages before training have run there once, and its outputs, as those of all that do not come
        after it, are as in `ws`. Nothing else that commands have left is there: no word in Git's or DVC's own
        folders or in the home, and no scores yet.
        """
        pipeline, train = self.base.pipeline, self.base.roles.train
        before = {address for one in train for address in pipeline.upstream(one)} - {*train}
        after = {address for one in train for address in pipeline.downstream(one)} - {*train}
        new = self.start(ws.root / "new")
        new.limits = ws.limits
        try:
            self.prepare(new, self.base.commit)
            for stage in (pipeline.stage(address) for address in pipeline.order if address in before):
                if stage.cmd and not stage.frozen:
                    run_stage(new, stage)
            others = (stage for stage in pipeline.stages if stage.address not in after)
            for path in (path for stage in others for path in stage.out_paths):
                new.remove(path)
                copy_inside(ws.repo, new.repo, path)
            new.launcher.adopt(new.root)
            yield new
        finally:
            ws.steps += new.steps
            new.leave()
            remove_tree(new.root)

    def run_told(self, ws: Workspace, experiment: Described) -> Snapshot:
        """Run the pipeline with the parameters of an experiment that only a text tells of."""
        declared = {param.key: param for param in self._declared(ws, self.base.pipeline.stages)}
        for key, value in experiment.params.items():
            if key in declared:
                file = declared[key].file
                ws.write(file, edit(file, ws.read(file) or b"", key, value))
        done = repro(ws, self.base.command)
        if not done.ok:
            raise CheckFailed("`dvc repro` succeeds", done.describe())
        return snapshot(ws, self.base.pipeline)

    def check_out(self, ws: Workspace, commit: str) -> None:
        """Bring the workspace to a commit of the submission as it is, on the branch that is graded."""
        if ws.at == commit:
            return
        untouched = ws.at is not None
        ws.take(commit)
        ws.run("git", "checkout", "-q", "-f", "-B", ws.branch, commit, check=True)
        if not untouched:
            open_folders(ws)
            ws.run("git", "clean", "-qffdx", check=True)
        ws.configure()

    def place_sources(self, ws: Workspace, commit: str) -> tuple[Placed, ...]:
        """Put the raw data where the pipeline reads it: by pointer, by the lock, or the newest version.

        The dataset is placed by its pointer also where no stage declares that it reads it.
        """
        pointed = [pointer.path for pointer in self.case.pointers(commit)]
        undeclared = [self.dataset.path] if self.dataset.path in pointed else []
        if self.case.repository.tree(commit).entry(self.dataset.path):
            undeclared = []  # DVC refuses to run on data that is in Git beside its pointer
        sources = dict.fromkeys([*self.case.raw_sources(commit), *undeclared])
        placed = {item.path: item for path in sources for item in self.dataset.behind(path, commit)}
        for item in placed.values():
            ws.place(item.path, item.data)
            ws.put_object(item.md5, item.data)
        return tuple(placed.values())

    def params_of(self, ws: Workspace, stages: Sequence[str]) -> tuple[Param, ...]:
        """The parameters that only these stages declare; all that they declare where none is theirs alone."""
        mine = self._declared(ws, [s for s in self.base.pipeline.stages if s.address in stages])
        others = self._declared(ws, [s for s in self.base.pipeline.stages if s.address not in stages])
        own = tuple(param for param in mine if param not in others)
        return own or mine

    def _declared(self, ws: Workspace, stages: Sequence[Stage]) -> tuple[Param, ...]:
        found: dict[tuple[str, str], Param] = {}
        for file, keys in ((file, keys) for stage in stages for file, keys in stage.takes.items()):
            for leaf, value in addressable(load_params(file, ws.read(file) or b"")).items():
                if declares(keys, leaf):
                    found[file, leaf] = draws.Param(file, leaf, value)
        return tuple(found.values())


def _all_ran(done: Completed, pipeline: Pipeline, state: Snapshot) -> None:
    if not done.ok:
        raise CheckFailed(
            "`dvc repro -f --no-run-cache` succeeds in a fresh clone",
            f"exit code {done.exit_code}: {last_lines(done.stderr or done.stdout)}",
        )
    if idle := not_run(done, pipeline.stages):
        raise CheckFailed(
            "every stage runs", f"{', '.join(idle)} did not run", "Remove `frozen: true` from dvc.yaml."
        )
    if missing := missing_outputs(state):
        raise CheckFailed("every declared output is made", f"{', '.join(missing)} missing after the run")
