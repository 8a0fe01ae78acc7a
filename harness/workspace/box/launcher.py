"""The launcher that starts every command in a box."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness.workspace.box.bubblewrap import SHOWN_ROOT, WRITABLE, Boxed, Bubblewrap
from harness.workspace.box.ownership import give, let_read, new_uid

if TYPE_CHECKING:
    from pathlib import Path

    from harness.workspace.launcher import Order, Running

USER = "user"
WORLD_READABLE = 0o005


class BoxLauncher:
    """Starts each command of a workspace in a box of its own; a command without a workspace is refused."""

    def __init__(self, bubblewrap: Bubblewrap) -> None:
        self.bubblewrap = bubblewrap

    def start(self, order: Order) -> Running:
        """Start a command in a new box; HarnessError when none can be made."""
        return Boxed(self.bubblewrap.serving(order), order, order.seconds)

    def leave(self, root: Path) -> None:
        """Nothing outlives a command here."""

    def seen(self, root: Path) -> str:  # noqa: ARG002 (all boxes look alike)
        """The same for all workspaces."""
        return SHOWN_ROOT

    def adopt(self, root: Path) -> None:
        """Make the workspace at `root` the property of a user of its own, and name that user."""
        uid, gid = os.getuid(), os.getgid()
        if self.bubblewrap.setpriv is not None:
            uid = gid = (root / "repo").lstat().st_uid or new_uid()
            give(root, WRITABLE, uid)
        etc = root / "etc"
        etc.mkdir(exist_ok=True)
        (etc / "passwd").write_text(f"{USER}:x:{uid}:{gid}::{SHOWN_ROOT}/home:/bin/sh\n", encoding="ascii")
        (etc / "group").write_text(f"{USER}:x:{gid}:\n", encoding="ascii")
        (etc / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n", encoding="ascii")

    def explain(self, order: Order, exit_code: int, stderr: str) -> str | None:
        """The limit for each process that a failed command met, as far as its last words tell."""
        return self.bubblewrap.serving(order).allowance.met(exit_code, stderr)

    def show(self, path: Path) -> None:
        """See to it that the workspaces' users can read `path`, a folder of the harness's own."""
        as_root = self.bubblewrap.setpriv is not None and path.is_dir()
        if as_root and path.stat().st_mode & WORLD_READABLE != WORLD_READABLE:
            let_read(path)
