"""The submissions that were not handed in whole lack exactly what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", ["plain_clone", "windows_remote_lost", "clone_untold"])
def test_clones_have_neither_cache_nor_experiments(made: Callable[[str], Made], name: str) -> None:
    """A plain clone leaves both behind, on this machine too."""
    lab = made(name)
    assert not (lab.folder / ".dvc" / "cache").exists()
    assert lab.git("for-each-ref", "refs/exps") == ""
    assert lab.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("name", "file"), [("plain_clone", "RESULTS.md"), ("windows_remote_lost", "README.md")]
)
def test_results_are_told(made: Callable[[str], Made], name: str, file: str) -> None:
    """A table has a row for each experiment, with the numbers that came out."""
    table = made(name).text(file)
    assert all(f"| {experiment} |" in table for experiment in ("small", "medium", "large"))
    reference = made("reference")
    accuracy = reference.data("metrics/scores.json", reference.experiments()["medium"])["accuracy"]
    assert f"| 10 | 3 | {accuracy:.4f} |" in table


def test_windows_remote_lost(made: Callable[[str], Made]) -> None:
    """The remote is a Windows path, and the data has no pointer."""
    lab = made("windows_remote_lost")
    assert "url = C:\\tmp\\dvc-storage" in lab.text(".dvc/config")
    assert "data/raw/data.csv.dvc" not in lab.files()


def test_clone_untold(made: Callable[[str], Made]) -> None:
    """The only text is the handout."""
    lab = made("clone_untold")
    assert {path for path in lab.files() if path.endswith(".md")} == {"README.md"}
    assert lab.text("README.md") == made("template_only").text("README.md")


def test_template_only(made: Callable[[str], Made]) -> None:
    """One commit, the staff's."""
    lab = made("template_only")
    assert lab.git("log", "--all", "--format=%an") == "Course staff"
    assert not (lab.folder / ".dvc").exists()
