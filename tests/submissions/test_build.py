"""Submissions are built once, whole, and independent of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import git
import pytest

from fixtures.submissions import build
from fixtures.submissions.reference import reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.submissions.conftest import Made


def test_reference_is_kept(made: Callable[[str], Made]) -> None:
    """The second call gives the same folder, with Git's and DVC's own inside."""
    folder = reference()
    assert folder == reference() == made("reference").folder
    assert (folder / ".git").is_dir()
    assert (folder / ".dvc" / "cache" / "files" / "md5").is_dir()
    assert not (folder / ".dvc" / "tmp").exists()


def test_build_makes_a_folder_of_its_own(tmp_path: Path) -> None:
    """A submission lies under its name, alone, and is not the kept reference."""
    folder = build.build("reference", tmp_path)
    assert folder == tmp_path / "reference"
    assert list(tmp_path.iterdir()) == [folder]
    (folder / "README.md").write_text("changed", encoding="utf-8")
    assert (reference() / "README.md").read_text(encoding="utf-8") != "changed"


def test_kept_submission_is_not_built_again() -> None:
    """A kept variant is the same folder at every call, apart from the reference's."""
    folder = build.kept("no_experiments")
    assert folder == build.kept("no_experiments")
    assert folder.name == "no_experiments"
    assert folder.parent != reference().parent


def test_unknown_submission_is_told(tmp_path: Path) -> None:
    """A name that the catalogue does not have is an error, and makes nothing."""
    with pytest.raises(KeyError, match="no submission 'nothing'"):
        build.build("nothing", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_change_elsewhere_builds_nothing_again() -> None:
    """Each submission has a folder of its own digest, which two submissions of a module do not share."""
    one, other = build.kept("no_experiments"), build.kept("clone_untold")
    assert one.parent != other.parent


def test_repaired_starts_from_what_was_handed_in() -> None:
    """A repair adds to the submission, which itself stays as it was."""
    before = git.Repo(build.kept("no_dvcignore")).head.commit
    after = git.Repo(build.repaired("no_dvcignore")).head.commit
    assert after.parents == (before,)
    assert git.Repo(build.kept("no_dvcignore")).head.commit == before


def test_nothing_to_repair_is_told() -> None:
    """A right submission has no repair."""
    with pytest.raises(KeyError, match="'pointer_removed' has no repair"):
        build.repaired("pointer_removed")
