"""Running one stage's command as DVC would, but without DVC, and looking at what it made."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING

from harness.workspace.keeping import kept
from harness.workspace.trace import reads

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from harness.evidence.pipeline import Stage
    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace

STAGE_SECONDS = 120.0
PLAIN_SCRIPT = re.compile(r"python3? [\w./-]+\.py( [\w./:=,@+-]+)*", re.ASCII)


def run_stage(ws: Workspace, stage: Stage) -> tuple[Completed, frozenset[str] | None]:
    """Run a stage's command, its outputs removed first; with what it read (None: unknown)."""
    return run_traced(ws, stage)[:2]


def run_traced(ws: Workspace, stage: Stage) -> tuple[Completed, frozenset[str] | None, frozenset[str] | None]:
    """The same, with what it wrote, too."""
    for out in stage.outs:
        if out.path not in stage.persist:
            ws.remove(out.path)
    variables = variables_of(ws, stage)
    return reads(ws, *typed(stage), cwd=stage.wdir, timeout=STAGE_SECONDS, variables=variables)


def run_by_dvc(ws: Workspace, stage: Stage) -> tuple[Completed, frozenset[str] | None]:
    """Have DVC run one stage, whatever it thinks of its inputs; with what was read (None: unknown).

    It fills parameters into the stage's command.
    """
    words = ("dvc", "repro", "-f", "-s", "--no-run-cache", stage.name)
    return reads(ws, *words, cwd=posixpath.dirname(stage.file) or ".", timeout=STAGE_SECONDS)[:2]


def variables_of(ws: Workspace, stage: Stage) -> Mapping[str, str]:
    """What DVC adds to the environment of a stage's command (dvc/stage/run.py, `prepare_kwargs`)."""
    return {"DVC_ROOT": str(ws.repo / stage.root), "DVC_STAGE": stage.called}


def typed(stage: Stage) -> tuple[str, ...]:
    """A stage's command as it is started: by a shell, but for a script without anything for a shell to do.

    As DVC does it, each of its commands has a shell of its own.
    """
    if len(stage.commands) != 1:
        return ("sh", "-c", "\n".join(f"sh -c {shlex.quote(one)} || exit $?" for one in stage.commands))
    (command,) = stage.commands
    return tuple(command.split()) if PLAIN_SCRIPT.fullmatch(command) else ("sh", "-c", command)


def stage_kept(ws: Workspace, stage: Stage) -> AbstractContextManager[None]:
    """Whatever is run meanwhile, a stage's outputs are in the end what they were."""
    persistent = tuple(path for path in stage.out_paths if path in stage.persist)
    return kept(ws, tuple(path for path in stage.out_paths if path not in persistent), copied=persistent)


def results(ws: Workspace, stage: Stage) -> dict[str, str | None]:
    """The md5 of each output of a stage as it is now."""
    return {out.path: ws.md5(out.path) for out in stage.outs}
