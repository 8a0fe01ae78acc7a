"""Which files a command really reads and writes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from fixtures.workspaces import write_tree
from harness.workspace.trace import reads

if TYPE_CHECKING:
    from harness.workspace.workspace import Workspace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
READER = "import pathlib; pathlib.Path('out/b').write_text(open('in.txt').read())"
TOOLS = {
    "cp": "mkdir -p out && cp in.txt out/b",
    "sh": "mkdir -p out; while read -r row; do echo $row; done < in.txt > out/b",
    "python": f'mkdir out; python -c "{READER}"',
}


@pytest.mark.parametrize("command", TOOLS.values(), ids=TOOLS.keys())
def test_tells_what_was_read_and_written(command: str, git_repo: Workspace) -> None:
    """The input is read and the output written, whatever tool does it; other files are neither."""
    write_tree(git_repo.repo, {"other.txt": "x", "sub/other.txt": "x"})
    done, read, written = reads(git_repo, "sh", "-c", command)
    assert done.ok, done.describe()
    assert read is not None
    assert written is not None
    assert "in.txt" in read
    assert not {"other.txt", "sub/other.txt"} & (read | written)
    assert written == {"out/b"}


def test_paths_are_seen_from_the_git_root(git_repo: Workspace) -> None:
    """A command in a subfolder is told with the paths that Git has."""
    write_tree(git_repo.repo, {"sub/a.txt": "x"})
    _, read, written = reads(git_repo, "sh", "-c", "cat a.txt ../in.txt > b.txt", cwd="sub")
    assert read == frozenset({"sub/a.txt", "in.txt"})
    assert written == frozenset({"sub/b.txt"})


def test_looking_at_a_folder_is_not_reading_its_files(git_repo: Workspace) -> None:
    """Listing and testing for files reads none."""
    _, read, written = reads(git_repo, "sh", "-c", "ls -l . && test -f in.txt && find . -name '*.txt'")
    assert (read, written) == (frozenset(), frozenset())


def test_it_is_a_step(git_repo: Workspace) -> None:
    """The traced command is in the transcript like any other."""
    reads(git_repo, "sh", "-c", "cat in.txt")
    assert git_repo.steps[-1].line == "sh -c 'cat in.txt'"
