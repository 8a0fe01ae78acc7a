"""Whether a file can be a trained model, told from its bytes without ever loading it."""

from __future__ import annotations

import pickletools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evidence.compression import decompressed
from harness.evidence.roles import looks_like_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.labs.dvc_versioning.case import Case
    from harness.labs.dvc_versioning.versions import Dataset

SMALLEST = 64
PLAIN = frozenset({"numpy", "pandas", "_codecs", "collections", "datetime"})  # whose classes hold data alone
PLAIN_BUILTINS = frozenset({"set", "frozenset", "complex", "bytearray", "slice", "range"})
SCANNED = 1 << 20
FRAME = 9  # bytes of the opcode that frames what follows
TUPLE = re.compile(rb"[t\x86\x87](\x94|q.|r....)?\.\Z", re.DOTALL)  # made last of all, and perhaps remembered
CLOSED = (b"PK", b"\x04\x22\x4d\x18")  # zip, which skops writes, and LZ4
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
    data = decompressed(data) or data
    if data[:1] == b"\x80":
        return None if _builds_an_object(data) else "is a pickle of plain values such as a string or an array"
    if not _is_text(data) or data.lstrip().startswith(TEXT_MODELS) or _is_old_pickle(data):
        return None
    return "is a text that is no model"


def holds_several(data: bytes) -> bool:
    """Whether a pickle is a mapping, a list or a tuple, so that a model may have other things beside it.

    So may it in what nobody here looks into: an archive, or what is too large or torn.
    """
    plain = decompressed(data)
    if plain is None or plain.startswith(CLOSED):
        return True
    body = plain[2:] if plain[:1] == b"\x80" else b""
    body = body[FRAME:] if body[:1] == b"\x95" else body
    return body[:1] in {b"}", b"]"} or bool(body and TUPLE.search(plain[-8:]))


def _builds_an_object(data: bytes) -> bool:
    """Whether a pickle names any class but those of arrays and tables; a string names none.

    A stream that is no valid pickle may be another format that starts alike: the benefit of the doubt.
    """
    try:
        return not all(_is_plain(*named) for named in _classes(data))
    except ValueError:
        return True


def _is_plain(module: str, name: str) -> bool:
    if module in {"builtins", "__builtin__"}:
        return name in PLAIN_BUILTINS
    return module.partition(".")[0] in PLAIN


def _classes(data: bytes) -> Iterator[tuple[str, str]]:
    """Module and name of each class or function that a pickle names; raises ValueError where it is none."""
    pushed, memo = ["", ""], dict[int, str]()
    for opcode, arg, _ in pickletools.genops(data[:SCANNED]):
        if opcode.name in {"GLOBAL", "INST"}:
            module, _, name = str(arg).partition(" ")
            yield module, name
        elif opcode.name == "STACK_GLOBAL":
            yield pushed[-2], pushed[-1]
        if opcode.name in {"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"}:
            memo[len(memo) if opcode.name == "MEMOIZE" else int(arg or 0)] = pushed[-1]
        elif opcode.name in {"GET", "BINGET", "LONG_BINGET"}:
            pushed.append(memo.get(int(arg or 0), ""))
        elif opcode.stack_after:
            pushed.append(arg if isinstance(arg, str) else "")


def _is_old_pickle(data: bytes) -> bool:
    """Whether a text is a pickle of protocol 0 that names a class."""
    try:
        return not all(_is_plain(*named) for named in list(_classes(data)))
    except ValueError:
        return False


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
