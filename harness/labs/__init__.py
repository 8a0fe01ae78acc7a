"""The labs: one folder for each, with a ``rubric.toml``, a ``conftest.py`` and its checks in ``test_*.py``.

A course brings a lab of its own by naming its folder: nothing has to be registered.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from harness.errors import HarnessError

RUBRIC = "rubric.toml"
LEFT_OUT = {"__pycache__"}


def installed() -> dict[str, Path]:
    """Return the folders of the labs that travel with the harness, by name."""
    here = Path(__file__).resolve().parent
    return {rubric.parent.name: rubric.parent for rubric in sorted(here.glob(f"*/{RUBRIC}"))}


def lab_digest(folder: Path) -> str:
    """Return ``sha256:…`` over the names and bytes of a lab's files: it changes whenever its checks may.

    HarnessError when a file of the lab cannot be read.
    """
    total = hashlib.sha256()
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not LEFT_OUT & set(path.relative_to(folder).parts):
                name = path.relative_to(folder).as_posix()
                total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    except OSError as error:
        raise HarnessError(f"the lab in {folder} cannot be read: {error.strerror}") from error
    return f"sha256:{total.hexdigest()}"
