"""The DVC stages that a command started, as the workspace's shell wrote them down."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from harness.workspace.files import read_inside, remove_inside

if TYPE_CHECKING:
    from pathlib import Path

LOG = "log/stages"
LOG_LIMIT = 1 << 20


def forget_stages(root: Path) -> None:
    """Empty the log of the workspace at `root`."""
    remove_inside(root, LOG)


def stages_started(root: Path, cwd: str) -> tuple[str, ...]:
    """Addresses of the stages in the log, relative to the Git root, equal neighbours taken as one.

    Raises:
        MalformedEvidence: the log has grown beyond reason.
    """
    log = read_inside(root, LOG, LOG_LIMIT) or b""
    names = [_address(row, cwd) for row in log.decode("utf-8", "replace").splitlines()]
    return tuple(name for i, name in enumerate(names) if i == 0 or names[i - 1] != name)


def _address(addressing: str, cwd: str) -> str:
    """A stage's address seen from the Git root, from the one that DVC shows in folder `cwd`.

    DVC leaves out `dvc.yaml` of the folder it runs in: `train` there is `sub/dvc.yaml:train` here.
    """
    file, _, name = addressing.rpartition(":")
    full = posixpath.normpath(posixpath.join(cwd, file or "dvc.yaml"))
    return name if full == "dvc.yaml" else f"{full}:{name}"
