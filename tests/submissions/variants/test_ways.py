"""Histories and experiments came about in the way that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long

DATA = "data/raw/data.csv"


def test_experiments_are_there(made: Callable[[str], Made]) -> None:
    """Saved, queued, temporary and renamed experiments are among DVC's refs."""
    for name in ("saved_experiments", "queued_experiments", "temporary_runs"):
        assert set(made(name).experiments()) == {"small", "medium", "large"}, name
    assert set(made("renamed_experiments").experiments()) == {"shallow", "medium", "deep"}
    assert set(made("experiments_of_two_commits").experiments()) == {"first", "second", "third"}


def test_branches_of_experiments(made: Callable[[str], Made]) -> None:
    """Each experiment is a branch, and no ref of DVC's is left."""
    lab = made("branches_of_experiments")
    assert lab.experiments() == {}
    branches = set(lab.git("branch", "--format=%(refname:short)").splitlines())
    assert branches == {"main", "try-small", "try-medium", "try-large"}


def test_histories(made: Callable[[str], Made]) -> None:
    """Tags, merges, another branch, a detached head and the staff's commits are where they should be."""
    assert made("tagged_versions").git("tag").split() == ["handed-in", "v1", "v2"]
    assert len(made("merged_branches").git("log", "--merges", "--format=%h").splitlines()) == 3
    assert made("other_branch_name").git("symbolic-ref", "HEAD") == "refs/heads/master"
    assert made("detached_head").git("rev-parse", "--abbrev-ref", "HEAD") == "HEAD"
    staff = made("forked").git("log", "--author=Course staff", "--format=%h").splitlines()
    assert len(staff) == 3


def test_rebased(made: Callable[[str], Made]) -> None:
    """The experiments started from a commit that no branch holds any more."""
    lab = made("rebased")
    baselines = {lab.git("rev-parse", f"{sha}^") for sha in lab.experiments().values()}
    assert baselines
    assert baselines.isdisjoint(lab.git("rev-list", "--branches").splitlines())


def test_locks_of_dvc_2(made: Callable[[str], Made]) -> None:
    """Nothing says `hash: md5`, and the cache has the folders of DVC 2."""
    lab = made("locks_of_dvc_2")
    assert "hash:" not in lab.text("dvc.lock") + lab.text(f"{DATA}.dvc")
    md5 = str(lab.pointer()["md5"])
    assert (lab.folder / ".dvc" / "cache" / md5[:2] / md5[2:]).is_file()


@pytest.mark.parametrize(("name", "count"), [("three_versions", 3), ("back_to_the_first_version", 3)])
def test_versions(made: Callable[[str], Made], name: str, count: int) -> None:
    """The pointer changed as often as told."""
    changes = made(name).git("log", "--format=%h", "--", f"{DATA}.dvc").splitlines()
    assert len(changes) == count


@pytest.mark.parametrize(
    ("name", "file", "text"),
    [
        ("written_up_later", "RESULTS.md", "the best"),
        ("best_experiment_applied", "params.yaml", "n_estimators: 50"),
        ("server_remote", ".dvc/config", "ssh://"),
        ("environment_in_git", "venv/pyvenv.cfg", "home"),
        ("executable_data", f"{DATA}.dvc", "isexec: true"),
    ],
)
def test_last_commit(made: Callable[[str], Made], name: str, file: str, text: str) -> None:
    """The last commit brought what is special."""
    lab = made(name)
    assert text in lab.text(file)
    assert text not in (lab.text(file, "HEAD^") if file in lab.files("HEAD^") else "")
