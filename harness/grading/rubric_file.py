"""Reads ``rubric.toml``.

The file holds::

    lab = "dvc_versioning"            # equal to the folder's name
    title = "Versioning with DVC"
    max_score = 80                    # the points of all checks must add up to it

    [detect]                          # patterns of paths, at the graded commit or anywhere in the history
    any = ["*.dvc"]                   # one of them has to exist
    all = ["*params.yaml"]            # each of them has to exist

    [[deliverables]]
    id = "D1"
    title = "Versioning"

    [[checks]]
    id = "D1.remote"
    deliverable = "D1"
    title = "A default remote is in the committed configuration"
    points = 3
    needs = ["D1.init"]               # optional; ids of checks, without a circle
    hint = "dvc remote add -d …"      # optional; shown when a lost check has no hint of its own

    [[oral]]
    id = "D1.explain"
    points = 6
    questions = [{ ask = "Why {rows} rows?", answer = "…" }]   # a question whose facts are unknown is left
    out

    [limits]                          # optional; see harness/labs/limits.py
    submission_minutes = 30

Each oral item has at least one question without a placeholder. Every other top-level table is the lab's own
and comes back as ``Rubric.extra``.
"""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, TypeVar

from harness.errors import HarnessError
from harness.grading.rubric import CheckSpec, Deliverable, Detection, OralItem, Question, Rubric

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Value = TypeVar("Value")
KEYS = {"lab", "title", "max_score", "detect", "deliverables", "checks", "oral"}


def load_rubric(path: Path) -> Rubric:
    """Return the rubric in ``path``; HarnessError names what is wrong with it and where."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        rubric = _rubric(data)
        _validate(rubric, _take(data, "max_score", (int, float)))
    except (OSError, TypeError, ValueError) as error:
        raise HarnessError(f"{path} is not a rubric: {error}") from error
    return rubric


def _rubric(data: Mapping[str, object]) -> Rubric:
    return Rubric(
        lab=_take(data, "lab", str),
        title=_take(data, "title", str),
        detect=_detection(_take(data, "detect", dict, {})),
        deliverables=tuple(
            Deliverable(_take(table, "id", str), _take(table, "title", str))
            for table in _tables(data, "deliverables")
        ),
        checks=tuple(_check(table) for table in _tables(data, "checks")),
        oral=tuple(_oral(table) for table in _tables(data, "oral")),
        extra={key: value for key, value in data.items() if key not in KEYS},
    )


def _detection(table: Mapping[str, object]) -> Detection:
    _only(table, {"any", "all"}, "[detect]")
    return Detection(any=_texts(table, "any"), all=_texts(table, "all"))


def _check(table: Mapping[str, object]) -> CheckSpec:
    name = f"check {table.get('id')}"
    _only(table, {"id", "deliverable", "title", "points", "needs", "hint"}, name)
    return CheckSpec(
        id=_take(table, "id", str),
        deliverable=_take(table, "deliverable", str),
        title=_take(table, "title", str),
        points=_points(table, name),
        needs=_texts(table, "needs"),
        hint=_take(table, "hint", str, "") or None,
    )


def _oral(table: Mapping[str, object]) -> OralItem:
    name = f"oral item {table.get('id')}"
    _only(table, {"id", "points", "questions"}, name)
    questions = tuple(
        Question(_take(question, "ask", str), _take(question, "answer", str))
        for question in _tables(table, "questions")
    )
    if not any(not question.placeholders() for question in questions):
        raise ValueError(f"{name} has no question that can always be asked, one without a {{placeholder}}")
    return OralItem(_take(table, "id", str), _points(table, name), questions)


def _points(table: Mapping[str, object], name: str) -> float:
    points = float(_take(table, "points", (int, float)))
    if not (math.isfinite(points) and points > 0):
        raise ValueError(f"{name} is worth {points:g} points, it must be worth more than 0")
    return points


def _validate(rubric: Rubric, max_score: float) -> None:
    _unique("deliverable", (deliverable.id for deliverable in rubric.deliverables))
    _unique("id", [*(spec.id for spec in rubric.checks), *(item.id for item in rubric.oral)])
    _references(rubric)
    if not rubric.checks:
        raise ValueError("it has no [[checks]]")
    if not math.isclose(rubric.max_score, max_score):
        raise ValueError(f"its checks add up to {rubric.max_score:g} points, max_score says {max_score:g}")


def _references(rubric: Rubric) -> None:
    deliverables = {deliverable.id for deliverable in rubric.deliverables}
    ids = {spec.id for spec in rubric.checks}
    for spec in rubric.checks:
        if spec.deliverable not in deliverables:
            raise ValueError(f"check {spec.id} belongs to {spec.deliverable!r}, which is no deliverable")
        if unknown := sorted(set(spec.needs) - ids):
            raise ValueError(f"check {spec.id} needs {', '.join(unknown)}, which is no check")
    try:
        TopologicalSorter({spec.id: spec.needs for spec in rubric.checks}).prepare()
    except CycleError as error:
        raise ValueError(f"checks need each other in a circle: {' -> '.join(error.args[1])}") from error


def _unique(what: str, ids: Iterable[str]) -> None:
    if twice := sorted(id_ for id_, count in Counter(ids).items() if count > 1):
        raise ValueError(f"{what} {', '.join(twice)} is there more than once")


def _only(table: Mapping[str, object], keys: set[str], name: str) -> None:
    if unknown := sorted(set(table) - keys):
        raise ValueError(
            f"{name} has the unknown key {', '.join(unknown)}; known are {', '.join(sorted(keys))}"
        )


def _texts(table: Mapping[str, object], key: str) -> tuple[str, ...]:
    values = _take(table, key, list, [])
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f"{key} must be a list of texts")
    return tuple(values)


def _tables(table: Mapping[str, object], key: str) -> list[dict[str, object]]:
    values = _take(table, key, list, [])
    if not all(isinstance(value, dict) for value in values):
        raise ValueError(f"{key} must be a list of tables")
    return values


def _take(
    table: Mapping[str, object],
    key: str,
    kind: type[Value] | tuple[type[Value], ...],
    default: Value | None = None,
) -> Value:
    value = table.get(key, default)
    if value is None:
        raise ValueError(f"{key} is missing in {table.get('id', 'the file')}")
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{key} is {value!r}, which is not of the right type")
    return value
