"""The experiments that a submission brings, and those that it only tells of."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.experiments import Reading, from_commits, from_refs
from harness.evidence.metrics import find_scores, load_metrics, otherness
from harness.evidence.params import flatten, load_params
from harness.evidence.prose import described
from harness.evidence.prose_names import Names
from harness.evidence.scoring import NAMES
from harness.labs.dvc_versioning.dataset import template_files
from harness.labs.dvc_versioning.lock_rule import agreement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.evidence.experiments import Experiment
    from harness.evidence.prose import Described
    from harness.labs.dvc_versioning.case import Case

DELIVERABLE_TWO = 2
WANTED = 3
LARGEST = 1 << 20


@dataclass(frozen=True)
class Counted:
    """One experiment with a parameter set of its own, and its scores as handed in.

    ``agrees``: its lock is that of the code, parameters and data beside it. ``outs`` has the md5 of each
    output that its lock records.
    """

    name: str
    commit: str
    params: Mapping[str, object]
    scores: Mapping[str, float]
    source: str
    outs: Mapping[str, str | None] = field(default_factory=dict)
    agrees: bool = False

    @property
    def told(self) -> str:
        """Its parameters and scores in a few words."""
        params = ", ".join(f"{key.rpartition('.')[2]}={value}" for key, value in sorted(self.params.items()))
        scores = ", ".join(f"{name} {value:.4f}" for name, value in self.scores.items())
        return f"{params or 'no parameters'} → {scores or 'no metrics'}"


class HandedInExperiments:
    """Experiments by where they were found: DVC's refs, other branches, commits of the history."""

    def __init__(self, case: Case) -> None:
        self.case = case

    @cached_property
    def _reading(self) -> Reading:
        pipeline = self.case.pipeline(self.case.commit)
        files = {file for stage in pipeline.stages for file in stage.takes}
        wdirs: dict[str, dict[str, str]] = {}
        for stage in pipeline.stages:
            wdirs.setdefault(self.case.lock_of(stage), {})[stage.name] = stage.wdir
        return Reading(None, tuple(sorted(files)) or (self.case.inside_dvc_root("params.yaml"),), wdirs)

    @cached_property
    def _in_refs(self) -> tuple[Experiment, ...]:
        return from_refs(self.case.repository, self._reading)

    @cached_property
    def _in_commits(self) -> tuple[Experiment, ...]:
        """Commits and branches whose params, lock and metrics belong together, without deliverable 2's own.

        The first lock and the first re-run after it are deliverable 2: they count only if they are also
        among DVC's refs.
        """
        found = [one for one in from_commits(self.case.history, self._reading) if one.belongs]
        on_head = [one for one in found if one.source == "commit"]
        first_two = list(dict.fromkeys(one.identity for one in on_head))[:DELIVERABLE_TWO]
        return tuple(one for one in found if one.identity not in first_two)

    @cached_property
    def counted(self) -> tuple[Counted, ...]:
        """One experiment for each distinct parameter set that has both parameters and metrics.

        Of commits with one set the newest counts, which is what the student shows; before them DVC's refs.
        """
        in_commits = {one.identity: one for one in self._in_commits if self._usable(one)}
        sets: dict[str, Experiment] = {}
        for one in (*filter(self._usable, self._in_refs), *in_commits.values()):
            sets.setdefault(one.identity, one)
        return tuple(self._counted(one) for one in sets.values())

    def _usable(self, one: Experiment) -> bool:
        has_params = bool(one.params or one.file_params)
        return has_params and _consistent(one) and bool(self.scores_in(self._metrics(one)))

    def _counted(self, one: Experiment) -> Counted:
        params, scores = one.params or one.file_params, self.scores_in(self._metrics(one))
        agrees = not agreement(self.case, one.commit)
        outs = {path: out.md5 for lock in one.locks for path, out in lock.outs.items()}
        return Counted(one.name, one.commit, params, scores, one.source, outs, agrees)

    @property
    def repeats(self) -> int:
        """How many of DVC's refs repeat a parameter set."""
        usable = [one.identity for one in self._in_refs if self.scores_in(one.metrics)]
        return len(usable) - len(set(usable))

    @cached_property
    def told(self) -> tuple[Described, ...]:
        """Parameter sets that only texts or scripts tell of; none that was handed in is among them."""
        handed_in = [dict(one.params) for one in self.counted]
        every = described(self.case.head, Names(self._keys, frozenset(NAMES)), template_files())
        return tuple(one for one in every if not any(_agrees(one.params, params) for params in handed_in))

    @cached_property
    def _keys(self) -> frozenset[str]:
        found: dict[str, None] = {}
        for file in self._reading.params_files:
            try:
                found |= dict.fromkeys(flatten(load_params(file, self.case.head.read(file) or b"")))
            except MalformedEvidence:
                continue
        return frozenset(found)

    def _metrics(self, experiment: Experiment) -> Mapping[str, bytes]:
        """An experiment's metrics files: from Git, or else from the handed-in cache by the locks' hashes."""
        if experiment.metrics:
            return experiment.metrics
        wanted = self.case.metric_files(self.case.commit)
        outs = {path: lock.outs[path] for lock in experiment.locks for path in wanted if path in lock.outs}
        objects = {path: self.case.submission.objects.find(out.md5 or "") for path, out in outs.items()}
        small = {path: file for path, file in objects.items() if file and file.stat().st_size < LARGEST}
        return {path: file.read_bytes() for path, file in small.items()}

    @staticmethod
    def scores_in(metrics: Mapping[str, bytes]) -> dict[str, float]:
        """The scores that metrics files hold by meaning; all their numbers where they hold none.

        Of two files with the same score, it is that of the one that is named less after training rows.
        """
        found: dict[str, float] = {}
        numbers: dict[str, float] = {}
        for path, data in sorted(metrics.items(), key=lambda one: (otherness(one[0]), one[0])):
            try:
                values = load_metrics(path, data)
            except MalformedEvidence:
                continue
            found = {**find_scores(values).values, **found}
            flat = flatten(values).items()
            numbers |= {
                k: float(v) for k, v in flat if isinstance(v, int | float) and not isinstance(v, bool)
            }
        return found or numbers


def _consistent(experiment: Experiment) -> bool:
    """Whether the lock's parameters are those of the params files beside it."""
    both = set(experiment.params) & set(experiment.file_params)
    return all(experiment.params[key] == experiment.file_params[key] for key in both)


def _agrees(told: Mapping[str, object], params: Mapping[str, object]) -> bool:
    ends = {key.rpartition(".")[2]: value for key, value in params.items()}
    return all(ends.get(key.rpartition(".")[2]) == value for key, value in told.items())
