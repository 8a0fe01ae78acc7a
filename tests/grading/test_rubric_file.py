"""Reading rubric.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.grading.rubric import Detection, Question
from harness.grading.rubric_file import load_rubric

GOOD = """
lab = "sample"
title = "A sample"
max_score = 5

[detect]
any = ["*.dvc"]

[[deliverables]]
id = "A"
title = "First"

[[checks]]
id = "A.one"
deliverable = "A"
title = "one holds"
points = 2.5
hint = "do one"

[[checks]]
id = "A.two"
deliverable = "A"
title = "two holds"
points = 2.5
needs = ["A.one"]

[[oral]]
id = "A.explain"
points = 3
questions = [{ ask = "Why?", answer = "So." }]

[vocabulary]
data = "table.csv"
"""


def written(folder: Path, text: str) -> Path:
    """Write a rubric file."""
    path = folder / "rubric.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_in_the_file_is_in_the_rubric(tmp_path: Path) -> None:
    """Checks, detection, oral questions and the lab's own tables come back as data."""
    rubric = load_rubric(written(tmp_path, GOOD))
    assert (rubric.lab, rubric.title, rubric.max_score) == ("sample", "A sample", 5)
    assert rubric.detect == Detection(any=("*.dvc",))
    assert [(c.id, c.points, c.needs, c.hint) for c in rubric.checks] == [
        ("A.one", 2.5, (), "do one"),
        ("A.two", 2.5, ("A.one",), None),
    ]
    assert rubric.oral[0].questions == (Question("Why?", "So."),)
    assert rubric.extra == {"vocabulary": {"data": "table.csv"}}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("max_score = 5", "max_score = 6", "add up to 5 points, max_score says 6"),
        ("max_score = 5", "", "max_score is missing"),
        ("max_score = 5", "max_score = true", "not of the right type"),
        ('id = "A.two"', 'id = "A.one"', "A.one is there more than once"),
        ('id = "A.explain"', 'id = "A.one"', "A.one is there more than once"),
        ('needs = ["A.one"]', 'needs = ["A.ten"]', "needs A.ten, which is no check"),
        ('needs = ["A.one"]', 'needs = ["A.two"]', "in a circle"),
        ('needs = ["A.one"]', 'needs = "A.one"', "not of the right type"),
        ('needs = ["A.one"]', "needs = [1]", "must be a list of texts"),
        ('needs = ["A.one"]', 'need = ["A.one"]', "unknown key need"),
        ('deliverable = "A"', 'deliverable = "Z"', "'Z', which is no deliverable"),
        ("points = 2.5", "points = 0", "it must be worth more than 0"),
        ("points = 2.5", "points = inf", "it must be worth more than 0"),
        ('title = "one holds"', "", "title is missing in A.one"),
        ('any = ["*.dvc"]', 'some = ["*.dvc"]', "unknown key some"),
        ('ask = "Why?"', 'ask = "Why {n}?"', "no question that can always be asked"),
        ('lab = "sample"', "lab = ", "is not a rubric"),
    ],
)
def test_a_rubric_that_cannot_hold_is_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    """Each rule of the format is looked after, and the message names the file and what is wrong."""
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(HarnessError) as caught:
        load_rubric(path)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_rubric_without_checks_is_refused(tmp_path: Path) -> None:
    """There must be something to judge."""
    head = 'lab = "a"\ntitle = "a"\nmax_score = 0\n'
    with pytest.raises(HarnessError, match=r"no \[\[checks\]\]"):
        load_rubric(written(tmp_path, head))


def test_a_missing_rubric_is_named(tmp_path: Path) -> None:
    """The message says which file was looked for."""
    with pytest.raises(HarnessError, match=r"rubric\.toml is not a rubric"):
        load_rubric(tmp_path / "rubric.toml")
