"""Running one stage by itself: whether what it declares is all that it needs, and gives the same again."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.labs.dvc_versioning.sensitivity import results, run_stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.evidence.pipeline import Stage
    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace

OF_TOOLS = re.compile(r"(^|/)(\.git|\.dvc|\.gitignore|\.dvcignore|dvc\.yaml|dvc\.lock|[^/]+\.dvc)($|/)")


@dataclass(frozen=True)
class Alone:
    """One stage run by itself: with only its declared inputs, and with everything in place.

    ``whole`` says that it did the same both times, ``clear`` that no key which it does not declare of any
    params file has an effect on what it does.
    """

    stage: str
    with_declared_only: Completed
    missing: tuple[str, ...]
    reads: frozenset[str] | None
    deterministic: bool
    whole: bool = True
    clear: bool = False


def run_alone(
    ws: Workspace, stage: Stage, expected: Mapping[str, str | None], unlike: Mapping[str, bytes]
) -> Alone:
    """Run a stage with only what it declares; where that differs, once more with everything.

    ``unlike`` are the params files with other values for all that the stage does not declare. What gives the
    outputs ``expected`` with these gives them again, needs nothing undeclared, and no undeclared parameter:
    one run shows all three. Where it does not, the first two are looked at by themselves.
    """
    wanted = {out.path: expected.get(out.path) for out in stage.outs}
    if unlike and (found := _run_unlike(ws, stage, wanted, unlike)):
        return found
    declared = _with_declared(ws, stage, "declared")
    done, reads = run_stage(declared, stage)
    made = results(declared, stage)
    ws.steps.extend(declared.steps)
    if done.ok and made == wanted:
        return Alone(stage.address, done, (), reads, deterministic=True)
    full, reads = run_stage(ws, stage)
    again = results(ws, stage)
    unread = () if reads is None else tuple(sorted(path for path in reads if not declares_file(stage, path)))
    lacking = unread if not done.ok or made != again else ()
    steady, whole = full.ok and again == wanted, done.ok and made == again
    return Alone(stage.address, done, lacking, reads, deterministic=steady, whole=whole)


def _run_unlike(
    ws: Workspace, stage: Stage, wanted: Mapping[str, str | None], unlike: Mapping[str, bytes]
) -> Alone | None:
    """The stage run with other values for what it does not declare; None where that made a difference.

    A params file that it does not declare at all is there, too, and it must not have looked into it.
    """
    declared = _with_declared(ws, stage, "unlike")
    added = {file for file in unlike if declared.read(file) is None}
    for file, data in unlike.items():
        declared.write(file, data)
    done, reads = run_stage(declared, stage)
    made = results(declared, stage)
    ws.steps.extend(declared.steps)
    if not done.ok or made != wanted or reads is None or added & reads:
        return None
    return Alone(stage.address, done, (), reads, deterministic=True, clear=True)


def _with_declared(ws: Workspace, stage: Stage, name: str) -> Workspace:
    """A workspace with what a stage declares, and the folders that its outputs go to."""
    root = ws.root / "alone" / stage.address.replace("/", "-") / name
    declared = ws.copy_only(root, (*stage.deps, *stage.params))
    for folder in (stage.wdir, *(posixpath.dirname(path) for path in stage.out_paths)):
        declared.make_folder(folder)
    return declared


def declares_file(stage: Stage, path: str) -> bool:
    """Whether a stage declares a path it reads: as a dependency, parameters or its own output.

    What Git and DVC keep for themselves is not the stage's: `dvc.api.params_show` looks at all of it.
    """
    if OF_TOOLS.search(path):
        return True
    own = (*stage.deps, *stage.params, *stage.out_paths)
    return any(path == one or path.startswith(f"{one.rstrip('/')}/") for one in own)
