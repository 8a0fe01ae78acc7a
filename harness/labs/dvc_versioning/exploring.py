"""The experiments that the harness itself runs on the student's pipeline: run, compare, apply, share."""

from __future__ import annotations

import json
import re
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.errors import CheckFailed
from harness.evidence.repository import GitRepository
from harness.labs.dvc_versioning import draws
from harness.labs.dvc_versioning.handed_in_experiments import HandedInExperiments
from harness.labs.dvc_versioning.reproduction import (
    REPRO_SECONDS,
    Snapshot,
    last_lines,
    lock_of,
    metric_paths,
    snapshot,
)
from harness.workspace.git_view import head_of, refs_in, safe_clone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.labs.dvc_versioning.course import Course
    from harness.labs.dvc_versioning.draws import Change, Param
    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace

EXPERIMENT = re.compile(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/(.+)")


@dataclass(frozen=True)
class OwnExperiment:
    """One `dvc exp run` of the harness: what it changed, and the commit that DVC made of it."""

    changes: tuple[Change, ...]
    completed: Completed
    name: str | None
    commit: str | None
    files: Mapping[str, bytes]

    @property
    def refused(self) -> bool:
        """Whether it came to nothing, and not for its limits: its values may be to blame."""
        stopped = self.completed.timed_out or self.completed.limit is not None
        return self.commit is None and not self.completed.ok and not stopped

    @property
    def metrics(self) -> Mapping[str, bytes]:
        """The files that are neither locks nor parameters."""
        others = {change.param.file for change in self.changes}
        return {p: data for p, data in self.files.items() if p not in others and not p.endswith("dvc.lock")}

    def __str__(self) -> str:
        return ", ".join(f"{change.param.key}={change.new}" for change in self.changes)


@dataclass(frozen=True)
class Runs:
    """The experiments run, and the branch and commit before and after them."""

    experiments: tuple[OwnExperiment, ...]
    before: tuple[str, str]
    after: tuple[str, str]


@dataclass(frozen=True)
class Applied:
    """What `dvc exp show` listed, and the state that `dvc exp apply` left."""

    shown: object
    experiment: OwnExperiment
    completed: Completed
    state: Snapshot
    params: Mapping[str, bytes]


@dataclass(frozen=True)
class Shared:
    """What a fresh clone got of the pushed experiments."""

    pushed: Completed
    listed: Completed
    pulled: Completed
    applied: Completed
    experiment: OwnExperiment
    listed_names: frozenset[str]
    state: Snapshot
    params: Mapping[str, bytes]


class Exploring:
    """The plays of the experiments' branch of the scenario tree; each builds on the first."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._runs: Runs | None = None

    @property
    def runs(self) -> Runs:
        """The experiments, once they were run."""
        if self._runs is None:
            raise CheckFailed("three experiments", "none ran")
        return self._runs

    def run(self, ws: Workspace) -> Runs:
        """Run three experiments with values of the harness's own, the raw data placed afresh before each.

        Values that the pipeline refuses are held against it only where it refuses milder ones as well.
        """
        base = self.course.base
        ws.run("git", "reset", "--hard", "-q", check=True)
        of_train, of_all = (
            self.course.params_of(ws, some) for some in (base.roles.train, base.pipeline.addresses)
        )
        params = of_train if draws.by_usefulness(of_train) else of_all
        before = head_of(ws.repo)
        experiments = tuple(self._with_committed(ws, self._run_all(ws, params)))
        if not experiments:
            raise CheckFailed(
                "a numeric parameter to vary",
                "no stage declares one",
                "List the train parameters under `params`.",
            )
        self._runs = Runs(experiments, before, head_of(ws.repo))
        return self._runs

    def _run_all(self, ws: Workspace, params: Sequence[Param]) -> list[OwnExperiment]:
        """Run each with the values drawn, and from the first one that fails on with milder ones."""
        seed, runs = self.course.seed, list[OwnExperiment]()
        sets, *left = (draws.experiments(params, seed), *draws.milder_experiments(params, seed))
        for i in range(len(sets)):
            run = self._run_one(ws, sets[i], f"trial-{i + 1}")
            while run.refused and left:
                sets = left.pop(0)
                ws.run("git", "reset", "--hard", "-q", check=True)
                run = self._run_one(ws, sets[i], f"trial-{i + 1}")
            runs.append(run)
        return runs

    def _run_one(self, ws: Workspace, changes: tuple[Change, ...], called: str) -> OwnExperiment:
        base = self.course.base
        for item in base.placed:
            ws.place(item.path, item.data)
        known = _experiments_of(ws.repo)
        sets = [
            arg for c in changes for arg in ("-S", base.command.override(c.param.file, c.param.key, c.new))
        ]
        typed = ("dvc", "exp", "run", "-n", called, *sets, *base.command.targets)
        done = ws.run(*typed, cwd=base.command.folder, timeout=REPRO_SECONDS)
        new = {name: sha for name, sha in _experiments_of(ws.repo).items() if known.get(name) != sha}
        name, commit = next(iter(new.items()), (None, None))
        return OwnExperiment(changes, done, name, commit, self._files(ws) if commit else {})

    def _files(self, ws: Workspace) -> Mapping[str, bytes]:
        """The files that tell of an experiment, as it has left them in the workspace."""
        return _those_there((path, ws.read(path)) for path in self._telling)

    @property
    def _telling(self) -> frozenset[str]:
        pipeline = self.course.base.pipeline
        locks = {lock_of(stage.file) for stage in pipeline.stages}
        params = {file for stage in pipeline.stages for file in stage.takes}
        return frozenset({*metric_paths(pipeline), *locks, *params})

    def _with_committed(self, ws: Workspace, runs: Sequence[OwnExperiment]) -> Iterator[OwnExperiment]:
        """The experiments, with what their commits hold in place of what their runs have left of it."""
        if not any(run.commit for run in runs):
            yield from runs
            return
        with closing(GitRepository(safe_clone(ws.repo, ws.root))) as repository:
            for run in runs:
                tree = repository.tree(run.commit) if run.commit else None
                found = _those_there((path, tree.read(path)) for path in self._telling) if tree else {}
                yield replace(run, files={**run.files, **found})

    def best(self) -> OwnExperiment:
        """The experiment with the highest f1, or the highest accuracy where there is no f1."""
        usable = [run for run in self.runs.experiments if run.name]
        if not usable:
            raise CheckFailed("an experiment to compare and share", "`dvc exp run` made none")
        return max(usable, key=self._merit)

    def _merit(self, experiment: OwnExperiment) -> float:
        scores = HandedInExperiments.scores_in(experiment.metrics)
        return scores.get("f1", scores.get("accuracy", 0.0))

    def apply(self, ws: Workspace) -> Applied:
        """List the experiments, and apply the best of them to the workspace."""
        base, best = self.course.base, self.best()
        shown = ws.run("dvc", "exp", "show", "--json", cwd=base.command.folder)
        done = ws.run("dvc", "exp", "apply", str(best.name), cwd=base.command.folder)
        params = {path: data for path in best.files if (data := ws.read(path)) is not None}
        return Applied(_json(shown), best, done, snapshot(ws, base.pipeline), params)

    def share(self, ws: Workspace) -> Shared:
        """Push the experiments to a bare remote; list, pull and apply them in a fresh clone."""
        base, best = self.course.base, self.best()
        names = [str(run.name) for run in self.runs.experiments if run.name]
        pushed = ws.run("dvc", "exp", "push", "origin", *names, cwd=base.command.folder)
        if not pushed.ok:
            raise CheckFailed("`dvc exp push origin` succeeds", last_lines(pushed.stderr or pushed.stdout))
        other = ws.teammate(ws.root / "teammate")
        listed = other.run(
            "dvc", "exp", "list", "origin", "--all-commits", "--name-only", cwd=base.command.folder
        )
        pulled = other.run("dvc", "exp", "pull", "origin", str(best.name), cwd=base.command.folder)
        applied = other.run("dvc", "exp", "apply", str(best.name), cwd=base.command.folder)
        state = snapshot(other, base.pipeline)
        arrived = frozenset(_experiments_of(ws.origin))
        ws.steps.extend(other.steps)
        params = {path: data for path in best.files if (data := other.read(path)) is not None}
        return Shared(pushed, listed, pulled, applied, best, arrived, state, params)


def _those_there(files: Iterable[tuple[str, bytes | None]]) -> dict[str, bytes]:
    return {path: data for path, data in files if data is not None}


def _experiments_of(repository: Path) -> dict[str, str]:
    """Name and commit of each experiment in a repository of the workspace, read when nothing runs there."""
    refs = refs_in(repository)
    return {match[1]: sha for ref, sha in refs.items() if (match := EXPERIMENT.fullmatch(ref))}


def rows(shown: object) -> Mapping[str, Mapping[str, object]]:
    """The experiments of `dvc exp show --json`: name to the data of its row (params, metrics, outs)."""
    found: dict[str, Mapping[str, object]] = {}
    for baseline in shown if isinstance(shown, list) else []:
        for experiment in _entries(baseline, "experiments"):
            for revision in _entries(experiment, "revs"):
                name, data = revision.get("name"), revision.get("data")
                if isinstance(name, str) and isinstance(data, dict):
                    found[name] = data
    return found


def leaves(section: object) -> Sequence[tuple[str, object]]:
    """The dotted keys and values of one row's params or metrics, over all files."""
    found: list[tuple[str, object]] = []
    for file in section.values() if isinstance(section, dict) else []:
        if isinstance(file, dict) and isinstance(file.get("data"), dict):
            found.extend(_flat("", file["data"]))
    return found


def _flat(prefix: str, value: object) -> list[tuple[str, object]]:
    if not isinstance(value, dict):
        return [(prefix, value)]
    return [
        leaf
        for key, inner in value.items()
        for leaf in _flat(f"{prefix}.{key}" if prefix else str(key), inner)
    ]


def _entries(value: object, key: str) -> list[dict[str, object]]:
    inner = value.get(key) if isinstance(value, dict) else None
    return [entry for entry in inner if isinstance(entry, dict)] if isinstance(inner, list) else []


def _json(done: Completed) -> object:
    try:
        return json.loads(done.stdout)
    except ValueError:
        return None
