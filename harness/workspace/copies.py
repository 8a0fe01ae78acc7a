"""Many workspaces that start alike: one is made, the others are copies of it."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.workspace.workspace import Workspace


class Copies:
    """Makes workspaces as copies of one that `make` makes at `root`, when the first is asked for.

    To stop one of them does not stop another. May be called from several threads.
    """

    def __init__(self, make: Callable[[Path], Workspace], root: Path) -> None:
        self._make = make
        self._root = root
        self._lock = threading.Lock()

    def __call__(self, root: Path) -> Workspace:
        """A new workspace at `root`."""
        with self._lock:
            first = self._first
        workspace = first.copy(root)
        workspace.limits = first.limits.apart()
        return workspace

    @cached_property
    def _first(self) -> Workspace:
        workspace = self._make(self._root)
        workspace.leave()
        return workspace
