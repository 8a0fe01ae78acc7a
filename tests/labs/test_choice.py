"""Which lab a submission is graded by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import git
import pytest

from harness.grading.rubric import Detection
from harness.labs.choice import NoSuchLab, detected_lab, matches, named_lab

Submitted = Callable[..., Path]
NewLab = Callable[..., Path]

PASSES = '@check("A.one")\ndef test_one(): pass'


@pytest.fixture
def labs(new_lab: NewLab) -> Mapping[str, Path]:
    """Two labs: one for tables, one for tunes."""
    return {
        "tables": new_lab({"A.one": ()}, PASSES, "tables", "*.csv"),
        "tunes": new_lab({"A.one": ()}, PASSES, "tunes", "*.mid"),
    }


def detected(work: Path, labs: Mapping[str, Path]) -> str:
    """The lab that is chosen for the newest commit of a work tree."""
    with git.Repo(work) as repository:
        return detected_lab(work / ".git", repository.head.commit.hexsha, labs).rubric.lab


@pytest.mark.parametrize(
    ("detect", "paths", "expected"),
    [
        (Detection(any=("*.csv", "*.tsv")), ("a/b.tsv",), True),
        (Detection(any=("*.csv",)), ("a/b.tsv",), False),
        (Detection(all=("a*", "b*")), ("a1", "b1"), True),
        (Detection(all=("a*", "b*")), ("a1",), False),
        (Detection(any=("*.csv",), all=("b*",)), ("a.csv",), False),
        (Detection(), ("a.csv",), False),
    ],
)
def test_patterns_of_paths_give_a_lab_away(
    detect: Detection, paths: tuple[str, ...], *, expected: bool
) -> None:
    """All of all, one of any; a lab without patterns is never detected."""
    assert matches(detect, paths) is expected


def test_the_lab_whose_files_are_there_is_chosen(submitted: Submitted, labs: Mapping[str, Path]) -> None:
    """The graded commit decides."""
    assert detected(submitted({"data/a.csv": "1\n"}), labs) == "tables"


def test_files_that_are_gone_count_where_none_is_left(submitted: Submitted, labs: Mapping[str, Path]) -> None:
    """A student who deleted everything is still recognised by the history."""
    work = submitted({"data/a.csv": "1\n"})
    with git.Repo(work) as repository:
        repository.git.rm("-r", "data")
        repository.git.commit("--allow-empty", "-m", "gone")
    assert detected(work, labs) == "tables"


def test_two_labs_at_once_have_to_be_told_apart(submitted: Submitted, labs: Mapping[str, Path]) -> None:
    """The message names both, and the option."""
    work = submitted({"a.csv": "1\n", "a.mid": "x\n"})
    with pytest.raises(NoSuchLab, match=r"2 labs match this submission: tables and tunes\. .*--lab"):
        detected(work, labs)


def test_no_lab_at_all_is_said_with_the_labs_there_are(
    submitted: Submitted, labs: Mapping[str, Path]
) -> None:
    """The message says what was looked for."""
    with pytest.raises(NoSuchLab, match=r"no lab matches .* tables, tunes\. .*--lab"):
        detected(submitted({"a.txt": "x"}), labs)


def test_the_only_lab_needs_no_match(submitted: Submitted, labs: Mapping[str, Path]) -> None:
    """Where there is nothing to choose, an untypical submission is graded all the same."""
    assert detected(submitted({"a.txt": "x"}), {"tunes": labs["tunes"]}) == "tunes"


def test_a_lab_is_named_by_name_or_folder(labs: Mapping[str, Path]) -> None:
    """A course's own lab is named by its folder."""
    assert named_lab("tunes", labs).folder == labs["tunes"]
    assert named_lab(str(labs["tables"]), {}).rubric.lab == "tables"


@pytest.mark.parametrize("name", ["nonsense", "/nowhere", ""])
def test_an_unknown_lab_is_refused_with_a_list(name: str, labs: Mapping[str, Path]) -> None:
    """The message lists the installed labs and says that a folder would do."""
    with pytest.raises(NoSuchLab, match=r"\(tables, tunes\).*rubric\.toml"):
        named_lab(name, labs)
