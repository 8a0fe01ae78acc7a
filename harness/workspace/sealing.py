"""Hiding for a while what Git and DVC keep of earlier runs: history, cache, notes in their folders."""

from __future__ import annotations

import os
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.workspace.dvc_config import dvc_folders, exclude_from_git
from harness.workspace.files import remove_tree
from harness.workspace.keeping import aside, move

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.workspace.workspace import Workspace

GIT_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"


@dataclass(frozen=True)
class Seal:
    """What Git and DVC still know: a commit, Git's objects by their names, DVC's configurations by path.

    ``instead`` has what is shown in place of files of this machine, by their paths.
    """

    commit: str
    objects: Mapping[str, bytes] = field(default_factory=dict)
    configs: Mapping[str, bytes] = field(default_factory=dict)
    instead: Mapping[Path, bytes] = field(default_factory=dict)


@contextmanager
def sealed(ws: Workspace, seal: Seal) -> Iterator[None]:
    """Leave of Git's and DVC's own folders what `seal` says, and empty caches and remotes.

    All is put back in the end. Whoever asks Git for its commit or DVC for its parameters is answered; a file
    of another time or place, or what an earlier command has left there, is not to be had.

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
        _lay_out(ws.surroundings.instead, seal.instead, back)
        ws.launcher.adopt(ws.root)
        yield


def _start_anew(ws: Workspace, seal: Seal) -> None:
    """A repository of Git and DVC in which nothing has happened but that the commit has a name."""
    files = {
        ".git/HEAD": f"ref: refs/heads/{ws.branch}\n".encode(),
        ".git/config": GIT_CONFIG.encode(),
        ".git/shallow": f"{seal.commit}\n".encode(),
        f".git/refs/heads/{ws.branch}": f"{seal.commit}\n".encode(),
        **{f".git/objects/{name[:2]}/{name[2:]}": zlib.compress(data) for name, data in seal.objects.items()},
        **seal.configs,
    }
    (ws.repo / ".git" / "objects").mkdir(parents=True)
    for path, data in files.items():
        if path.startswith(".git/") or (ws.repo / os.path.dirname(path)).parent.is_dir():  # noqa: PTH120
            ws.write(path, data)
    exclude_from_git(ws.repo)


def _lay_out(folder: Path, files: Mapping[Path, bytes], back: ExitStack) -> None:
    """Put files where a box that starts now finds them, and remove them in the end."""
    back.callback(remove_tree, folder)
    for path, data in files.items():
        place = folder / path.relative_to(path.anchor)
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
