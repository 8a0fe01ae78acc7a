"""Writes and reads ``grade.json``: valid against its schema, and whole or not there at all."""

from __future__ import annotations

import json
import os
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema

from harness.errors import HarnessError, MalformedEvidence
from harness.grading.result import Grade, grade_from_json, grade_to_json


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of ``harness/grade/1``."""
    text = files("harness.grading").joinpath("grade.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def write_grade(grade: Grade, path: Path) -> None:
    """Write a grade so that a reader sees the old file or the new one, never half of one.

    HarnessError when the grade does not keep to the schema or the file cannot be written.
    """
    data = grade_to_json(grade)
    if problem := _problem(data):
        raise HarnessError(f"the grade does not keep to its schema: {problem}")
    try:
        text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise HarnessError(f"the grade could not be written to {path}: {error.strerror}") from error
    except ValueError as error:
        raise HarnessError(f"the grade does not keep to its schema: {error}") from error


def read_grade(path: Path) -> Grade:
    """Return the grade in ``path``; MalformedEvidence when it is no grade."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise MalformedEvidence(str(path), f"it cannot be read as JSON: {error}") from error
    if problem := _problem(data):
        raise MalformedEvidence(str(path), f"it is no grade: {problem}")
    return grade_from_json(data)


def _problem(data: object) -> str | None:
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema()).iter_errors(data))
    return f"{error.json_path} {error.message}" if error else None


def _replace(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
