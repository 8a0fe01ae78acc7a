"""The lab's own dataset and starting files, against which handed-in data is compared."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = Path(__file__).parents[2]
DATA_PATH = "data/raw/data.csv"
LABEL = "target"
LAB_ROWS = 569
LAB_FORMS = "569 rows, with LF or CRLF line ends, with or without the final newline"
AUGMENTATIONS = 3


def template_folder() -> Path:
    """The lab as a student gets it: inside the wheel, or beside the package in a checkout."""
    inside = PACKAGE / "student_template" / "dvc_versioning"
    return inside if inside.is_dir() else PACKAGE.parent / "student_template" / "dvc_versioning"


@functools.cache
def template_files() -> Mapping[str, bytes]:
    """Every file of the starting lab: its path with forward slashes, and its bytes."""
    folder = template_folder()
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return MappingProxyType({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


def lab_data() -> bytes:
    """The bytes of the dataset that the lab hands out, with LF line ends."""
    return template_files()[DATA_PATH]


def forms(data: bytes) -> dict[str, bytes]:
    """The forms in which honest tools write one text: LF or CRLF, with or without the last newline."""
    lf = data.replace(b"\r\n", b"\n")
    crlf = lf.replace(b"\n", b"\r\n")
    return {
        "LF": lf,
        "CRLF": crlf,
        "LF, no final newline": lf.rstrip(b"\n"),
        "CRLF, no final newline": crlf.removesuffix(b"\r\n"),
    }


@functools.cache
def known_forms() -> Mapping[str, tuple[str, int]]:
    """The md5 of each form of the lab's data, with the name of the form and its size in bytes."""
    named = forms(lab_data()).items()
    digests = {
        hashlib.md5(data, usedforsecurity=False).hexdigest(): (name, len(data)) for name, data in named
    }
    return MappingProxyType(digests)


def plausible_size(size: int) -> bool:
    """Whether a file of ``size`` bytes may hold the lab's rows, written in another way."""
    whole = len(lab_data())
    return whole * 0.5 <= size <= whole * 2
