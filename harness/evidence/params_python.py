"""Parameters written as Python assignments, read from the syntax tree and never run.

What counts is what DVC takes (`dvc.utils.serialize.parse_py`): literals assigned to a name at the top of the
file, to an attribute of a class, or to `self.name` in a class's `__init__`.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from harness.errors import MalformedEvidence
from harness.evidence.safe_yaml import Json, checked, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

# Python's own parser needs minutes for a formatted string of 1 MiB.
MAX_BYTES = 64 * 1024
_UNUSABLE = (ValueError, TypeError, SyntaxError, RecursionError, MemoryError)


@dataclass(frozen=True)
class Literal:
    """One parameter: its value, the expression that gives it, and the statement (or dict) that holds it."""

    value: Json
    node: ast.expr
    holder: ast.stmt | ast.Dict


Assignments: TypeAlias = "dict[str, Literal | Assignments]"


def load_python(data: bytes, path: str) -> dict[str, Json]:
    """The parameters of a Python file, nested by class and dictionary; raises MalformedEvidence."""
    if len(data) > MAX_BYTES:
        raise MalformedEvidence(path, f"larger than {MAX_BYTES // 1024} KiB")
    values = _values(assignments(decode(data, path), path))
    checked(values, path)
    return values


def assignments(text: str, path: str) -> Assignments:
    """Where each parameter of a Python text stands; raises MalformedEvidence where it is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        return _in_body(tree.body)
    except _UNUSABLE as error:
        reason = error.msg if isinstance(error, SyntaxError) else type(error).__name__
        raise MalformedEvidence(path, f"not valid Python: {reason}") from error


def plain(value: object) -> Json:
    """A Python literal as JSON has it: tuples and sets become lists; raises ValueError for bytes and such."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        return [plain(inner) for inner in sorted(value, key=repr)]
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(f"a {type(value).__name__} is no parameter")


def _values(found: Assignments) -> dict[str, Json]:
    return {key: one.value if isinstance(one, Literal) else _values(one) for key, one in found.items()}


def _in_body(body: list[ast.stmt], *, only_self: bool = False) -> Assignments:
    found: Assignments = {}
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            found[statement.name] = _in_body(statement.body)
        elif isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            found |= _in_body(statement.body, only_self=True)
        else:
            found |= dict(_assigned(statement, only_self=only_self))
    return found


def _assigned(statement: ast.stmt, *, only_self: bool) -> Iterator[tuple[str, Literal | Assignments]]:
    target: ast.expr
    value: ast.expr | None
    if isinstance(statement, ast.AnnAssign):
        target, value = statement.target, statement.value
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    else:
        return
    name = _name(target, only_self=only_self)
    if name is None or value is None:
        return
    try:
        yield name, _literal(value, statement)
    except _UNUSABLE:
        return


def _name(target: ast.expr, *, only_self: bool) -> str | None:
    if isinstance(target, ast.Name) and not only_self:
        return target.id
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        return target.attr
    return None


def _literal(node: ast.expr, holder: ast.stmt | ast.Dict) -> Literal | Assignments:
    if not isinstance(node, ast.Dict):
        return Literal(plain(ast.literal_eval(node)), node, holder)
    found: Assignments = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            raise ValueError("a dictionary unpacked into another is no literal")
        found[str(ast.literal_eval(key))] = _literal(value, node)
    return found
