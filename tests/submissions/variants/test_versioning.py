"""The submissions with a fault in the first deliverable have that fault."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.submissions.conftest import Made

pytestmark = pytest.mark.long

LAB_DATA = "5afc23b9622f8f9ffa60824f4e97d0d5"
DATA = "data/raw/data.csv"


def test_no_remote(made: Callable[[str], Made]) -> None:
    """No commit ever had a remote; config.local has one."""
    lab = made("no_remote")
    assert "remote" not in lab.git("log", "--format=", "--patch", "--", ".dvc/config")
    assert "storage" in (lab.folder / ".dvc" / "config.local").read_text(encoding="utf-8")


def test_data_back_in_git(made: Callable[[str], Made]) -> None:
    """The data is in Git at the last commit but one, and not at the last."""
    lab = made("data_back_in_git")
    assert DATA in lab.files("HEAD^")
    assert DATA not in lab.files()


def test_data_still_in_git(made: Callable[[str], Made]) -> None:
    """The data and its pointer are both in the last commit."""
    assert {DATA, f"{DATA}.dvc"} <= made("data_still_in_git").files()


def test_never_tracked(made: Callable[[str], Made]) -> None:
    """No commit has a pointer for the data, and the lock read the file that is in Git."""
    lab = made("never_tracked")
    assert lab.git("log", "--all", "--format=%h", "--", f"{DATA}.dvc") == ""
    committed = hashlib.md5((lab.folder / DATA).read_bytes(), usedforsecurity=False).hexdigest()
    assert lab.locked(DATA) == committed != LAB_DATA


def test_single_version(made: Callable[[str], Made]) -> None:
    """The pointer has one version, the lab's, and the pipeline ran on it."""
    lab = made("single_version")
    assert len(lab.git("log", "--format=%h", "--", f"{DATA}.dvc").splitlines()) == 1
    assert lab.pointer()["md5"] == lab.locked(DATA) == LAB_DATA


def test_first_version_augmented(made: Callable[[str], Made]) -> None:
    """Two versions are tracked, and neither is the lab's data."""
    lab = made("first_version_augmented")
    commits = lab.git("log", "--format=%H", "--", f"{DATA}.dvc").splitlines()
    versions = {lab.pointer(revision=commit)["md5"] for commit in commits}
    assert len(versions) == 2
    assert LAB_DATA not in versions


def test_cache_committed(made: Callable[[str], Made]) -> None:
    """Objects of the cache are in Git."""
    assert any(path.startswith(".dvc/cache/files/md5/") for path in made("cache_committed").files())


def test_remote_lacks_objects(made: Callable[[str], Made]) -> None:
    """The handed-in remote has the model, but not the data."""
    lab = made("remote_lacks_objects")
    objects = lab.folder / "dvc-storage" / "files" / "md5"
    model, data = lab.locked("models/classifier.pkl"), lab.pointer()["md5"]
    assert (objects / model[:2] / model[2:]).is_file()
    assert not (objects / data[:2] / data[2:]).exists()


def test_poisoned_remote(made: Callable[[str], Made]) -> None:
    """The handed-in remote has something else under the data's hash."""
    lab = made("poisoned_remote")
    data = lab.pointer()["md5"]
    found = (lab.folder / "dvc-storage" / "files" / "md5" / data[:2] / data[2:]).read_bytes()
    assert hashlib.md5(found, usedforsecurity=False).hexdigest() != data
