"""Hiding for a while what Git and DVC keep of earlier runs: history, cache, notes in their folders."""

from __future__ import annotations

import posixpath
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.workspace.dvc_config import dvc_folders, exclude_from_git
from harness.workspace.files import make_folder_inside, remove_tree
from harness.workspace.keeping import aside, move

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.workspace.workspace import Workspace

GIT_CONFIG = """\
[core]
	repositoryformatversion = 0
	filemode = true
	bare = false
[remote "origin"]
	url = {origin}
	fetch = +refs/heads/*:refs/remotes/origin/*
[branch "{branch}"]
	remote = origin
	merge = refs/heads/{branch}
"""


@dataclass(frozen=True)
class Seal:
    """What Git and DVC still know: a commit, files of Git's own folder by path, DVC's configurations by path.

    ``instead`` has what is shown in place of files of this machine, by their paths.
    """

    commit: str
    git: Mapping[str, bytes] = field(default_factory=dict)
    configs: Mapping[str, bytes] = field(default_factory=dict)
    instead: Mapping[Path, bytes] = field(default_factory=dict)


@contextmanager
def sealed(ws: Workspace, seal: Seal) -> Iterator[None]:
    """Leave of Git's and DVC's own folders what `seal` says, and empty caches and remotes.

    All is put back in the end. Whoever asks Git for a commit or DVC for its parameters is answered; what the
    seal does not hold of another time or place, or what an earlier command has left there, is not to be had.

    Raises:
        CheckFailed: commands have left something that cannot be moved.
    """
    ws.leave()
    theirs = [folder.relative_to(ws.repo).as_posix() for folder in dvc_folders(ws.repo)]
    with aside(ws, "sealed") as place, ExitStack() as back:
        for number, folder in enumerate((ws.cache, ws.storage, ws.origin, ws.surroundings.site)):
            _hide(folder, place / f"outside-{number}", back)
            folder.mkdir()
        for number, path in enumerate((".git", *theirs)):
            _hide(ws.repo / path, place / f"inside-{number}", back)
        back.callback(ws.leave)
        _start_anew(ws, seal)
        back.callback(remove_tree, ws.surroundings.instead)
        shown = {str(path.relative_to(path.anchor)): data for path, data in seal.instead.items()}
        _fill(ws.surroundings.instead, shown)
        ws.launcher.adopt(ws.root)
        ws.execute(("git", "reset", "--mixed"))  # Git finds the files as it left them
        yield


def _start_anew(ws: Workspace, seal: Seal) -> None:
    """A repository of Git and DVC in which nothing has happened but that commits have their names."""
    origin = f"{ws.launcher.seen(ws.root)}/{ws.origin.name}"
    files = {
        "HEAD": f"ref: refs/heads/{ws.branch}\n".encode(),
        "config": GIT_CONFIG.format(origin=origin, branch=ws.branch).encode(),
        f"refs/heads/{ws.branch}": f"{seal.commit}\n".encode(),
        f"refs/remotes/origin/{ws.branch}": f"{seal.commit}\n".encode(),
        **seal.git,
    }
    (ws.repo / ".git" / "objects").mkdir(parents=True)
    _fill(ws.repo / ".git", files)
    for path, data in seal.configs.items():
        folder = posixpath.dirname(path)
        if (ws.repo / folder).parent.is_dir():
            ws.write(path, data)
            make_folder_inside(ws.repo, posixpath.join(folder, "tmp"))
    exclude_from_git(ws.repo)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that no command can see yet, readable by all."""
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        place.chmod(0o644)


def _hide(folder: Path, there: Path, back: ExitStack) -> None:
    """Move a folder away, and back in the end, in place of what is there then."""
    if folder.is_dir() and not folder.is_symlink():
        move(folder, there)
        back.callback(_return, there, folder)


def _return(there: Path, folder: Path) -> None:
    remove_tree(folder)
    move(there, folder)
