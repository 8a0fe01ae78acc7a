"""Data and remote are at fault where the submission says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long

DATA = "data/raw/data.csv"
POINTER = f"{DATA}.dvc"
CHANGED = {
    "no_dvcignore": {".dvcignore"},
    "tmp_committed": {".dvc/tmp/btime"},
    "dvc_folder_uncommitted": {".dvcignore", ".dvc/.gitignore", ".dvc/config"},
    "remote_not_default": {".dvc/config"},
    "remote_without_url": {".dvc/config"},
    "remote_uncommitted": {".dvc/config"},
    "data_copy_in_git": {"backup.csv"},
    "data_on_branch": set[str](),
    "data_on_tag": set[str](),
    "remote_alone_lacks_objects": {".dvc/config", ".gitignore"},
    "model_never_pushed": {"dvc.yaml"},
}


@pytest.mark.parametrize(("name", "paths"), CHANGED.items())
def test_differs_from_the_reference_in_these_files(
    made: Callable[[str], Made], name: str, paths: set[str]
) -> None:
    """The fault stands in the files named here, with what a run made of it; nothing else changed."""
    assert made(name).differs_from(made("reference")) == paths


def versions(lab: Made) -> list[str]:
    """The md5 of each version of the dataset's pointer, the first one first."""
    commits = lab.git("log", "--reverse", "--format=%H", "--diff-filter=AM", "--", POINTER).splitlines()
    return [str(lab.pointer(revision=commit)["md5"]) for commit in commits]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("first_version_cut", 3),
        ("first_version_sorted", 3),
        ("shrunk_version", 2),
        ("reordered_version", 2),
        ("augmented_untracked", 1),
        ("stopped_after_versions", 2),
    ],
)
def test_versions_are_told_apart(made: Callable[[str], Made], name: str, count: int) -> None:
    """There are as many versions as told, no two alike; the lab's is the first where nothing precedes it."""
    found = versions(made(name))
    assert len(set(found)) == len(found) == count
    assert (found[0] == versions(made("reference"))[0]) == (not name.startswith("first_version"))


@pytest.mark.parametrize(
    ("name", "file"),
    [("version_hidden_by_dvcignore", ".dvcignore"), ("version_hidden_by_gitignore", ".gitignore")],
)
def test_the_second_version_has_a_bad_neighbour(made: Callable[[str], Made], name: str, file: str) -> None:
    """The file that is in DVC's way came with the second version and is put right at the end."""
    lab = made(name)
    second = lab.commit("Track the augmented dataset")
    assert lab.blobs(second)[file] != lab.blobs().get(file)
    assert versions(lab) == versions(made("reference"))


def test_data_is_in_git_elsewhere(made: Callable[[str], Made]) -> None:
    """A branch and a tag have the data in Git; main has not."""
    assert DATA in made("data_on_branch").files("with-data")
    assert DATA in made("data_on_tag").files("with-data")


def test_model_of_no_bytes(made: Callable[[str], Made]) -> None:
    """The lock says that the model is empty."""
    assert made("model_of_no_bytes").locked("models/classifier.pkl") == "d41d8cd98f00b204e9800998ecf8427e"
