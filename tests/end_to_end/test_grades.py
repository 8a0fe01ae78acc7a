"""What a grade must show: the same twice, from every form of one submission, with hints that help."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import git
import pytest

Grade = dict[str, Any]
Built = Callable[[str], Path]
GradePath = Callable[[Path | str], Grade]
Graded = Callable[[str], Grade]


def verdicts(grade: Grade) -> dict[str, tuple[str, float, float]]:
    """Status, points and pending points by check."""
    return {
        check["id"]: (check["status"], check["points"], check["pending_points"]) for check in grade["checks"]
    }


def check_of(grade: Grade, id_: str) -> dict[str, Any]:
    """One check of a grade."""
    return next(check for check in grade["checks"] if check["id"] == id_)


@pytest.mark.long
def test_the_reference_is_graded_the_same_twice(graded: Graded, built: Built, grade_path: GradePath) -> None:
    """Two grades of one submission agree check by check, in expected, found and hint too."""
    first, second = graded("reference"), grade_path(built("reference"))
    words = ("id", "status", "points", "pending_points", "expected", "found", "hint")
    assert [[check[word] for word in words] for check in first["checks"]] == [
        [check[word] for word in words] for check in second["checks"]
    ]
    assert first["submission"] == second["submission"]


def test_the_reference_earns_everything(graded: Graded) -> None:
    """The reference gets 80 of 80 points and nothing is pending."""
    grade = graded("reference")
    assert (grade["outcome"], grade["score"], grade["max_score"], grade["pending_score"]) == (
        "graded",
        80.0,
        80.0,
        0.0,
    )


@pytest.mark.long
def test_folder_and_zip_are_one_submission(
    graded: Graded, built: Built, grade_path: GradePath, tmp_path: Path
) -> None:
    """The zip of a folder, with .git and .dvc/cache, gets the folder's grade and digest."""
    archive = shutil.make_archive(str(tmp_path / "handed in"), "zip", built("reference"))
    zipped = grade_path(archive)
    assert verdicts(zipped) == verdicts(graded("reference"))
    assert zipped["submission"]["digest"] == graded("reference")["submission"]["digest"]


@pytest.mark.long
def test_a_bundle_lacks_only_the_objects(
    graded: Graded, built: Built, grade_path: GradePath, tmp_path: Path
) -> None:
    """A bundle with all refs differs from the folder only in the push, which is pending."""
    bundle = tmp_path / "lab.bundle"
    with git.Repo(built("reference")) as repository:
        repository.git.bundle("create", str(bundle), "--all")
    found, folder = verdicts(grade_path(bundle)), verdicts(graded("reference"))
    assert {id_ for id_ in folder if folder[id_] != found[id_]} == {"D1.push"}
    assert found["D1.push"] == ("pending", 0.0, 3.0)


def test_the_template_earns_nearly_nothing(graded: Graded) -> None:
    """The template without any work gets at most two points."""
    assert graded("template_only")["score"] <= 2


def test_a_params_file_under_deps_is_named(graded: Graded) -> None:
    """The hint names the line to remove, and exactly the share of the stages that should stay is lost."""
    check = check_of(graded("params_as_dependency"), "D2.partial")
    assert (check["status"], check["points"]) == ("partial", 4.0)
    assert "`- params.yaml`" in check["hint"]
    assert "`preprocess`" in check["hint"]


def test_what_can_be_run_is_settled_without_the_data(graded: Graded) -> None:
    """With remote, cache and experiments gone, running settles what it can; experiments are pending."""
    found = verdicts(graded("windows_remote_lost"))
    for id_ in ("D1.switch", "D2.repro", "D2.partial", "D3.run", "D3.push"):
        assert found[id_][0] == "passed", id_
    assert found["D3.experiments"][0] == "pending"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="descriptors are counted in /proc")
def test_a_worker_keeps_nothing_of_a_grade(built: Built, grade_path: GradePath) -> None:
    """Boxes, pipes and sockets of a grade are gone after it, so that a worker can grade a whole class."""

    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (names alone)

    grade_path(built("template_only"))
    before = descriptors()
    assert grade_path(built("reference"))["score"] == 80
    assert descriptors() <= before
