"""Taking files out of a workspace's repository for a while, and putting them back as they were."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import CheckFailed
from harness.workspace.copying import REASON_LIMIT
from harness.workspace.files import (
    copy_inside,
    is_folder_inside,
    move_inside,
    remove_inside,
    remove_tree,
)
from harness.workspace.reaching import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.workspace.workspace import Workspace


@contextmanager
def kept(ws: Workspace, paths: tuple[str, ...], copied: tuple[str, ...] = ()) -> Iterator[None]:
    """Take the files and folders `paths` away, and put them back in the end, with their times and inodes.

    Those of `copied` stay where they are, to be put back from a copy. What was not there in the beginning is
    not there in the end. Meanwhile all lies beside the workspace, where no command sees it or pays for it.

    Raises:
        CheckFailed: commands have left something that cannot be moved, copied or removed.
    """
    with aside(ws) as place:
        for path in paths:
            move_inside(ws.repo, place, path)
        for path in copied:
            copy_inside(ws.repo, place, path)
        yield
        for path in (*paths, *copied):
            ws.remove(path)
            move_inside(place, ws.repo, path)


@contextmanager
def only(
    ws: Workspace, paths: tuple[str, ...], *, left: frozenset[str] = frozenset(), made: tuple[str, ...] = ()
) -> Iterator[None]:
    """Leave copies of the files and folders `paths` in the repository and nothing else, and put all back.

    What is directly in the repository under the names `left` stays where it is. What is at the paths `made`
    in the end takes the place of what was there. The temp dir has no files in the beginning and in the end.
    Nothing is copied but `paths`, and commands go on in the box that is there, so that this takes less than
    a workspace of its own (`Workspace.copy_only`).

    Raises:
        CheckFailed: commands have left something that cannot be moved, copied or removed.
    """
    _delete_files(ws.tmp)
    with aside(ws) as place, ExitStack() as back:
        for name in {*os.listdir(ws.repo)} - left:  # noqa: PTH208 (names)
            move(ws.repo / name, place / name)
            back.callback(move, place / name, ws.repo / name)
        back.callback(_clear, ws.repo, left)
        for path in made:
            back.callback(_replace, ws, place, path)
        back.callback(_delete_files, ws.tmp)
        for path in sorted({inside(path) for path in paths}):  # a folder before what is in it
            copy_inside(place, ws.repo, path)
        if any(is_folder_inside(ws.repo, path) for path in paths):
            ws.launcher.adopt(ws.root)
        yield


def forget(ws: Workspace) -> None:
    """Empty the home and the temp dir, in which commands may have left word for later ones."""
    ws.leave()
    for folder in (ws.home, ws.tmp):
        _clear(folder)
    ws.surroundings.make()
    ws.launcher.adopt(ws.root)
    ws.configure()


def open_folders(ws: Workspace) -> None:
    """Let the folders of the repository be changed: Git cannot empty those that commands have closed."""
    waiting = [ws.repo]
    while waiting:
        folder = waiting.pop()
        with suppress(OSError):
            if (mode := folder.stat().st_mode) & stat.S_IRWXU != stat.S_IRWXU:
                folder.chmod(stat.S_IMODE(mode) | stat.S_IRWXU)
            waiting += [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]


@contextmanager
def aside(ws: Workspace, name: str = "kept") -> Iterator[Path]:
    """A folder beside the workspace's own, until the end; one of each name at a time."""
    folder = ws.root.with_name(f"{ws.root.name}.{name}")
    folder.mkdir()
    try:
        yield folder
    finally:
        remove_tree(folder)


def move(source: Path, target: Path) -> None:
    """Give a file or folder another place; raises CheckFailed where it is left so that it cannot."""
    try:
        source.rename(target)
    except OSError as error:
        raise CheckFailed(f"{source.name} left so that it can be moved", str(error)[:REASON_LIMIT]) from error


def _delete_files(folder: Path) -> None:
    """Delete what files can be deleted in a folder; on folders in it a box may have mounted something."""
    for place, folders, names in os.walk(folder):
        for path in (Path(place) / name for name in (*names, *folders)):
            if path.is_symlink() or not path.is_dir():
                with suppress(OSError):
                    path.unlink()


def _replace(ws: Workspace, place: Path, path: str) -> None:
    remove_inside(place, path)
    move_inside(ws.repo, place, path)


def _clear(folder: Path, left: frozenset[str] = frozenset()) -> None:
    """Delete what is in a folder, but for the names that are to be left."""
    try:
        for path in (path for path in folder.iterdir() if path.name not in left):
            if path.is_dir() and not path.is_symlink():
                remove_tree(path)
            else:
                path.unlink()
    except OSError as error:
        raise CheckFailed("a repository that can be emptied", str(error)[:REASON_LIMIT]) from error
