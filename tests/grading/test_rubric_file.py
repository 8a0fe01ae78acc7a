"""Reading rubric.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.grading.rubric import Detection, OralItem, Question
from harness.grading.rubric_file import load_rubric

GOOD = """
lab = "sample"
title = "A sample"
max_score = 5

[detect]
any = ["*.dvc"]
all = ["*params.yaml"]

[[deliverables]]
id = "A"
title = "First of all, déjà"

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
    assert rubric.detect == Detection(any=("*.dvc",), all=("*params.yaml",))
    assert [(one.id, one.title) for one in rubric.deliverables] == [("A", "First of all, déjà")]
    assert [(c.id, c.points, c.needs, c.hint) for c in rubric.checks] == [
        ("A.one", 2.5, (), "do one"),
        ("A.two", 2.5, ("A.one",), None),
    ]
    assert rubric.oral == (OralItem("A.explain", 3, (Question("Why?", "So."),)),)
    assert rubric.extra == {"vocabulary": {"data": "table.csv"}}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("max_score = 5", "max_score = 6", "add up to 5 points, max_score says 6"),
        ("max_score = 5", "", "max_score is missing in the file"),
        (
            "[[checks]]",
            '[[deliverables]]\nid = "A"\ntitle = "Again"\n[[checks]]',
            ": deliverable A is there more",
        ),
        ("max_score = 5", "max_score = true", "not of the right type"),
        ('id = "A.two"', 'id = "A.one"', ": id A.one is there more than once"),
        ('id = "A.explain"', 'id = "A.one"', "A.one is there more than once"),
        ('needs = ["A.one"]', 'needs = ["A.ten"]', "check A.two needs A.ten, which is no check"),
        ('needs = ["A.one"]', 'needs = ["A.y", "A.x"]', "needs A.x, A.y, which is no check"),
        ('needs = ["A.one"]', 'needs = ["A.two"]', "in a circle"),
        ('needs = ["A.one"]', 'needs = "A.one"', "not of the right type"),
        ('needs = ["A.one"]', "needs = [1]", "must be a list of texts"),
        (
            'needs = ["A.one"]',
            'need = ["A.one"]\nso = 1',
            "check A.two has the unknown key need, so; known are deliverable, hint, id, needs, points, title",
        ),
        ('deliverable = "A"', 'deliverable = "Z"', "'Z', which is no deliverable"),
        ("points = 2.5", "points = 0", "check A.one is worth 0 points, it must be worth more than 0"),
        ("points = 3", "points = -1", "oral item A.explain is worth -1 points, it must be worth more than 0"),
        ("points = 2.5", "points = inf", "it must be worth more than 0"),
        ('title = "one holds"', "", "title is missing in A.one"),
        ('any = ["*.dvc"]', 'some = ["*.dvc"]', "[detect] has the unknown key some; known are all, any"),
        (
            "questions = [{ ask",
            "note = 1\nquestions = [{ ask",
            "oral item A.explain has the unknown key note",
        ),
        (
            'questions = [{ ask = "Why?", answer = "So." }]',
            "questions = [1]",
            "questions must be a list of tables",
        ),
        ('ask = "Why?"', 'ask = "Why {n}?"', "oral item A.explain has no question that can always"),
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
    half = GOOD.replace("max_score = 5", "max_score = 3").replace("points = 2.5", "points = 0.5", 1)
    assert load_rubric(written(tmp_path, half)).checks[0].points == 0.5, "less than a point is one, too"
    head = 'lab = "a"\ntitle = "a"\nmax_score = 0\n'
    with pytest.raises(HarnessError, match=r": it has no \[\[checks\]\]$"):
        load_rubric(written(tmp_path, head))


def test_a_circle_is_drawn(tmp_path: Path) -> None:
    """Checks that need each other are named in their order."""
    text = GOOD.replace('hint = "do one"', 'needs = ["A.two"]')
    with pytest.raises(HarnessError, match=r"in a circle: A\.\w+ -> A\.\w+ -> A\.\w+$"):
        load_rubric(written(tmp_path, text))


def test_several_that_are_there_twice_are_named(tmp_path: Path) -> None:
    """Each of them, in order."""
    body = GOOD[GOOD.index("[[checks]]") : GOOD.index("[[oral]]")]
    with pytest.raises(HarnessError, match=r": id A\.one, A\.two is there more than once"):
        load_rubric(written(tmp_path, GOOD.replace("[[oral]]", f"{body}[[oral]]")))


def test_a_missing_rubric_is_named(tmp_path: Path) -> None:
    """The message says which file was looked for."""
    with pytest.raises(HarnessError, match=r"rubric\.toml is not a rubric"):
        load_rubric(tmp_path / "rubric.toml")
