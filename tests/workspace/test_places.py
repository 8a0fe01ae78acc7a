"""Where workspaces lie."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from harness.workspace import places
from harness.workspace.command import Limits, run
from harness.workspace.places import memory_to_spare, temporary_folder

in_memory = pytest.mark.skipif(
    not memory_to_spare(), reason="this machine has no file system in memory that programs run in"
)


def test_a_temporary_folder_is_gone_afterwards() -> None:
    """A folder and all that was put into it exist only as long as they are needed."""
    with temporary_folder() as root:
        (root / "deep" / "er").mkdir(parents=True)
        (root / "deep" / "file").write_text("x")
        (root / "deep").chmod(0o500)
        assert root.is_dir()
    assert not root.exists()


def test_it_is_gone_after_an_error() -> None:
    """A folder is removed whatever happens in it."""
    with pytest.raises(ZeroDivisionError), temporary_folder() as root:
        raise ZeroDivisionError
    assert not root.exists()


@in_memory
def test_it_lies_in_memory_where_that_has_room() -> None:
    """A folder for a few bytes lies in memory, and programs in it can be run."""
    with temporary_folder(in_memory=True) as root:
        assert root.is_relative_to(places.IN_MEMORY)
        program = root / "program"
        program.write_text("#!/bin/sh\necho ran\n")
        program.chmod(0o700)
        assert run((str(program),), cwd=root, env={}, limits=Limits()).stdout == "ran\n"


DYING = """import os
from harness.workspace.places import temporary_folder
with temporary_folder(in_memory=True) as root:
    print(root, flush=True)
    os.kill(os.getpid(), 9)
"""


@in_memory
def test_what_a_killed_process_left_is_removed_later(tmp_path: Path) -> None:
    """A folder in memory outlives a killed maker for a minute at most; those in use stay, however old."""
    with temporary_folder(in_memory=True) as used:
        done = run((sys.executable, "-c", DYING), cwd=tmp_path, env=os.environ, limits=Limits())
        left = Path(done.stdout.strip()).parent
        with temporary_folder(in_memory=True):
            assert left.is_dir()
        for folder in (left, used.parent):
            os.utime(folder, (0, 0))
        with temporary_folder(in_memory=True):
            assert not left.exists()
            assert used.is_dir()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_memory_to_spare_is_no_more_than_there_is() -> None:
    """The memory to spare is less than the machine's."""
    assert memory_to_spare() < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_a_place_that_is_no_file_system_of_its_own_is_not_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ordinary folder where shared memory is expected offers no room."""
    monkeypatch.setattr(places, "IN_MEMORY", tmp_path)
    assert memory_to_spare() == 0
