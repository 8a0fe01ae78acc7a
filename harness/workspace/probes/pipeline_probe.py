"""Asks DVC itself what the pipelines of a repository are, at some of its revisions.

Run as `python -P pipeline_probe.py OUT REVISION…` in the Git root; "" stands for the work tree. Writes
{revision: description} as JSON to OUT. A `dvc.yaml` that cannot be loaded leaves its message in "error"
beside what the other files hold.
"""
# ruff: noqa: ANN401 (DVC ships no types)

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dvc.fs import GitFileSystem, localfs
from dvc.parsing.context import CtxDict
from dvc.repo import Repo
from dvc.scm import SCM

if TYPE_CHECKING:
    from collections.abc import Iterator

PRUNED = frozenset({".git", ".dvc", "site-packages", "node_modules"})
Description = dict[str, Any]


def main(out: str, revisions: list[str]) -> None:
    """Describe each revision, and write all at once."""
    root = os.path.realpath(".")
    CtxDict.get_sources = sources_of_all
    scm = SCM(root)
    described = {revision: describe(scm, root, revision) for revision in revisions}
    Path(out).write_text(json.dumps(described), encoding="utf-8")


def describe(scm: Any, root: str, revision: str) -> Description:
    """All pipelines of one revision, from every DVC root in it."""
    described = empty()
    try:
        fs = GitFileSystem(scm=scm, rev=revision) if revision else localfs
        base = "/" if revision else root
        for dvc_root in dvc_roots(fs, base):
            add_root(described, fs, base, dvc_root, scm)
    except Exception as error:  # noqa: BLE001 (any way of not loading is the answer)
        described["error"] = described["error"] or message(error, root)
    return described


def empty() -> Description:
    """The description of a repository without a pipeline."""
    return {"error": None, "stages": [], "metrics": [], "plots": [], "params_files": []}


def dvc_roots(fs: Any, base: str) -> list[str]:
    """Folders that hold a `.dvc` folder; the root itself when there is none."""
    found = []
    for folder, folders, _ in fs.walk(base):
        if ".dvc" in folders:
            found.append(folder)
        folders[:] = [name for name in folders if name not in PRUNED]
    return found or [base]


def add_root(described: Description, fs: Any, base: str, dvc_root: str, scm: Any) -> None:
    """Add what DVC finds below one of its roots."""
    repo = Repo(root_dir=dvc_root, fs=None if fs is localfs else fs, scm=scm, uninitialized=True)
    errors: list[str] = []
    repo.stage_collection_error_handler = lambda path, error: errors.append(refusal(path, error, base))
    try:
        index = repo.index
        described["stages"] += [stage_of(stage, fs, base) for stage in index.stages if stage.cmd]
        for key, attribute in (("metrics", "_metrics"), ("plots", "_plots"), ("params_files", "_params")):
            sections = getattr(index, attribute, {})
            described[key] += sorted(set(top_level(sections, fs, base)))
        if not errors:
            index.check_graph()
    except Exception as error:  # noqa: BLE001 (a graph that DVC refuses is the answer)
        errors.append(message(error, base))
    finally:
        repo.close()
    described["error"] = "; ".join([described["error"] or "", *errors]).strip("; ") or None


def stage_of(stage: Any, fs: Any, base: str) -> Description:
    """One stage, resolved, with paths relative to the Git root."""
    file = relative(fs, stage.path, base)
    params = [dep for dep in stage.deps if hasattr(dep, "params")]
    return {
        "address": stage.name if file == "dvc.yaml" else f"{file}:{stage.name}",
        "name": stage.name,
        "file": file,
        "wdir": relative(fs, stage.wdir, base),
        "root": relative(fs, stage.repo.root_dir, base),
        "cmd": [stage.cmd] if isinstance(stage.cmd, str) else [str(part) for part in stage.cmd],
        "listed": isinstance(stage.cmd, list),
        "frozen": bool(stage.frozen),
        "always_changed": bool(stage.always_changed),
        "persist": [place(out, fs, base) for out in stage.outs if out.persist],
        "deps": [place(dep, fs, base) for dep in stage.deps if dep not in params],
        "params": {place(dep, fs, base): [str(key) for key in dep.params or ()] for dep in params},
        "filled": filled_in(stage, fs, base),
        "outs": [out_of(out, fs, base) for out in stage.outs],
    }


def filled_in(stage: Any, fs: Any, base: str) -> dict[str, list[str]]:
    """The parameters whose values DVC fills into a stage's templates (`${…}`), by their file.

    Variables that dvc.yaml has itself come from no file. Source: dvc/parsing/context.py, `Meta.source`.
    """
    found = (getattr(stage, "tracked_vars", None) or {}).items()
    return {file: [str(key) for key in keys] for file, keys in found if fs.isfile(fs.join(base, file))}


def sources_of_all(section: Any) -> dict[str, list[str]]:
    """The files and keys of all values in a section that a command unpacks (`${train}`), however deep.

    DVC notes those of a single value alone: with another value in the section, the command is another one.
    """
    found: dict[str, list[str]] = {}
    for inner in section.data.values():
        for source, keys in inner.get_sources().items():
            found.setdefault(source, []).extend([keys] if isinstance(keys, str) else keys)
    return found


def out_of(out: Any, fs: Any, base: str) -> Description:
    """One output of a stage."""
    kind = "metric" if out.metric else "plot" if out.plot else "out"
    return {"path": place(out, fs, base), "cached": bool(out.use_cache), "kind": kind}


def place(item: Any, fs: Any, base: str) -> str:
    """Where a dependency or output lies: relative to the Git root, or as written when it is elsewhere."""
    if item.fs.protocol != fs.protocol:
        return str(item.def_path)
    return relative(fs, item.fs_path, base)


def relative(fs: Any, path: str, base: str) -> str:
    """A path seen from the Git root, with forward slashes."""
    return str(fs.relpath(path, base)).replace(os.sep, "/")


def top_level(sections: dict[str, Any], fs: Any, base: str) -> Iterator[str]:
    """Files named by a top-level section (metrics, plots, params) of each `dvc.yaml`."""
    for file, entries in sections.items():
        folder = fs.parent(file)
        for entry in entries:
            for name in named_files(entry):
                yield relative(fs, fs.normpath(fs.join(folder, name)), base)


def named_files(entry: Any) -> list[str]:
    """The files of one entry: a path, or a plot with its files under `y`, or with its own name as path."""
    if isinstance(entry, str):
        return [entry]
    if not isinstance(entry, dict):
        return []
    files: list[str] = []
    for name, plot in entry.items():
        y = plot.get("y") if isinstance(plot, dict) else None
        files += [str(file) for file in y] if isinstance(y, dict) else [str(name)]
    return files


def refusal(path: str, error: Exception, base: str) -> str:
    """Why one file cannot be loaded, beginning with the file's name."""
    file = os.path.relpath(path, base)
    text = message(error, base)
    return text if file in text else f"{file}: {text}"


def message(error: BaseException, base: str) -> str:
    """What DVC says, with its cause, and without the paths of this machine."""
    said = str(error) or type(error).__name__
    cause = str(error.__cause__ or "")
    text = said if cause in said else f"{said}: {cause}"
    # Inside a revision, whose root is "/" to DVC, it shows paths relative to the folder it runs in.
    for prefix in (os.path.relpath("/") + "/", base + os.sep if base != "/" else ""):
        text = text.replace(prefix, "") if prefix else text
    return text


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
