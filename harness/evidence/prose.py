"""Experiments that were only told: in a README, another text, a notebook or a script.

Told are a ``dvc exp run -S key=value``, a table row below a header that names parameters, and a line with
several ``key=value`` or ``key: value`` pairs of which one is a parameter. What the lab's template says itself
is left out.
"""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from harness.errors import MalformedEvidence
from harness.evidence.prose_commands import commands_in
from harness.evidence.prose_names import number_of
from harness.evidence.prose_tables import rows_in
from harness.evidence.safe_yaml import load_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.evidence.prose_names import Names
    from harness.evidence.repository import Tree
    from harness.evidence.safe_yaml import Json

Kind = Literal["command", "table", "line"]
MAX_FILES = 200
SIZE_LIMIT = 1024 * 1024
MAX_LINE = 4000
TEXTS = frozenset({".md", ".markdown", ".txt", ".rst", ".ipynb"})
SCRIPTS = frozenset({".sh", ".bash", ".bat", ".cmd", ".ps1", ".py"})
_BUILD_FILES = frozenset({"makefile", "justfile"})
_FOREIGN = frozenset({"site-packages", "node_modules", "venv", ".venv", "env", ".dvc", ".git"})


@dataclass(frozen=True)
class Described:
    """One experiment as told: its parameters by dotted key, the metrics named beside them, and where."""

    params: Mapping[str, Json]
    where: str
    kind: Kind
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def identity(self) -> frozenset[tuple[str, str]]:
        """What tells its parameter set from another's."""
        return frozenset((key, _canonical(value)) for key, value in self.params.items())


def described(tree: Tree, names: Names, template: Mapping[str, bytes]) -> tuple[Described, ...]:
    """Return the experiments told in the texts and scripts of `tree`, one for each distinct parameter set.

    Lines that the template's file of the same path has are not read.
    """
    found: list[Described] = []
    for path in [path for path in tree.paths() if _is_readable(path)][:MAX_FILES]:
        data = tree.read(path, SIZE_LIMIT)
        if data is not None:
            found += described_in(path, data, names, _template_lines(path, template))
    return distinct(found)


def described_in(
    path: str, data: bytes, names: Names, template_lines: frozenset[str] = frozenset()
) -> tuple[Described, ...]:
    """Return the experiments told in one file, in the order of its lines; scripts tell by commands only."""
    is_text = _suffix(path) in TEXTS
    found: list[Described] = []
    for place, lines in _passages(path, data):
        own = ["" if line.strip() in template_lines or len(line) > MAX_LINE else line for line in lines]
        found += [
            Described(told.params, f"{path}:{place or told.line}", "command")
            for told in commands_in(own, names)
        ]
        found += _told(path, place, own, names) if is_text else []
    return tuple(found)


def distinct(told: Iterable[Described]) -> tuple[Described, ...]:
    """Return one of each parameter set, the one with the most numbers.

    A set that is part of another counts as the same where the two are told in different ways: a command sets
    one parameter, the table beside it has them all.
    """
    best: dict[frozenset[tuple[str, str]], Described] = {}
    for one in told:
        known = best.get(one.identity)
        if known is None or len(one.numbers) > len(known.numbers):
            best[one.identity] = one
    kept = best.values()
    return tuple(
        one
        for one in kept
        if not any(one.identity < other.identity and one.kind != other.kind for other in kept)
    )


def _told(path: str, place: str, lines: Sequence[str], names: Names) -> Iterator[Described]:
    """The experiments in a passage's tables, and in those of its lines that belong to none."""
    rows = rows_in(lines, names)
    for row in rows:
        yield Described(row.params, f"{path}:{place or row.line}", "table", row.numbers)
    used = {row.line for row in rows}
    for number, line in enumerate(lines, start=1):
        if number not in used and "exp run" not in line:
            for params, numbers in _pairs(line, names):
                yield Described(params, f"{path}:{place or number}", "line", numbers)


def _pairs(line: str, names: Names) -> Iterator[tuple[dict[str, Json], dict[str, float]]]:
    """The parameter sets of a line; a name that comes again begins the next one."""
    groups: list[tuple[dict[str, Json], dict[str, float]]] = [({}, {})]
    for match in names.pairs.finditer(line):
        key, metric, number = names.parameter(match[1]), names.metric(match[1]), number_of(match[2])
        if number is None:
            continue
        if key in groups[-1][0] or metric in groups[-1][1]:
            groups.append(({}, {}))
        if key is not None:
            groups[-1][0][key] = number
        elif metric is not None:
            groups[-1][1][metric] = float(number)
    yield from ((params, numbers) for params, numbers in groups if params and len(params) + len(numbers) > 1)


def _passages(path: str, data: bytes) -> Iterator[tuple[str, list[str]]]:
    """A file's lines; a notebook's, cell by cell, with the name of the cell."""
    if _suffix(path) != ".ipynb":
        yield "", data.decode("utf-8", "replace").splitlines()
        return
    try:
        notebook = load_json(data, path)
    except MalformedEvidence:
        return
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    for number, cell in enumerate(cells if isinstance(cells, list) else [], start=1):
        source = cell.get("source") if isinstance(cell, dict) else None
        text = "".join(map(str, source)) if isinstance(source, list) else str(source or "")
        yield f"cell {number}", text.splitlines()


def _is_readable(path: str) -> bool:
    folder, name = posixpath.split(path)
    known = _suffix(path) in TEXTS | SCRIPTS or name.lower() in _BUILD_FILES
    return known and not _FOREIGN.intersection(folder.lower().split("/"))


def _suffix(path: str) -> str:
    return posixpath.splitext(path)[1].lower()


def _template_lines(path: str, template: Mapping[str, bytes]) -> frozenset[str]:
    files = (data for known, data in template.items() if path == known or path.endswith(f"/{known}"))
    return frozenset(line.strip() for data in files for line in data.decode("utf-8", "replace").splitlines())


def _canonical(value: Json) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, sort_keys=True)
