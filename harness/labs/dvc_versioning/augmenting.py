"""The versions of the data that a submission's own augmentation script makes of the lab's data."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from harness.labs.dvc_versioning.dataset import AUGMENTATIONS, DATA_PATH, lab_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.labs.dvc_versioning.case import Case
    from harness.workspace.workspace import Workspace

SCRIPT = "scripts/augment_data.py"
SECONDS = 60.0


def augmentation_script(case: Case) -> str | None:
    """The submission's augmentation script: the handout's, or a Python file whose name says it."""
    paths = [
        path for path in case.head.paths() if path.endswith(".py") and "augment" in posixpath.basename(path)
    ]
    return min(paths, key=lambda path: (not path.endswith(SCRIPT), len(path)), default=None)


def project_of(script: str) -> str:
    """The folder from which a script is run: the one that holds `scripts/`."""
    return posixpath.dirname(posixpath.dirname(script)) or "."


def augmented_versions(case: Case, ws: Workspace) -> Iterator[tuple[bytes, str]]:
    """Run the script once to three times on the lab's data; yields each result and how it was made.

    Where the submission has no such script, or it fails, the versions end.
    """
    script = augmentation_script(case)
    if script is None:
        return
    folder = project_of(script)
    path = posixpath.normpath(posixpath.join(folder, DATA_PATH))
    ws.write(path, lab_data())
    for times in range(1, AUGMENTATIONS + 1):
        done = ws.run("python", posixpath.relpath(script, folder), cwd=folder, timeout=SECONDS)
        data = ws.read(path)
        if not done.ok or data is None:
            return
        yield data, f"the lab's data augmented {times} times by {script}"
