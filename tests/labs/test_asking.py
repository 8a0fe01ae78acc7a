"""Whether what was typed asks for a grade."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from harness.labs.asking import Asked, Misused, grade_asked

PACKAGE = Path(str(harness.__file__)).parent


@pytest.mark.parametrize(
    ("words", "options"),
    [(["harness"], False), (["harness/"], False), (["harness"], True), ([str(PACKAGE)], False), ([], True)],
)
def test_the_word_harness_asks_for_a_grade_anywhere(
    tmp_path: Path, words: list[str], *, options: bool
) -> None:
    """In any folder, with options and without; options alone ask for it too."""
    assert grade_asked(words, tmp_path, options=options) == Asked()


def test_in_the_checkout_it_does_too() -> None:
    """There the word names the package's own folder."""
    assert grade_asked(["harness"], PACKAGE.parent, options=False) == Asked()


@pytest.mark.parametrize("words", [[], ["tests"], ["tests", "other"], ["harness/errors.py"]])
def test_anything_else_asks_for_ordinary_tests(tmp_path: Path, words: list[str]) -> None:
    """Without the word and without options nothing is graded."""
    assert grade_asked(words, tmp_path, options=False) is None


def test_a_strangers_folder_of_that_name_keeps_its_tests(tmp_path: Path) -> None:
    """Only with an option does the word mean a grade there."""
    (tmp_path / "harness").mkdir()
    assert grade_asked(["harness"], tmp_path, options=False) is None
    assert grade_asked(["harness"], tmp_path, options=True) == Asked()


def test_a_labs_folder_may_be_typed_in_its_place(tmp_path: Path) -> None:
    """A folder with a rubric is a lab where a submission is named."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "rubric.toml").touch()
    assert grade_asked(["own"], tmp_path, options=True) == Asked(str((tmp_path / "own").resolve()))
    assert grade_asked(["own"], tmp_path, options=False) is None


PART = str(PACKAGE / "labs" / "some_lab" / "test_one.py") + "::test_one"


@pytest.mark.parametrize(
    ("words", "options"), [(["harness", "tests"], False), (["tests"], True), ([PART], False), ([PART], True)]
)
def test_a_grade_and_something_else_or_a_part_of_one_is_refused(
    tmp_path: Path, words: list[str], *, options: bool
) -> None:
    """The message says what to type."""
    with pytest.raises(Misused, match="pytest harness --submission PATH"):
        grade_asked(words, tmp_path, options=options)
