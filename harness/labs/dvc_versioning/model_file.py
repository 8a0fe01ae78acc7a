"""Whether a file can be a trained model, told from its bytes without ever loading it."""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evidence.roles import looks_like_model

if TYPE_CHECKING:
    from harness.labs.dvc_versioning.case import Case
    from harness.labs.dvc_versioning.versions import Dataset

SMALLEST = 64
BUILDERS = frozenset({"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "REDUCE", "BUILD"})
SCANNED = 1 << 20
TEXT_MODELS = (b"{", b"[", b"<", b"tree", b"booster", b"svm_type", b"solver_type")


@dataclass(frozen=True)
class TrackedModel:
    """A file that DVC tracks and that may be a model: where it is recorded, its md5 and size in bytes."""

    path: str
    where: str
    md5: str | None
    size: int | None


def tracked_models(case: Case, dataset: Dataset) -> tuple[TrackedModel, ...]:
    """Pointers of the student's history and outputs of HEAD's lock that may be models, the lock's first."""
    role = case.roles(case.commit).models
    locked = [
        TrackedModel(out.path, f"{lock.file} at HEAD", out.md5, out.size)
        for lock in case.locks(case.commit).values()
        for out in lock.outs.values()
        if out.path in role or looks_like_model(out.path)
    ]
    pointed = [
        TrackedModel(path, f"{pointer.file} at {commit[:7]}", pointer.md5, pointer.size)
        for path, versions in dataset.history.items()
        for commit, pointer in versions
        if path != dataset.path and looks_like_model(path)
    ]
    return (*locked, *reversed(pointed))


def why_no_model(size: int | None, data: bytes | None) -> str | None:
    """Why a tracked file is no trained model; None when it may be one.

    ``size`` is in bytes as recorded, ``data`` the file's bytes where they were handed in.
    """
    if size == 0 or data == b"":
        return "is an empty file"
    if data is None:
        return f"has only {size} bytes" if size is not None and size < SMALLEST else None
    if data[:1] == b"\x80":
        return None if _builds_an_object(data) else "is a pickle of plain values such as a string"
    if not _is_text(data) or data.lstrip().startswith(TEXT_MODELS) or _is_old_pickle(data):
        return None
    return "is a text that is no model"


def _builds_an_object(data: bytes) -> bool:
    """Whether a pickle names any class: a string or a list of numbers names none.

    A stream that is no valid pickle may be another format that starts alike: the benefit of the doubt.
    """
    try:
        return any(opcode.name in BUILDERS for opcode, _, _ in pickletools.genops(data[:SCANNED]))
    except ValueError:
        return True


def _is_old_pickle(data: bytes) -> bool:
    """Whether a text is a pickle of protocol 0 that names a class."""
    try:
        return any(opcode.name in BUILDERS for opcode, _, _ in list(pickletools.genops(data[:SCANNED])))
    except ValueError:
        return False


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
