"""Writing and reading grade.json."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from harness.errors import HarnessError, MalformedEvidence
from harness.grading.grade_file import read_grade, schema, write_grade
from harness.grading.gradebook import Gradebook, Heading, ungraded
from harness.grading.result import CheckResult, Flag, Grade


@pytest.fixture
def grade(gradebook: Gradebook) -> Grade:
    """A grade in which everything passed."""
    for spec in gradebook.rubric.checks:
        gradebook.record(spec.id, None, 0.1)
    return gradebook.grade()


def test_the_schema_is_one() -> None:
    """The schema itself keeps to the rules of JSON Schema."""
    jsonschema.Draft202012Validator.check_schema(schema())


def test_a_grade_is_read_as_it_was_written(grade: Grade, tmp_path: Path) -> None:
    """The file is there, in folders made for it, and nothing beside it."""
    path = tmp_path / "new" / "folder" / "grade.json"
    kept = replace(grade, seconds=1.5, manual=tuple(replace(item, points=2.0) for item in grade.manual))
    write_grade(kept, path)
    assert read_grade(path) == kept
    assert path.read_text(encoding="utf-8").startswith('{\n "schema": "harness/grade/1",\n "')
    assert path.read_bytes().endswith(b"\n}\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [file.name for file in path.parent.iterdir()] == ["grade.json"]


def test_what_could_not_be_opened_can_be_written(heading: Heading, tmp_path: Path) -> None:
    """A grade without a commit and without checks keeps to the schema."""
    info = replace(heading.submission, commit=None)
    grade = ungraded(replace(heading, submission=info), "unreadable", Flag("unreadable", "it is a picture"))
    write_grade(grade, tmp_path / "grade.json")
    assert read_grade(tmp_path / "grade.json").outcome == "unreadable"


@pytest.mark.parametrize(
    "wrong",
    [
        CheckResult("A", "A", "a", "failed", 1, 0, 2),
        CheckResult("A", "A", "a", "passed", 1, 1, 2),
        CheckResult("A", "A", "a", "passed", -1, 0, 2),
    ],
)
def test_a_grade_against_the_rules_is_not_written(grade: Grade, wrong: CheckResult, tmp_path: Path) -> None:
    """Points that do not go with the status are our error, and the old file stays."""
    path = tmp_path / "grade.json"
    write_grade(grade, path)
    with pytest.raises(HarnessError, match="does not keep to its schema"):
        write_grade(replace(grade, checks=(wrong,)), path)
    assert read_grade(path) == grade


def test_text_that_is_no_text_is_written_all_the_same(grade: Grade, tmp_path: Path) -> None:
    """Half a surrogate pair out of a file name does not cost the grade."""
    flagged = replace(grade, flags=(Flag("name", "caf\udce9 ☕"),))
    write_grade(flagged, tmp_path / "grade.json")
    assert read_grade(tmp_path / "grade.json").flags == flagged.flags
    assert "☕" in (tmp_path / "grade.json").read_text(encoding="utf-8")


def test_what_json_does_not_know_is_not_written(grade: Grade, tmp_path: Path) -> None:
    """A time that is no number would make a file that other programs refuse; it is our error."""
    with pytest.raises(HarnessError, match=r"does not keep to its schema: .*JSON compliant"):
        write_grade(replace(grade, seconds=float("nan")), tmp_path / "grade.json")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_named(grade: Grade, tmp_path: Path) -> None:
    """The message says where and why, and nothing is left there."""
    (tmp_path / "taken").mkdir()
    with pytest.raises(HarnessError, match=r"could not be written to .*taken"):
        write_grade(grade, tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it cannot be read as JSON: "),
        ("{", "it cannot be read as JSON: "),
        ("[]", "it is no grade: "),
        ('{"schema": "harness/grade/2"}', "it is no grade: "),
    ],
)
def test_what_is_no_grade_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    """Neither broken JSON nor other JSON is taken for a grade."""
    (tmp_path / "grade.json").write_text(text, encoding="utf-8")
    with pytest.raises(MalformedEvidence, match=r"grade\.json") as refused:
        read_grade(tmp_path / "grade.json")
    assert refused.value.reason.startswith(reason)


def test_a_key_too_many_is_refused(grade: Grade, tmp_path: Path) -> None:
    """The contract's keys are fixed."""
    path = tmp_path / "grade.json"
    write_grade(grade, path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"extra": 1}), encoding="utf-8")
    with pytest.raises(MalformedEvidence, match="extra"):
        read_grade(path)
