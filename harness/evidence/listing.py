"""DVC's listing of a tracked folder: the object whose name ends in ".dir"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import MalformedEvidence
from harness.evidence.safe_yaml import MAX_BYTES, load_json

if TYPE_CHECKING:
    from pathlib import Path


def read_listing(path: Path) -> dict[str, str] | None:
    """Path and md5 of each file of a tracked folder, from DVC's listing of it; None when it is none."""
    try:
        with path.open("rb") as file:
            entries = load_json(file.read(MAX_BYTES + 1), path.name)
    except MalformedEvidence:
        return None
    rows = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return {str(row["relpath"]): str(row["md5"]) for row in rows if "relpath" in row and "md5" in row}
