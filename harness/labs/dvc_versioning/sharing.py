"""The scenarios of the first deliverable: switching between versions, pushing to an empty remote."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import CheckFailed, MalformedEvidence
from harness.evidence.table import read_table
from harness.labs.dvc_versioning.augmenting import project_of
from harness.labs.dvc_versioning.dataset import DATA_PATH, lab_data
from harness.labs.dvc_versioning.reproduction import relative_to

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.labs.dvc_versioning.objects import Objects
    from harness.labs.dvc_versioning.versions import Dataset, Version
    from harness.workspace.command import Completed
    from harness.workspace.workspace import Workspace

LARGEST = 1 << 30
MOVING_SECONDS = 180.0


@dataclass(frozen=True)
class Visit:
    """The data found in the workspace after switching to one version."""

    commit: str
    expected: str
    found: str | None
    rows: int | None
    completed: Completed


@dataclass(frozen=True)
class Pushed:
    """What was pushed, and what a fresh clone with an empty cache pulled: path to md5 (None: absent)."""

    commit: str
    push: Completed
    pull: Completed
    single: Completed
    wanted: Mapping[str, str]
    stored: frozenset[str]
    pulled: Mapping[str, str | None]
    single_target: str
    pulled_alone: Mapping[str, str | None]


def switch(ws: Workspace, first: Version, last: Version, root: str) -> tuple[Visit, ...]:
    """Check out the first version, the last, and the first again, as `git checkout` and `dvc checkout` do.

    ``root`` is the folder that holds `.dvc`.
    """
    for version in (first, last):
        for item in version.files:
            ws.put_object(item.md5, item.data)
        if version.listing is not None:
            ws.put_object(str(version.pointer.md5), version.listing)
    return tuple(_visit(ws, version, root) for version in (first, last, first))


def _visit(ws: Workspace, version: Version, root: str) -> Visit:
    ws.take(version.commit)
    moved = ws.run("git", "checkout", "-q", "-f", version.commit)
    if not moved.ok:
        raise CheckFailed(f"`git checkout {version.commit[:7]}` succeeds", moved.describe())
    folder = root if (ws.repo / root).is_dir() else "."
    done = _in_time(ws, "dvc", "checkout", relative_to(version.pointer.file, folder), cwd=folder)
    path = version.pointer.path
    main = max(version.files, key=lambda item: item.data.stat().st_size).path
    return Visit(version.commit, str(version.pointer.md5), ws.md5(path), _rows(ws, main), done)


def _in_time(ws: Workspace, *argv: str, cwd: str) -> Completed:
    """Run a command that moves files; CheckFailed past its time: DVC may load a pipeline for ever."""
    done = ws.run(*argv, cwd=cwd, timeout=MOVING_SECONDS)
    if done.timed_out:
        raise CheckFailed(
            f"`{done.line}` ends within {MOVING_SECONDS:.0f} seconds", "it was still running and was stopped"
        )
    return done


def switch_fresh(ws: Workspace, script: str, dataset: Dataset) -> tuple[Visit, ...]:
    """Where the bytes of two versions are lost: the same with fresh data made by the student's own script."""
    folder = project_of(script)
    path = posixpath.normpath(posixpath.join(folder, DATA_PATH))
    ws.run("git", "rm", "-rqf", "--cached", "--ignore-unmatch", path, f"{path}.dvc", dataset.path)
    ws.remove(f"{path}.dvc")
    ws.write(path, lab_data())
    first = _track(ws, path)
    ws.run("python", relative_to(script, folder), cwd=folder, check=True)
    second = _track(ws, path)
    return tuple(_visit_fresh(ws, commit, path, md5) for commit, md5 in (first, second, first))


def _track(ws: Workspace, path: str) -> tuple[str, str]:
    folder = posixpath.dirname(path)
    ws.run("dvc", "add", "-q", posixpath.basename(path), cwd=folder, check=True)
    ws.run("git", "add", "-f", f"{path}.dvc", check=True)
    ws.run("git", "commit", "-q", "--allow-empty", "-m", "track the data", check=True)
    return ws.run("git", "rev-parse", "HEAD", check=True).stdout.strip(), str(ws.md5(path))


def _visit_fresh(ws: Workspace, commit: str, path: str, md5: str) -> Visit:
    ws.run("git", "checkout", "-q", "-f", commit, check=True)
    done = ws.run("dvc", "checkout", f"{posixpath.basename(path)}.dvc", cwd=posixpath.dirname(path))
    return Visit(commit, md5, ws.md5(path), _rows(ws, path), done)


def _rows(ws: Workspace, path: str) -> int | None:
    data = ws.read(path, limit=LARGEST)
    try:
        return read_table(path, data).row_count if data is not None else None
    except MalformedEvidence:
        return None


def push(ws: Workspace, objects: Objects, commit: str) -> Pushed:
    """Push what was handed in to an empty remote and pull it into a fresh clone: one target, then all of it.

    ``commit`` is the one whose tracked files were all handed in.
    """
    root, wanted = objects.case.dvc_root, objects.tracked_at(commit)
    if commit != objects.case.commit:
        ws.run("git", "checkout", "-q", "-f", "-B", ws.branch, commit, check=True)
        ws.run("git", "push", "-q", "-f", "origin", ws.branch, check=True)
    objects.fill_cache(ws, wanted.values())
    pushed = _in_time(ws, "dvc", "push", cwd=root)
    stored = _stored(ws)
    mate = ws.teammate(ws.root / "teammate")
    target = min(wanted, key=lambda path: (not path.endswith(".csv"), path))
    pointer = next((one.file for one in objects.case.pointers(commit) if one.path == target), target)
    single = _in_time(mate, "dvc", "pull", relative_to(pointer, root), cwd=root)
    pulled_alone = {path: mate.md5(path) for path in wanted}
    pulled = _in_time(mate, "dvc", "pull", cwd=root)
    ws.steps.extend(mate.steps)
    return Pushed(
        commit=commit,
        push=pushed,
        pull=pulled,
        single=single,
        wanted=wanted,
        stored=stored,
        pulled={path: mate.md5(path) for path in wanted},
        single_target=target,
        pulled_alone=pulled_alone,
    )


def _stored(ws: Workspace) -> frozenset[str]:
    """The md5s of the objects in the DVC remote, "….dir" for listings of folders."""
    files = (path for path in ws.storage.rglob("*") if path.is_file() and len(path.parent.name) == 2)  # noqa: PLR2004 (DVC's layout: xx/30 digits)
    return frozenset(path.parent.name + path.name for path in files)
