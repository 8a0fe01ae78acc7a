"""Putting back what a workspace had at some paths, whatever commands make of them meanwhile."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.workspace.files import copy_inside, move_inside, remove_tree

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
    aside = ws.root.with_name(f"{ws.root.name}.kept")
    aside.mkdir()
    try:
        for path in paths:
            move_inside(ws.repo, aside, path)
        for path in copied:
            copy_inside(ws.repo, aside, path)
        yield
        for path in (*paths, *copied):
            ws.remove(path)
            move_inside(aside, ws.repo, path)
    finally:
        remove_tree(aside)
