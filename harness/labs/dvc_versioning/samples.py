"""The tables that scikit-learn brings: the lab's data is one of them, so that any script has all its rows."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from harness.evidence.rewriting import with_labels_of_others

if TYPE_CHECKING:
    from collections.abc import Mapping


@functools.cache
def samples_told_wrong() -> Mapping[Path, bytes]:
    """Each table of `sklearn.datasets`, by its path on this machine, with its rows' labels exchanged.

    Who asks for a table's names, its size or a chart of it is answered; who learns from it learns wrong.
    """
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        return {}
    tables = (Path(spec.origin).parent / "datasets" / "data").glob("*.csv")
    return {path: with_labels_of_others(path.read_bytes()) for path in sorted(tables)}
