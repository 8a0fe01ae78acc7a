"""The handed-in experiments, run again at their own commits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.params import load_params, lookup
from harness.evidence.scoring import agrees
from harness.labs.dvc_versioning.course import Reproduction
from harness.labs.dvc_versioning.handed_in_experiments import HandedInExperiments
from harness.labs.dvc_versioning.recompute import score
from harness.labs.dvc_versioning.reproduction import missing_outputs, repro_command, snapshot
from harness.labs.dvc_versioning.running import run_stage

if TYPE_CHECKING:
    from harness.evidence.pipeline import Pipeline
    from harness.labs.dvc_versioning.course import Course
    from harness.labs.dvc_versioning.handed_in_experiments import Counted
    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace


def repeat(course: Course, ws: Workspace, experiment: Counted) -> Reproduction:
    """Run a handed-in experiment at its own commit, and compute the right scores beside.

    Its stages run one after the other without DVC, which takes as long as all of them. Where the model comes
    out byte for byte and the scores with it, DVC could say no more; otherwise `dvc repro` has the last word.

    Raises:
        CheckFailed: the pipeline does not run.
    """
    found = _by_stages(course, ws, experiment.commit)
    if found is None or gaps(experiment, found) or not made_its_model(experiment, found):
        found = course.reproduce_at(ws, experiment.commit)
    return replace(found, scored=score(ws, course.case, found.pipeline, found.roles))


def gaps(handed_in: Counted, again: Reproduction) -> list[str]:
    """The names of the handed-in scores that did not come out again."""
    scores = HandedInExperiments.scores_in(again.state.metrics)
    return [n for n, value in handed_in.scores.items() if n not in scores or not agrees(value, scores[n])]


def made_its_model(handed_in: Counted, again: Reproduction) -> bool:
    """Whether an experiment's model came out byte for byte: the libraries are those of the student then."""
    recorded = recorded_model(handed_in, again)
    return recorded is not None and recorded == again.state.outs.get(str(again.roles.model))


def recorded_model(handed_in: Counted, again: Reproduction) -> str | None:
    """The md5 of an experiment's model in its own lock, under the name that it had then."""
    return handed_in.outs.get(str(again.roles.model))


def _by_stages(course: Course, ws: Workspace, commit: str) -> Reproduction | None:
    """The run of all stages in their order; None where one fails, or DVC would not run them all."""
    pipeline = course.case.pipeline(commit)
    if pipeline.error or not pipeline.stages or any(s.frozen or not s.cmd for s in pipeline.stages):
        return None
    if _kept_twice(course, pipeline, commit):
        return None
    placed = course.prepare(ws, commit)
    done = _run_all(ws, pipeline)
    if done is None:
        return None
    roles, command = course.case.roles(commit), repro_command(pipeline, course.case.dvc_root)
    state = snapshot(ws, pipeline)
    if missing_outputs(state) or _lacks_parameters(ws, pipeline):
        return None
    return Reproduction(commit, pipeline, roles, command, placed, done, state)


def _kept_twice(course: Course, pipeline: Pipeline, commit: str) -> bool:
    """Whether Git has what DVC keeps too, which DVC refuses to save (dvc/output.py, `Output.ignore`)."""
    tree = course.case.repository.tree(commit)
    outs = (out.path for stage in pipeline.stages for out in stage.outs if out.cached)
    pointed = (pointer.path for pointer in course.case.pointers(commit))
    return any(tree.entry(path) or tree.under(path) for path in (*outs, *pointed))


def _lacks_parameters(ws: Workspace, pipeline: Pipeline) -> bool:
    """Whether a stage declares a parameter that its file has not, which DVC refuses to record."""
    takes = [taken for stage in pipeline.stages for taken in stage.takes.items()]
    return not all(_has(file, ws.read(file), key) for file, keys in takes for key in keys)


def _has(file: str, data: bytes | None, key: str) -> bool:
    try:
        lookup(load_params(file, data or b""), key)
    except (KeyError, MalformedEvidence):
        return False
    return True


def _run_all(ws: Workspace, pipeline: Pipeline) -> Completed | None:
    """Run every stage where what it depends on is there; the last command, None where one failed."""
    done = None
    for stage in (pipeline.stage(address) for address in pipeline.order):
        if not all((ws.repo / dep).exists() for dep in stage.deps):
            return None
        done = run_stage(ws, stage)[0]
        if not done.ok:
            return None
    return done
