"""Large files that all workspaces share: a gigabyte of data is not copied for every scenario.

Where the harness runs as root, each workspace belongs to a user of its own. A file that belongs to root and
has no write bit can be linked into all of them: their commands read it, replace it or remove it, and none can
change what the others see. An ordinary user has no such files: the commands could write to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.submission.shelf import is_shelved

if TYPE_CHECKING:
    import os


def can_share(state: os.stat_result, folder: os.stat_result) -> bool:
    """Whether a file may be linked into a folder: the workspace's commands run as somebody else."""
    return is_shelved(state) and folder.st_uid != state.st_uid


def is_shared(state: os.stat_result) -> bool:
    """Whether a file in a workspace is such a link, and stays root's."""
    return is_shelved(state) and state.st_nlink > 1
