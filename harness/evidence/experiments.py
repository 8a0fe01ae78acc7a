"""Experiments that were handed in: DVC's refs, commits on branches, and commits of the history itself.

DVC keeps an experiment as ``refs/exps/<2>/<38>/<name>``, where the hexadecimal digits are its baseline; its
queue, stash and executors have other names there (dvc/repo/experiments/refs.py).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from harness.errors import MalformedEvidence
from harness.evidence.lock import is_lock_file, lock_files, read_lock
from harness.evidence.params import flatten, load_params

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.evidence.history import History
    from harness.evidence.lock import Lock
    from harness.evidence.repository import Commit, GitRepository, Tree
    from harness.evidence.safe_yaml import Json

Source = Literal["ref", "branch", "commit"]
_REF = re.compile(r"refs/exps/([0-9a-f]{2})/([0-9a-f]{38})/(.+)")
_NUMBER = re.compile(r"(?<![\w.-])-?\d{1,30}(?:\.\d{1,30})?(?:e-?\d{1,3})?(?![\w.])")
_METRICS_SUFFIXES = (".json", ".yaml", ".yml", ".toml")


@dataclass(frozen=True)
class Reading:
    """What to read of an experiment: metrics and parameters files by path, working directories by lock file.

    Without `metric_paths`, every output of the lock that is a small structured file in Git.
    """

    metric_paths: tuple[str, ...] | None = None
    params_files: tuple[str, ...] = ("params.yaml",)
    wdirs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Origin:
    """Where an experiment stands: its name, its commit, and the commit that it started from ('' if none)."""

    name: str
    commit: str
    baseline: str
    source: Source


@dataclass(frozen=True)
class Experiment:
    """One experiment: `params` from its locks, `file_params` from its parameters files, `metrics` by path.

    `belongs`: its metrics files are those that its locks record. `malformed` says what could not be read.
    """

    origin: Origin
    locks: tuple[Lock, ...]
    params: Mapping[str, Json]
    file_params: Mapping[str, Json]
    metrics: Mapping[str, bytes]
    belongs: bool
    malformed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The experiment's name, or what its commit is called."""
        return self.origin.name

    @property
    def commit(self) -> str:
        """The experiment's commit."""
        return self.origin.commit

    @property
    def baseline(self) -> str:
        """The commit that it started from, '' if none."""
        return self.origin.baseline

    @property
    def source(self) -> Source:
        """Where it was found: DVC's own ref, another branch, or a commit that the head contains."""
        return self.origin.source

    @property
    def identity(self) -> str:
        """What tells its parameter set from another's: locked parameters and numbers in the commands.

        Commands count because templating (``${…}``) puts parameters into them that no lock lists. A lock
        without any parameter leaves the parameters files to tell.
        """
        numbers = {
            f"{lock.file}:{name}": _NUMBER.findall(" ; ".join(stage.cmd))
            for lock in self.locks
            for name, stage in lock.stages.items()
        }
        params = dict(self.params or self.file_params)
        return json.dumps([_canonical(params), numbers], sort_keys=True)


def from_refs(repository: GitRepository, reading: Reading) -> tuple[Experiment, ...]:
    """Return the experiments in DVC's own refs, sorted by baseline and name."""
    found = ((_REF.fullmatch(ref), sha) for ref, sha in sorted(repository.refs("refs/exps/").items()))
    return tuple(
        read_experiment(repository, reading, Origin(match[3], sha, match[1] + match[2], "ref"))
        for match, sha in found
        if match is not None
    )


def from_commits(history: History, reading: Reading) -> tuple[Experiment, ...]:
    """Return the student's commits that brought a lock none of their parents had, as experiments, in order.

    Their source is ``commit`` where the head contains them, ``branch`` where only another branch or tag does;
    commits that ``dvc exp branch`` made are among the latter.
    """
    tips = {sha: name for name, sha in history.repository.branches().items()}
    return tuple(
        read_experiment(history.repository, reading, _origin(history, tips, commit))
        for commit in history.commits
        if commit.sha not in history.template_commits and _brought_lock(history, commit)
    )


def read_experiment(repository: GitRepository, reading: Reading, origin: Origin) -> Experiment:
    """Return the experiment at `origin`; what cannot be read of it is named in `malformed`, never raised."""
    tree = repository.tree(origin.commit)
    locks, lock_complaints = _locks(tree, reading)
    file_params, params_complaints = _file_params(tree, reading)
    paths = reading.metric_paths if reading.metric_paths is not None else _metrics_of(tree, locks)
    metrics = {path: data for path in paths if (data := tree.read(path)) is not None}
    return Experiment(
        origin=origin,
        locks=locks,
        params=locked_params(locks),
        file_params=file_params,
        metrics=metrics,
        belongs=bool(metrics) and any(metrics_belong(tree, lock, tuple(metrics)) for lock in locks),
        malformed=(*lock_complaints, *params_complaints),
    )


def metrics_belong(tree: Tree, lock: Lock, paths: Sequence[str] | None = None) -> bool:
    """Whether the files at `paths` that `lock` records as outputs are in `tree` as it records them.

    Text counts with LF and with CRLF line ends. Without `paths`: all structured files in Git that it records.
    False where there is none to compare.
    """
    recorded = lock.outs
    compared = [path for path in (_metrics_of(tree, (lock,)) if paths is None else paths) if path in recorded]
    return bool(compared) and all(recorded[path].md5 in tree.md5_forms(path) for path in compared)


def locked_params(locks: Iterable[Lock]) -> dict[str, Json]:
    """Return every parameter that `locks` record, by dotted key.

    Where stages recorded different values under one key, each is named ``file:stage:key`` instead.
    """
    recorded: dict[str, dict[str, Json]] = {}
    for lock in locks:
        for name, stage in lock.stages.items():
            for file, values in stage.params.items():
                for key, value in flatten(values).items():
                    recorded.setdefault(key, {})[f"{file}:{name}:{key}"] = value
    return dict(pair for key, values in recorded.items() for pair in _agreed(key, values))


def distinct(experiments: Iterable[Experiment]) -> tuple[tuple[Experiment, ...], ...]:
    """Return the experiments in groups of equal parameter sets, groups and members in the order given."""
    groups: dict[str, list[Experiment]] = {}
    for experiment in experiments:
        groups.setdefault(experiment.identity, []).append(experiment)
    return tuple(tuple(group) for group in groups.values())


def _origin(history: History, tips: Mapping[str, str], commit: Commit) -> Origin:
    return Origin(
        name=tips.get(commit.sha, commit.sha[:7]),
        commit=commit.sha,
        baseline=commit.parents[0] if commit.parents else "",
        source="commit" if commit.sha in history.on_head else "branch",
    )


def _agreed(key: str, values: Mapping[str, Json]) -> list[tuple[str, Json]]:
    different = {json.dumps(_canonical(value), sort_keys=True) for value in values.values()}
    return [(key, next(iter(values.values())))] if len(different) == 1 else list(values.items())


def _canonical(value: Json) -> Json:
    """The value with whole floats as integers, so that 100 and 100.0 are one parameter."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_canonical(inner) for inner in value]
    return value


def _brought_lock(history: History, commit: Commit) -> bool:
    """Whether a commit has a lock file that none of its parents has like that."""
    brought = [change for change in history.changes(commit) if is_lock_file(change.path) and change.after]
    merged = [history.repository.tree(parent) for parent in commit.parents[1:]] if brought else []
    return any(
        change.after is not None
        and not any(_blob_at(tree, change.path) == change.after.sha for tree in merged)
        for change in brought
    )


def _blob_at(tree: Tree, path: str) -> str | None:
    entry = tree.entry(path)
    return entry.sha if entry is not None else None


def _locks(tree: Tree, reading: Reading) -> tuple[tuple[Lock, ...], tuple[str, ...]]:
    locks: list[Lock] = []
    complaints: list[str] = []
    for file in lock_files(tree):
        try:
            locks.append(read_lock(tree, file, reading.wdirs.get(file)))
        except MalformedEvidence as error:
            complaints.append(str(error))
    return tuple(locks), tuple(complaints)


def _file_params(tree: Tree, reading: Reading) -> tuple[dict[str, Json], tuple[str, ...]]:
    """The values in the parameters files by dotted key; a later file's keys win."""
    found: dict[str, Json] = {}
    complaints: list[str] = []
    for file in reading.params_files:
        data = tree.read(file)
        try:
            found.update(flatten(load_params(file, data)) if data is not None else {})
        except MalformedEvidence as error:
            complaints.append(str(error))
    return found, tuple(complaints)


def _metrics_of(tree: Tree, locks: Iterable[Lock]) -> tuple[str, ...]:
    paths = (path for lock in locks for path in lock.outs)
    return tuple(path for path in paths if path.endswith(_METRICS_SUFFIXES) and tree.entry(path) is not None)
