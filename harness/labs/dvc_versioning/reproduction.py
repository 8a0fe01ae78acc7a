"""Running the student's pipeline in a workspace, and what trusted code reads there afterwards."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from harness.errors import CheckFailed, MalformedEvidence
from harness.evidence.forecast import within
from harness.evidence.lock import parse_lock
from harness.evidence.metrics import otherness
from harness.submission.shelf import is_shelved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.evidence.pipeline import Pipeline, Stage
    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace

REPRO_SECONDS = 300.0


@dataclass(frozen=True)
class Snapshot:
    """The state of a pipeline in a workspace: lock files, hashes of outputs, contents of metrics files."""

    locks: Mapping[str, bytes]
    outs: Mapping[str, str | None]
    metrics: Mapping[str, bytes]


@dataclass(frozen=True)
class Repro:
    """How `dvc repro` (or `dvc exp run`) is typed for a pipeline: the folder, and the targets."""

    folder: str
    targets: tuple[str, ...]

    def override(self, file: str, key: str, value: object) -> str:
        """The argument of `-S` that sets ``key`` of the parameter file ``file`` to ``value``."""
        relative = relative_to(file, self.folder)
        prefix = "" if relative == "params.yaml" else f"{relative}:"
        return f"{prefix}{key}={value}"


def relative_to(path: str, folder: str) -> str:
    """The repository path ``path`` as seen from the folder ``folder``, with ``..`` where needed."""
    parts, base = PurePosixPath(path).parts, PurePosixPath(folder).parts
    shared = next(
        (i for i, (a, b) in enumerate(zip(parts, base, strict=False)) if a != b), min(len(parts), len(base))
    )
    return PurePosixPath(*([".."] * (len(base) - shared)), *parts[shared:]).as_posix()


def repro_command(pipeline: Pipeline, dvc_root: str) -> Repro:
    """How a person runs the whole pipeline: beside the only dvc.yaml, or all from the DVC root."""
    files = sorted({stage.file for stage in pipeline.stages})
    if len(files) == 1:
        return Repro(PurePosixPath(files[0]).parent.as_posix(), ())
    return Repro(dvc_root, ("-P",))


def repro(ws: Workspace, command: Repro, *options: str) -> Completed:
    """Run `dvc repro` with ``options``; a run past the time limit raises CheckFailed."""
    done = ws.run("dvc", "repro", *options, *command.targets, cwd=command.folder, timeout=REPRO_SECONDS)
    if done.timed_out:
        raise CheckFailed(
            f"`dvc repro` ends within {REPRO_SECONDS:.0f} seconds",
            f"it was still running after {done.seconds:.0f} seconds and was stopped",
            "Make the pipeline quicker: a forest of a hundred trees on this data takes well under a second.",
        )
    return done


def snapshot(ws: Workspace, pipeline: Pipeline) -> Snapshot:
    """Read the pipeline's state from the workspace's files; to be called when no command is running."""
    files = {stage.file for stage in pipeline.stages}
    locks = {lock: data for file in files if (data := ws.read(lock := lock_of(file))) is not None}
    outs = {out.path: ws.md5(out.path) for stage in pipeline.stages for out in stage.outs}
    metrics = {path: data for path in metric_paths(pipeline) if (data := ws.read(path)) is not None}
    return Snapshot(locks, outs, metrics)


def put_back(
    ws: Workspace, placed: Mapping[str, Path], tracked: Mapping[str, str | None], state: Snapshot
) -> None:
    """Put large files back that were placed and, by the lock, are as they were, since DVC has copied them.

    From then on the copies of the workspace share them. Where the lock lies, the true data is back.
    ``placed`` has the bytes, ``tracked`` the md5 of what pointers track, by paths of the repository.
    """
    large = {path: data for path, data in placed.items() if is_shelved(data.lstat())}
    if not large:
        return
    with contextlib.suppress(MalformedEvidence):  # whoever needs the lock will tell
        locks = [parse_lock(path, data) for path, data in state.locks.items()]
        deps = [dep for lock in locks for stage in lock.stages.values() for dep in stage.deps]
        same = [dep.path for dep in deps if dep.md5 and dep.md5 == tracked.get(dep.path)]
        for path, data in large.items():
            if any(within(path, folder) for folder in same):
                ws.place(path, data)


def metric_paths(pipeline: Pipeline) -> tuple[str, ...]:
    """Every file declared as metrics: outputs, the last stage's first, and top-level entries.

    Those that are named after training or validation rows come after all others.
    """
    stages = [pipeline.stage(address) for address in reversed(pipeline.order)]
    outs = [out.path for stage in stages for out in stage.outs if out.kind == "metric"]
    return tuple(sorted(dict.fromkeys([*outs, *pipeline.metrics]), key=otherness))


def lock_of(dvc_file: str) -> str:
    """The lock file that belongs to a dvc.yaml."""
    return (PurePosixPath(dvc_file).parent / "dvc.lock").as_posix()


def missing_outputs(state: Snapshot) -> tuple[str, ...]:
    """The declared outputs that do not exist."""
    return tuple(path for path, md5 in state.outs.items() if md5 is None)


def not_run(done: Completed, stages: Sequence[Stage]) -> tuple[str, ...]:
    """The stages with a command that were not started; DVC never starts a frozen one, whoever tells of it."""
    started = {stage.address for stage in stages if stage.address in done.stages and not stage.frozen}
    return tuple(stage.address for stage in stages if stage.cmd and stage.address not in started)


def last_lines(text: str, count: int = 6) -> str:
    """The last non-empty lines of a command's output, which is where programs say what went wrong."""
    return "\n".join([line for line in text.splitlines() if line.strip()][-count:])
