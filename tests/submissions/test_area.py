"""A student's machine types commands with a fixed identity and fixed dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.submissions.area import STAFF, Area
from harness.errors import HarnessError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def area(tmp_path: Path) -> Area:
    """An empty repository on a student's machine."""
    area = Area(tmp_path).prepare()
    area.git("init", "--quiet", "--initial-branch=main")
    return area


def _history(area: Area) -> list[str]:
    area.write("a", "1\n")
    first = area.commit("First", author=STAFF)
    area.write("b", "2\n")
    return [first, area.commit("Second")]


def test_same_history_has_the_same_hashes(area: Area, tmp_path: Path) -> None:
    """Two machines that do the same make the same commits."""
    other = Area(tmp_path / "other").prepare()
    other.git("init", "--quiet", "--initial-branch=main")
    assert _history(area) == _history(other)


def test_commits_have_their_author_and_rising_dates(area: Area) -> None:
    """The template's author is not the student, and each commit is a minute later."""
    _history(area)
    lines = area.git("log", "--reverse", "--format=%an|%aI|%cn").splitlines()
    assert lines == [
        "Course staff|2026-03-02T09:00:00+00:00|Course staff",
        "Robin Example|2026-03-02T09:01:00+00:00|Robin Example",
    ]


def test_failed_command_is_shown(area: Area) -> None:
    """A command that fails stops the build with its command line and its output."""
    with pytest.raises(HarnessError, match="git no-such-verb"):
        area.git("no-such-verb")


def test_edit_wants_one_place(area: Area) -> None:
    """A text that is missing, or there twice, is not replaced."""
    area.write("a", "x x\n")
    with pytest.raises(HarnessError, match="2 times"):
        area.edit("a", "x", "y")
    with pytest.raises(HarnessError, match="0 times"):
        area.edit("a", "z", "y")
    area.edit("a", "x x", "y")
    assert area.read("a") == "y\n"


def test_commands_run_in_the_folder(tmp_path: Path) -> None:
    """A machine with a folder works there, and names the remote as seen from there."""
    area = Area(tmp_path, folder="labs/one").prepare()
    area.git("init", "--quiet", "--initial-branch=main", str(area.lab))
    area.write("a", "1\n")
    area.commit("First")
    assert area.git("ls-files", "--full-name") == "labs/one/a"
    assert area.storage_url == "../../../dvc-storage"


def test_copy_is_independent(area: Area, tmp_path: Path) -> None:
    """A copy has the files and the remote, and changing it leaves the original alone."""
    _history(area)
    area.storage.mkdir()
    copy = area.copy(tmp_path / "copy")
    copy.write("a", "changed\n")
    assert copy.storage.is_dir()
    assert area.read("a") == "1\n"
