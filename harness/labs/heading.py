"""What a grade says about itself: versions, lab, submission, environment."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING

from harness.grading.gradebook import Heading
from harness.grading.result import Kind, SubmissionInfo
from harness.workspace.box.isolation import isolation

if TYPE_CHECKING:
    from harness.labs.choice import Lab

KINDS: tuple[tuple[str, Kind], ...] = (
    (r"\.bundle$", "bundle"),
    (r"\.zip$", "zip"),
    (r"\.(tar|tgz|tar\.\w+)$", "tar"),
    (r"\.git$|^[\w+.-]+://", "git"),
)
NOTHING = f"sha256:{hashlib.sha256().hexdigest()}"


def heading_of(info: SubmissionInfo, seed: int, lab: Lab | None, asked: str | None = None) -> Heading:
    """Return the heading of a grade; without a lab it carries the name asked for, and an empty digest."""
    return Heading(
        harness=version("mlops-lab-harness"),
        lab=lab.rubric.lab if lab else (asked or "unknown"),
        lab_digest=lab.digest if lab else NOTHING,
        submission=info,
        environment={
            "python": platform.python_version(),
            "dvc": version("dvc"),
            "isolation": isolation().kind,
            "seed": str(seed),
        },
    )


def unopened(spec: str | None) -> SubmissionInfo:
    """Return what can be said of a submission that was not opened, from its name and a file's bytes alone."""
    if spec is None:
        return SubmissionInfo("reference", "folder", None, NOTHING)
    path = Path(spec)
    name = re.split(r"[/\\]", spec.rstrip("/\\"))[-1]
    matching: list[Kind] = [kind for pattern, kind in KINDS if re.search(pattern, spec, re.IGNORECASE)]
    return SubmissionInfo(name or spec, next(iter(matching), "folder"), None, _digest(path))


def version(distribution: str) -> str:
    """Return the installed version of a distribution, or "unknown" when it is not installed as one."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError:
        return NOTHING
