"""Submissions with files that nobody can read get a grade that says so, never a crash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import git
import pytest

Grade = dict[str, Any]
GradePath = Callable[[Path | str], Grade]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A repository whose dvc.yaml, dvc.lock, pointer, parameters and metrics are garbage."""
    folder = tmp_path / "broken lab"
    texts = {
        ".dvc/config": "",
        ".dvcignore": "",
        "dvc.yaml": "stages: [1",
        "dvc.lock": "x: {",
        "params.yaml": "- no\nmapping: {",
        "data/raw/data.csv.dvc": "outs: 7\n",
        "scripts/augment_data.py": "print(1)\n",
        "metrics/scores.json": "{",
    }
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    with git.Repo.init(folder, initial_branch="main") as repository:
        repository.git.add("--all")
        repository.git.commit("--quiet", "--message", "broken")
    return folder


def test_garbage_in_every_file_is_graded(broken: Path, grade_path: GradePath) -> None:
    """The outcome is graded, no check is an error, and the pipeline's loss names the file."""
    grade = grade_path(broken)
    assert grade["outcome"] == "graded"
    assert [check["id"] for check in grade["checks"] if check["status"] == "error"] == []
    pipeline = next(check for check in grade["checks"] if check["id"] == "D2.pipeline")
    assert pipeline["status"] == "failed"
    assert "dvc.yaml" in pipeline["found"]
