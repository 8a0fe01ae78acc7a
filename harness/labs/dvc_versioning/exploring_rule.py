"""D3: what must hold of an experiment that was run, listed, applied or repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from harness.errors import CheckFailed, MalformedEvidence
from harness.evidence.confusion import rows_apart
from harness.evidence.lock import parse_lock
from harness.evidence.params import flatten, load_params, lookup
from harness.evidence.scoring import NAMES
from harness.labs.dvc_versioning.exploring import leaves, rows
from harness.labs.dvc_versioning.handed_in_experiments import HandedInExperiments
from harness.labs.dvc_versioning.repeating import gaps, made_its_model, recorded_model
from harness.labs.dvc_versioning.reproduction import lock_of, metric_paths
from harness.labs.dvc_versioning.ways import settled, taken
from harness.labs.dvc_versioning.wording import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.evidence.pipeline import Pipeline
    from harness.labs.dvc_versioning.course import Reproduction
    from harness.labs.dvc_versioning.exploring import Applied, OwnExperiment, Runs
    from harness.labs.dvc_versioning.handed_in_experiments import Counted
    from harness.labs.dvc_versioning.recompute import Scored
    from harness.labs.dvc_versioning.reproduction import Snapshot
    from harness.workspace.command import Completed

NOISE_ROWS = 2
OTHER_MODEL = "came out again, but with another model than its lock records"
Outcome = Literal["same", "other", "open"]


def refuse_incomplete(experiment: OwnExperiment) -> None:
    """Raise CheckFailed unless `dvc exp run` made an experiment with the asked parameters and metrics."""
    if experiment.commit is None or not experiment.completed.ok:
        raise CheckFailed(
            f"`{experiment.completed.line}` makes an experiment", experiment.completed.describe()
        )
    for change in experiment.changes:
        found = _value(experiment.files.get(change.param.file), change.param.file, change.param.key)
        if found != change.new:
            raise CheckFailed(
                f"{change.param.key} = {change.new} in experiment {experiment.name}",
                f"{found}",
                "Something in the pipeline writes the params file: a stage must only read it.",
            )
    if not HandedInExperiments.scores_in(experiment.metrics):
        raise CheckFailed(f"metrics in experiment {experiment.name}", "none with a number")


def refuse_incomplete_table(pipeline: Pipeline, runs: Runs, applied: Applied) -> None:
    """Raise CheckFailed unless `dvc exp show` has a row with all params and metrics for each."""
    shown = rows(applied.shown)
    for experiment in runs.experiments:
        row = shown.get(str(experiment.name))
        if row is None:
            raise CheckFailed(
                f"a row for {experiment.name} in `dvc exp show`", f"rows for {listed(shown) or 'none'}"
            )
        have = [leaf for section in ("params", "metrics") for leaf in leaves(row.get(section))]
        asked = [(change.param.key, change.new) for change in experiment.changes]
        wanted = [*asked, *_metric_leaves(experiment, pipeline)]
        if lacking := [key for key, value in wanted if (key, value) not in have]:
            shown_keys = listed(key for key, _ in have)
            raise CheckFailed(f"{listed(lacking)} in the row of {experiment.name}", f"it has {shown_keys}")


def refuse_other_state(
    pipeline: Pipeline,
    experiment: OwnExperiment,
    completed: Completed,
    state: Snapshot,
    params: Mapping[str, bytes],
) -> None:
    """Raise CheckFailed unless the workspace holds one experiment's params, lock, outputs and metrics."""
    if not completed.ok:
        raise CheckFailed(f"`{completed.line}` succeeds", completed.describe())
    now = {**params, **state.metrics, **state.locks}
    other = [path for path, data in experiment.files.items() if not _same(path, data, now.get(path))]
    if other:
        raise CheckFailed(
            f"{listed(other)} as in experiment {experiment.name}", "another content after the apply"
        )
    wrong = [path for path, md5 in locked_outs(experiment, pipeline).items() if state.outs.get(path) != md5]
    if wrong:
        raise CheckFailed(
            f"{listed(wrong)} as in the lock of {experiment.name}",
            "other bytes after the apply",
            _not_kept(pipeline, wrong),
        )


def _not_kept(pipeline: Pipeline, wrong: Sequence[str]) -> str | None:
    """What to do about outputs that neither DVC's cache nor, as it seems, Git keeps."""
    outs = [out.path for stage in pipeline.stages for out in stage.outs if not out.cached]
    loose = [path for path in wrong if path in outs]
    why = "has `cache: false` in dvc.yaml and is not in Git, so that nothing keeps it: take that line out"
    return f"{listed(loose)} {why}." if loose else None


def locked_outs(experiment: OwnExperiment, pipeline: Pipeline) -> dict[str, str]:
    """Path and md5 of the outputs that an experiment's locks record."""
    found: dict[str, str] = {}
    for file in {lock_of(stage.file) for stage in pipeline.stages}:
        wdirs = {stage.name: stage.wdir for stage in pipeline.stages if lock_of(stage.file) == file}
        if data := experiment.files.get(file):
            stages = parse_lock(file, data, wdirs).stages
            outs = [out for name in wdirs if name in stages for out in stages[name].outs]
            found |= {out.path: out.md5 for out in outs if out.md5}
    return found


def repetition(
    handed_in: Counted,
    again: Reproduction,
    *,
    deterministic: bool,
    same_machine: bool = False,
    runs: Sequence[Scored] = (),
) -> tuple[Outcome, str]:
    """How an experiment's scores compare when it is run again at its own commit, and why.

    Equal to 1e-9 or as rounded: ``same``. Otherwise, where the model came out with the recorded bytes, or the
    graded commit's did (``same_machine``: libraries as the student's), or the pipeline gives other results
    every time: ``other``. So are equal scores where known libraries make another model than the one in
    a lock that agrees with all else. Else library versions may differ: two test rows are noise and count as
    ``same``, more is ``open``.
    ``runs`` are other runs of the pipeline, which come to their scores in the same way.
    """
    scores = HandedInExperiments.scores_in(again.state.metrics)
    scored = again.scored and taken(again.scored, settled([*runs, again.scored]))
    other = gaps(handed_in, again)
    told = "; ".join(
        f"{name} {handed_in.scores[name]:.6g} came out as {scores.get(name, 'nothing')}" for name in other
    )
    same_model = made_its_model(handed_in, again)
    same_libraries = same_machine and not any(item.stands_in for item in again.placed)
    if not other:
        other_model = recorded_model(handed_in, again) is not None and not same_model
        never_ran = same_libraries and deterministic and handed_in.agrees and other_model
        return ("other", OTHER_MODEL) if never_ran else _own_numbers(scored)
    known_libraries = same_libraries or same_model
    if not deterministic or known_libraries or any(name not in scores for name in other):
        return "other", told
    apart = None
    if scored and scored.labels:
        known = {name: value for name, value in handed_in.scores.items() if name in NAMES}
        apart = rows_apart(known, scored.labels, scored.predictions, NOISE_ROWS) if known else None
    return ("open", told) if apart is None else ("same", f"came out again but for {apart} test rows")


def _own_numbers(scored: Scored | None) -> tuple[Outcome, str]:
    """Whether numbers that came out again are those of the model that came out with them."""
    complete = scored is not None and scored.reported is not None and scored.reported.complete
    compared = scored.match if scored and scored.certain and complete else None
    if compared is not None and compared.average is None:
        gaps = [d.name for d in compared.differences]
        return "other", f"{listed(gaps)} came out again, but not as the model of that commit scores"
    return "same", "came out again"


def _same(path: str, one: bytes, other: bytes | None) -> bool:
    if other is None:
        return False
    try:
        return one == other or load_params(path, one) == load_params(path, other)
    except MalformedEvidence:
        return False


def _value(data: bytes | None, file: str, key: str) -> object:
    try:
        return lookup(load_params(file, data or b""), key)
    except (KeyError, MalformedEvidence):
        return None


def _metric_leaves(experiment: OwnExperiment, pipeline: Pipeline) -> list[tuple[str, object]]:
    files = {path: experiment.files[path] for path in metric_paths(pipeline) if path in experiment.files}
    leaves_of = [leaf for path, data in files.items() for leaf in flatten(load_params(path, data)).items()]
    return [(key, value) for key, value in leaves_of if isinstance(value, str | int | float)]
