"""The tables of a workspace that teach a model, and the same tables with rows that are wrong or missing."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from harness.errors import MalformedEvidence
from harness.evidence.crossing import crossed, near, twins
from harness.evidence.rows import among, column_that_tells, frame_of, labels_in, without_index
from harness.evidence.scoring import canonical
from harness.evidence.table import read_table, written_like
from harness.labs.dvc_versioning import draws
from harness.labs.dvc_versioning.recompute import LARGEST

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from harness.evidence.rows import Split
    from harness.evidence.scoring import Label
    from harness.evidence.table import Table
    from harness.workspace.workspace import Workspace

Wrong = Literal["others", "held out", "all"]  # which rows are made wrong
TABLES = (".csv", ".tsv", ".npy")
SKIPPED = frozenset({".git", ".dvc", "site-packages", "node_modules", "__pycache__"})
MOST_TABLES = 40
KEPT = 5  # rows of each class, so that a score on them can still be printed


@dataclass(frozen=True)
class Rows:
    """A table with features, the labels of its rows, and which of the rows are among those held out."""

    table: Table
    data: bytes
    features: pd.DataFrame
    labels: tuple[Label, ...]
    held_out: NDArray[np.bool_]

    def crossed(self, seed: int, wrong: Wrong) -> bytes:
        """The file with features exchanged among the held-out rows, among the others, or both."""
        path, frame, found = self.table.path, self.table.frame.copy(), self.features
        if wrong != "held out":
            found = crossed(found, self.labels, self.held_out, draws.generator(seed, f"cross:{path}"))
        if wrong != "others":
            found = crossed(found, self.labels, ~self.held_out, draws.generator(seed, f"cross all:{path}"))
        frame[list(found.columns)] = found
        return written_like(path, self.data, frame)

    def fewer(self, held_out: pd.DataFrame) -> bytes | None:
        """The file with few of the rows that are held out, of each class; None where it has none."""
        left = among(self.features, held_out)
        for label in {canonical(label) for label in self.labels}:
            mine = [place for place in np.flatnonzero(left) if canonical(self.labels[place]) == label]
            left[mine[:KEPT]] = False
        if not left.any():
            return None
        return written_like(self.table.path, self.data, self.table.frame[~left])

    @cached_property
    def telling(self) -> frozenset[str]:
        """The columns that are the class in other words: one value for each class, of its own."""
        labels = [str(canonical(label)) for label in self.labels]
        kinds = len(set(labels))
        grouped = self.features.groupby(labels)
        alike = (grouped.nunique().max() == 1) & (self.features.nunique() == kinds)
        return frozenset(self.features.columns[alike]) if kinds > 1 else frozenset()


def tables_of(ws: Workspace) -> Mapping[str, tuple[Table, bytes]]:
    """The tables of a workspace that can be read and written here, by path."""
    found: dict[str, tuple[Table, bytes]] = {}
    for folder, names, files in os.walk(ws.repo):
        names[:] = sorted(name for name in names if name not in SKIPPED)
        for name in sorted(files):
            path = posixpath.normpath(posixpath.join(os.path.relpath(folder, ws.repo), name))
            if not path.lower().endswith(TABLES) or len(found) >= MOST_TABLES:
                continue
            try:
                data = ws.read(path, LARGEST)
                found |= {path: (read_table(path, data), data)} if data is not None else {}
            except MalformedEvidence:
                continue
    return found


def rows_of(tables: Mapping[str, tuple[Table, bytes]], split: Split, own: Container[str]) -> tuple[Rows, ...]:
    """Those tables that hold features of the held-out data's kind, and labels; ``own`` are that data."""
    held_out = frame_of(split.features)
    found = []
    for table, labels, data in labelled(tables, split):
        columns = [name for name in table.columns if name in held_out.columns]
        features = without_index(table).frame.filter(columns)
        if 2 * features.shape[1] >= held_out.shape[1]:
            same = np.ones(len(features), dtype=bool) if table.path in own else near(features, held_out)
            found.append(Rows(table, data, features, labels, same))
    return tuple(found)


def labelled(
    tables: Mapping[str, tuple[Table, bytes]], split: Split
) -> Iterator[tuple[Table, tuple[Label, ...], bytes]]:
    """Each table with the labels of its rows: from its own column, or from a narrow table beside it.

    Its own may have another name and say the classes in other words, if it has rows that are held out.
    """
    column, held_out = split.column, frame_of(split.features)
    for path, (table, data) in tables.items():
        if len(without_index(table).columns) <= 1:
            continue
        beside = [
            other
            for place, (other, _) in tables.items()
            if posixpath.dirname(place) == posixpath.dirname(path) and other.row_count == table.row_count
        ]
        narrow = [other for other in beside if without_index(other).columns == (column,)]
        if holder := table if column in table.columns else next(iter(narrow), None):
            yield table, labels_in(holder, column), data
        elif name := column_that_tells(table.frame, held_out, split.labels):
            yield table, labels_in(table, name), data


def held_out_among(tables: Sequence[Rows]) -> int:
    """How many rows of some tables are among those held out."""
    return sum(int(one.held_out.sum()) for one in tables)


def alike(raw: Sequence[pd.DataFrame], asked: pd.DataFrame, read: Sequence[Rows]) -> bool:
    """Whether the raw data holds as many rows with others next to them as training reads of those ``asked``.

    Where the rows that training reads cannot be seen, these are taken to be half of all.
    """
    beside = sum(int(twins(features).sum()) for features in raw)
    if not read:
        return 2 * beside >= sum(map(len, raw))
    known = [near(asked, one.features) for one in read]
    return int(np.any(known, axis=0).sum()) + held_out_among(read) <= beside
