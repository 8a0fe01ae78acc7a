"""The pipelines of a repository as DVC itself resolves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.workspace.probe import ask, broken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.workspace.workspace import Workspace

_OUT = {"path": str, "cached": bool, "kind": str}
_STAGE = {
    "address": str,
    "name": str,
    "file": str,
    "wdir": str,
    "root": str,
    "cmd": [str],
    "listed": bool,
    "frozen": bool,
    "always_changed": bool,
    "persist": [str],
    "deps": [str],
    "params": {str: [str]},
    "filled": {str: [str]},
    "outs": [_OUT],
}
# Loading takes DVC less than a second; templates and aliases can make it endless.
SECONDS = 60.0
_NOTHING: dict[str, Any] = {"stages": [], "metrics": [], "plots": [], "params_files": []}
_PIPELINES = {
    "error": (str, type(None)),
    "stages": [_STAGE],
    "metrics": [str],
    "plots": [str],
    "params_files": [str],
}


def describe_pipelines(workspace: Workspace, revisions: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What DVC makes of each revision's `dvc.yaml` files; "" is the work tree as it is.

    Per revision: "error" (None, or DVC's own words where it refuses a file or the graph, or what it ran out
    of; what the other files hold is still there), "stages" (address, name, file, wdir, root, cmd, listed,
    frozen, always_changed, persist, deps, params, filled, outs), and the files of the top-level sections as
    "metrics", "plots" and "params_files". Paths are POSIX and relative to the Git root. vars, templating,
    foreach and matrix are resolved.

    Raises:
        HarnessError: DVC could not be asked.
    """
    if not revisions:
        return {}
    answer, done = ask(workspace, "pipeline_probe.py", *revisions, timeout=SECONDS + len(revisions))
    if isinstance(answer, dict) and set(answer) == set(revisions):
        if all(_fits(described, _PIPELINES) for described in answer.values()):
            return answer
    elif len(revisions) > 1:
        return {revision: describe_pipelines(workspace, [revision])[revision] for revision in revisions}
    elif done.timed_out or done.limit:
        why = done.limit or f"did not end within {SECONDS:g} s"
        return {revisions[0]: {**_NOTHING, "error": f"DVC {why} while it loaded the pipeline"}}
    raise broken(done, "the pipelines of the repository")


def _fits(value: object, shape: object) -> bool:
    """Whether a JSON value has exactly the types that `shape` shows."""
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(item, shape[0]) for item in value)
    if not isinstance(shape, dict):
        return type(value) in (shape if isinstance(shape, tuple) else (shape,))
    if not isinstance(value, dict):
        return False
    if str in shape:
        return all(type(key) is str and _fits(item, shape[str]) for key, item in value.items())
    return set(value) == set(shape) and all(_fits(value[key], shape[key]) for key in shape)
