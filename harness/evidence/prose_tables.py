"""Tables in a text whose header, or first column, names parameters: each row, or column, is an experiment.

Read are Markdown's and reStructuredText's grids with ``|``, the boxes that terminals draw, and columns that
two or more spaces or tabs set apart, as ``dvc exp show`` prints them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evidence.prose_names import is_value, number_of, unique, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.evidence.prose_names import Names
    from harness.evidence.safe_yaml import Json

MAX_ROWS = 200
MAX_CELLS = 60
_RULE = re.compile(r"[\s|:+=\u2500-\u257f-]+")
_BARS = str.maketrans("│┃║", "|||")
_BRANCH = re.compile(r"^\s{0,20}(?:[│|]\s{1,20}){0,5}[├└|`][-─]{2,20}\s+")
_APART = re.compile(r"\t+| {2,}")
_BASELINES = frozenset({"workspace", "main", "master"})


@dataclass(frozen=True)
class Row:
    """An experiment in a table: the line it stands in, counted from 1, its parameters and its numbers."""

    line: int
    params: Mapping[str, Json]
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class _Line:
    number: int
    cells: tuple[str, ...]


def rows_in(lines: Sequence[str], names: Names) -> tuple[Row, ...]:
    """Return the experiments in the tables of a text."""
    return tuple(row for table in _tables(lines) for row in _rows(table, names))


def _tables(lines: Sequence[str]) -> Iterator[list[_Line]]:
    """Runs of lines with the same number of cells; rules between them do not count."""
    table: list[_Line] = []
    for number, line in enumerate(lines, start=1):
        if line.strip() and _RULE.fullmatch(line):
            continue
        cells = _cells(line)
        if table and len(cells) != len(table[0].cells):
            yield table
            table = []
        if 1 < len(cells) <= MAX_CELLS and len(table) < MAX_ROWS:
            table.append(_Line(number, cells))
    yield table


def _cells(line: str) -> tuple[str, ...]:
    text = _BRANCH.sub("", line).translate(_BARS).strip()
    parts = text.strip("|").split("|") if "|" in text else _APART.split(text)
    return tuple(part.strip() for part in parts)


def _rows(table: Sequence[_Line], names: Names) -> Iterator[Row]:
    if len(table) < 2:  # noqa: PLR2004 (a header and one row)
        return
    header = table[0].cells
    if _names_parameters(header, names):
        for line in table[1:]:
            yield from _row(line.number, header, line.cells, names)
    elif _names_parameters(first := tuple(line.cells[0] for line in table), names):
        for column in range(1, len(header)):
            cells = tuple(line.cells[column] for line in table)
            yield from _row(table[0].number, first, cells, names)


def _names_parameters(header: Sequence[str], names: Names) -> bool:
    """Whether a header names a parameter, no parameter twice, and something else beside."""
    meant = [name for cell in header for name in _split(cell)]
    keys = [names.parameter(name) for name in meant]
    return any(keys) and len(meant) > 1 and unique(keys)


def _row(number: int, header: Sequence[str], cells: Sequence[str], names: Names) -> Iterator[Row]:
    if cells[0].strip("*` ").lower() in _BASELINES:
        return
    params: dict[str, Json] = {}
    numbers: dict[str, float] = {}
    for head, cell in zip(header, cells, strict=True):
        for name, word in _paired(head, cell):
            key, metric, figure = names.parameter(name), names.metric(name), number_of(word)
            if key is not None and is_value(word):
                params[key] = value_of(word)
            elif metric is not None and figure is not None:
                numbers[metric] = float(figure)
    if params:
        yield Row(number, params, numbers)


def _split(cell: str) -> list[str]:
    return [part for part in re.split(r"[/,]", cell) if part.strip()]


def _paired(head: str, cell: str) -> list[tuple[str, str]]:
    """A header and a cell, or their parts where both have as many: ``trees / depth`` over ``50 / 5``."""
    heads, words = _split(head), _split(cell)
    return list(zip(heads, words, strict=True)) if len(heads) == len(words) else [(head, cell)]
